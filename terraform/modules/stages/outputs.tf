# What goes out: what the deploy pipeline's stacks are given.

output "roles" {
  description = "ARNs of the roles that endpoints, functions and the stacks themselves act as."
  value = {
    model          = module.model_role.arn
    api            = module.api_role.arn
    cloudformation = module.cloudformation_role.arn
  }
}

output "notification_topic_arns" {
  description = "Topic of each stage that tells of asynchronous answers."
  value       = local.notification_topic_arns
}

output "endpoint_arns" {
  description = "ARNs that each stage's endpoint may have."
  value       = local.endpoint_arns
}

output "stack_made_arns" {
  description = "ARNs of what stacks name by chance, by kind."
  value       = local.stack_made_arns
}
