# What goes out: what the deploy pipeline needs to know of the stage.

output "stage" {
  description = "What the stage stands on, as the module model-deploy takes it."
  value = {
    kms_key_arn             = local.project.kms_key_arn
    model_role_arn          = module.stages.roles.model
    api_role_arn            = module.stages.roles.api
    cloudformation_role_arn = module.stages.roles.cloudformation
    deploy_role_arn         = module.deploy_role.arn
    test_role_arn           = module.test_role.arn
    notifications_topic_arn = module.stages.notification_topic_arns[var.stage]
    rest_api = {
      id   = module.inference_api.rest_api.id
      urls = module.inference_api.rest_api.urls
    }
  }
}

output "role_names" {
  description = "Names of the roles that are made there."
  value       = [for actor in values(local.actors) : "${var.project.short_prefix}-${actor}"]
}
