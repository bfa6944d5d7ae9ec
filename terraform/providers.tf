# Takes region and credentials from the environment and tags everything with the project it belongs to.

locals {
  tags = {
    "sagemaker:project-name" = var.project_name
    "sagemaker:project-id"   = var.project_id
  }
}

provider "aws" {
  default_tags {
    tags = local.tags
  }
}

# The accounts of staging and production, where they are others: in the roles that the platform prepared there. Where
# they are not, nothing uses these two, and they need not ask who they are.
provider "aws" {
  alias                       = "staging"
  skip_credentials_validation = var.staging_role_arn == ""
  skip_requesting_account_id  = var.staging_role_arn == ""

  default_tags {
    tags = local.tags
  }

  dynamic "assume_role" {
    for_each = var.staging_role_arn == "" ? [] : [var.staging_role_arn]

    content {
      role_arn     = assume_role.value
      session_name = var.project_id
    }
  }
}

provider "aws" {
  alias                       = "production"
  skip_credentials_validation = var.production_role_arn == ""
  skip_requesting_account_id  = var.production_role_arn == ""

  default_tags {
    tags = local.tags
  }

  dynamic "assume_role" {
    for_each = var.production_role_arn == "" ? [] : [var.production_role_arn]

    content {
      role_arn     = assume_role.value
      session_name = var.project_id
    }
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}
