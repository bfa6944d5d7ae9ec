# What goes out: the project's name, for a pipeline's action, and its ARN, for the pipeline's role.

output "name" {
  description = "Name of the CodeBuild project."
  value       = aws_codebuild_project.this.name
}

output "arn" {
  description = "ARN of the CodeBuild project."
  value       = aws_codebuild_project.this.arn
}
