# What the stages of this account stand on; builds.tf and pipeline.tf hand it to their stacks.

module "stages" {
  source = "../stages"

  project                = var.project
  project_key_arn        = var.project.kms_key_arn
  bucket                 = var.bucket
  model_image_repository = var.model_image_repository
  api_image_repository   = var.api_image_repository
  model_package_group    = var.model_package_group
  stages                 = var.stages
}

moved {
  from = module.model_role
  to   = module.stages.module.model_role
}

moved {
  from = module.api_role
  to   = module.stages.module.api_role
}

moved {
  from = module.cloudformation_role
  to   = module.stages.module.cloudformation_role
}

moved {
  from = aws_sns_topic.predictions
  to   = module.stages.aws_sns_topic.predictions
}
