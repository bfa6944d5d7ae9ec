# What goes out: the project's name, for a pipeline's action, its ARN, for the pipeline's role, and its environment.

output "name" {
  description = "Name of the CodeBuild project."
  value       = aws_codebuild_project.this.name
}

output "arn" {
  description = "ARN of the CodeBuild project."
  value       = aws_codebuild_project.this.arn
}

output "environment" {
  description = "Environment that the project gives every build."
  value       = { for variable in one(aws_codebuild_project.this.environment).environment_variable : variable.name => variable.value }
}
