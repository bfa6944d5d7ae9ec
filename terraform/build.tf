# From a push to the modelbuild repository to a registered model package; an approver is next.

module "model_build" {
  source = "./modules/model-build"

  project             = local.project
  repository          = module.repositories.repositories["modelbuild"]
  bucket              = module.storage.bucket
  image_repository    = module.storage.image_repositories["model"]
  model_package_group = module.storage.model_package_group
  data_location       = var.data_location
  automl              = var.project_variant == "autopilot"
}
