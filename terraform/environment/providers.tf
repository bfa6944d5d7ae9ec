# Takes region and credentials from the environment and tags everything with the environment it belongs to.

provider "aws" {
  default_tags {
    tags = {
      "ml-environment" = var.name
    }
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}
