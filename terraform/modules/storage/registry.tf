# The group that training registers model versions in; the approver decides there.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

resource "aws_sagemaker_model_package_group" "this" {
  model_package_group_name        = var.project.name_prefix
  model_package_group_description = "Versions of the project's model; an approved one goes to staging"

  # Another description would be another group, and the versions in it are the project's.
  lifecycle {
    ignore_changes = [model_package_group_description]
  }
}
