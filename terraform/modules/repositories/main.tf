# Takes the project's name; makes its two Git repositories, which the runner seeds next. Depends on nothing else here.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

variable "name_prefix" {
  description = "What the repositories' names begin with."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that encrypts the repositories."
  type        = string
}

locals {
  descriptions = {
    modelbuild  = "Trains, evaluates and registers the model"
    modeldeploy = "Deploys approved models to staging and production"
  }
}

resource "aws_codecommit_repository" "this" {
  #checkov:skip=CKV2_AWS_37:How many people review a change is the team's to decide; what reaches production is approved at the gate.
  for_each = local.descriptions

  repository_name = "${var.name_prefix}-${each.key}"
  description     = each.value
  default_branch  = "main"
  kms_key_id      = var.kms_key_arn
}

output "repositories" {
  description = "Name, ARN and HTTPS clone URL of each repository, by modelbuild and modeldeploy."
  value = {
    for key, repository in aws_codecommit_repository.this : key => {
      name      = repository.repository_name
      arn       = repository.arn
      clone_url = repository.clone_url_http
    }
  }
}
