# What others need of Studio.

output "domain_id" {
  description = "Id of the domain."
  value       = aws_sagemaker_domain.this.id
}

output "role_arns" {
  description = "Execution roles by persona."
  value       = { for persona, role in aws_iam_role.persona : persona => role.arn }
}
