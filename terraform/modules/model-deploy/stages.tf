# What the stages of this account stand on; builds.tf and pipeline.tf hand it to their stacks.

locals {
  stages_here = { for stage, facts in var.stages : stage => facts if !contains(keys(var.elsewhere), stage) }
}

module "stages" {
  source = "../stages"
  count  = length(local.stages_here) > 0 ? 1 : 0

  project                = var.project
  project_key_arn        = var.project.kms_key_arn
  bucket                 = var.bucket
  model_image_repository = var.model_image_repository
  api_image_repository   = var.api_image_repository
  model_package_group    = var.model_package_group
  stages                 = local.stages_here
  rest_api               = var.rest_api
}

moved {
  from = module.model_role
  to   = module.stages[0].module.model_role
}

moved {
  from = module.api_role
  to   = module.stages[0].module.api_role
}

moved {
  from = module.cloudformation_role
  to   = module.stages[0].module.cloudformation_role
}

moved {
  from = aws_sns_topic.predictions
  to   = module.stages[0].aws_sns_topic.predictions
}
