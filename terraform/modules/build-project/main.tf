# Takes a buildspec's path, its environment and what it may do; makes the CodeBuild project that a pipeline stage starts.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

locals {
  name      = "${var.project.name_prefix}-${var.name}"
  log_group = "/aws/codebuild/${local.name}"
}

resource "aws_cloudwatch_log_group" "this" {
  name              = local.log_group
  retention_in_days = 365
  kms_key_id        = var.project.kms_key_arn
}

resource "aws_codebuild_project" "this" {
  #checkov:skip=CKV_AWS_316:Only the two image builds are privileged: the Docker engine that they start needs it.
  name           = local.name
  description    = var.description
  service_role   = module.role.arn
  encryption_key = var.project.kms_key_arn
  build_timeout  = var.timeout_in_minutes
  queued_timeout = 60

  source {
    type      = "CODEPIPELINE"
    buildspec = var.buildspec
  }

  artifacts {
    type = "CODEPIPELINE"
  }

  environment {
    type                        = "LINUX_CONTAINER"
    image                       = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
    image_pull_credentials_type = "CODEBUILD"
    compute_type                = var.compute_type
    privileged_mode             = var.builds_images

    dynamic "environment_variable" {
      for_each = var.environment

      content {
        name  = environment_variable.key
        value = environment_variable.value
      }
    }
  }

  cache {
    type     = "S3"
    location = "${var.bucket.name}/cache/${local.name}"
  }

  logs_config {
    cloudwatch_logs {
      group_name = aws_cloudwatch_log_group.this.name
    }
  }
}
