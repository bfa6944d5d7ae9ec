# What goes out: the project's name, for a pipeline's action, and its environment.

output "name" {
  description = "Name of the CodeBuild project."
  value       = aws_codebuild_project.this.name
}

output "environment" {
  description = "Environment that the project gives every build."
  value       = { for variable in one(aws_codebuild_project.this.environment).environment_variable : variable.name => variable.value }
}
