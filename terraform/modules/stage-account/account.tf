# One stage in another account, by the role that the platform prepared there: API, roles, topics, alarms; the deploy
# pipeline is next, which makes the stage's stack there.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

locals {
  # The role's name is also that of the account's boundary and key (cloudformation/workload-account.yaml).
  account_id   = split(":", var.account_role_arn)[4]
  account_name = split("/", var.account_role_arn)[1]

  project = merge(var.project, {
    account_id               = local.account_id
    kms_key_arn              = data.aws_kms_alias.account.target_key_arn
    permissions_boundary_arn = "arn:${var.project.partition}:iam::${local.account_id}:policy/${local.account_name}-boundary"
    network                  = null
    vendored                 = null
  })

  # Two stages may share an account.
  actors = { for actor in ["model", "api", "stack", "deploy", "test"] : actor => "${var.stage}-${actor}" }

  stages = { (var.stage) = var.facts }

  home_role_arn = "arn:${var.project.partition}:iam::${var.project.account_id}:role/${var.project.short_prefix}"
}

data "aws_kms_alias" "account" {
  name = "alias/${local.account_name}"
}

module "inference_api" {
  source = "../inference-api"

  project       = local.project
  authorization = var.api_authorization
  stages        = local.stages
}

module "observability" {
  source = "../observability"

  project           = local.project
  name              = "${var.project.name_prefix}-${var.stage}"
  approver_email    = var.approver_email
  stages            = local.stages
  access_log_groups = module.inference_api.access_log_groups
  project_variant   = var.project_variant
  template_version  = var.template_version
}

module "stages" {
  source = "../stages"

  project                = local.project
  actors                 = { model = local.actors.model, api = local.actors.api, cloudformation = local.actors.stack }
  project_key_arn        = var.project.kms_key_arn
  bucket                 = var.bucket
  model_image_repository = var.model_image_repository
  api_image_repository   = var.api_image_repository
  model_package_group    = var.model_package_group
  stages                 = local.stages
  rest_api               = module.inference_api.rest_api
}
