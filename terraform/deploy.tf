# From an approved model package, or a push to the modeldeploy repository, to staging, the gate and production.

module "model_deploy" {
  source = "./modules/model-deploy"

  project                = local.project
  repository             = module.repositories.repositories["modeldeploy"]
  bucket                 = module.storage.bucket
  model_image_repository = module.storage.image_repositories["model"]
  api_image_repository   = module.storage.image_repositories["api"]
  model_package_group    = module.storage.model_package_group
  stages                 = local.stages
  elsewhere              = local.elsewhere
  rest_api               = one(module.inference_api[*].rest_api)
  approvals_topic_arn    = module.observability.approvals_topic_arn
}
