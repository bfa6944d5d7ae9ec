# The REST API in front of both stages; it calls the functions that the deploy pipeline's stacks make.

module "inference_api" {
  source = "./modules/inference-api"

  project       = local.project
  authorization = var.api_authorization
  stages        = local.stages
}
