# The REST API in front of the stages of this account; it calls the functions that the deploy pipeline's stacks make.

module "inference_api" {
  source = "./modules/inference-api"
  count  = length(local.stages_here) > 0 ? 1 : 0

  project       = local.project
  authorization = var.api_authorization
  stages        = local.stages_here
}

moved {
  from = module.inference_api
  to   = module.inference_api[0]
}
