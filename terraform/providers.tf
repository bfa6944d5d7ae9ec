# Takes region and credentials from the environment and tags everything with the project it belongs to.

provider "aws" {
  default_tags {
    tags = {
      "sagemaker:project-name" = var.project_name
      "sagemaker:project-id"   = var.project_id
    }
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}
