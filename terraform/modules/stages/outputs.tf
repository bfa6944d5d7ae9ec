# What goes out: what the deploy pipeline's stacks are given.

output "roles" {
  description = "ARNs of the roles that endpoints, functions and the stacks themselves act as."
  value = {
    model          = module.model_role.arn
    api            = module.api_role.arn
    cloudformation = module.cloudformation_role.arn
    batch          = one(module.batch_role[*].arn)
    schedule       = one(module.schedule_role[*].arn)
  }
}

output "notification_topic_arns" {
  description = "Topic of each stage that tells of asynchronous answers."
  value       = local.notification_topic_arns
}

output "deploy_policy_json" {
  description = "What whoever deploys the stages may do there."
  value       = data.aws_iam_policy_document.deploy.json
}

output "test_policies_json" {
  description = "What the tests of each stage may do there."
  value       = { for stage, policy in data.aws_iam_policy_document.test : stage => policy.json }
}

output "endpoint_arns" {
  description = "ARNs that each stage's endpoint may have."
  value       = local.endpoint_arns
}

output "stack_made_arns" {
  description = "ARNs of what stacks name by chance, by kind."
  value       = local.stack_made_arns
}

output "batch_pipelines" {
  description = "Name of the pipeline of each stage in mode batch."
  value       = local.batch_pipelines
}

output "batch_pipeline_arns" {
  description = "ARNs that it may have."
  value       = local.batch_pipeline_arns
}
