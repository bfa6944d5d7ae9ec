# Takes the project's name, and where its source lies; makes two Git repositories in CodeCommit, or none where a connection
# leads to the team's own, which the runner seeds next. Depends on nothing else here.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

locals {
  descriptions = {
    modelbuild  = "Trains, evaluates and registers the model"
    modeldeploy = "Deploys approved models to staging and production"
  }

  by_connection = var.connection_arn != ""
  full_names    = { modelbuild = var.build_repository_id, modeldeploy = var.deploy_repository_id }
}

resource "aws_codecommit_repository" "this" {
  #checkov:skip=CKV2_AWS_37:How many people review a change is the team's to decide; what reaches production is approved at the gate.
  for_each = { for key, description in local.descriptions : key => description if !local.by_connection }

  repository_name = "${var.name_prefix}-${each.key}"
  description     = each.value
  default_branch  = "main"
  kms_key_id      = var.kms_key_arn
}
