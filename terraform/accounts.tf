# Stages in accounts of their own: what staging or production stands on is made there, by the role that the platform
# prepared; deploy.tf is next.

locals {
  account_role_arns = { for stage, arn in { staging = var.staging_role_arn, prod = var.production_role_arn } : stage => arn if arn != "" }

  stages_here = { for stage, facts in local.stages : stage => facts if !contains(keys(local.account_role_arns), stage) }

  elsewhere = merge(
    { for account in module.staging_account : "staging" => account.stage },
    { for account in module.production_account : "prod" => account.stage },
  )
}

module "staging_account" {
  source = "./modules/stage-account"
  count  = var.staging_role_arn == "" ? 0 : 1

  providers = { aws = aws.staging }

  project                = local.project
  stage                  = "staging"
  test_actor             = "test-staging"
  account_role_arn       = var.staging_role_arn
  facts                  = local.stages.staging
  bucket                 = module.storage.bucket
  model_image_repository = module.storage.image_repositories["model"]
  api_image_repository   = module.storage.image_repositories["api"]
  model_package_group    = module.storage.model_package_group
  api_authorization      = var.api_authorization
  approver_email         = var.approver_email
  project_variant        = var.project_variant
  template_version       = var.template_version
}

module "production_account" {
  source = "./modules/stage-account"
  count  = var.production_role_arn == "" ? 0 : 1

  providers = { aws = aws.production }

  project                = local.project
  stage                  = "prod"
  test_actor             = "smoke-test"
  account_role_arn       = var.production_role_arn
  facts                  = local.stages.prod
  bucket                 = module.storage.bucket
  model_image_repository = module.storage.image_repositories["model"]
  api_image_repository   = module.storage.image_repositories["api"]
  model_package_group    = module.storage.model_package_group
  api_authorization      = var.api_authorization
  approver_email         = var.approver_email
  project_variant        = var.project_variant
  template_version       = var.template_version
}
