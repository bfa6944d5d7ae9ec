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

  # Said only where packages come from the platform: elsewhere builds ask the indexes that they know.
  vendored = var.project.vendored == null ? {} : merge(
    { PACKAGES_URI = var.project.vendored.packages_uri },
    var.builds_images ? { BASE_IMAGE_REPOSITORY = var.project.vendored.base_image_repository } : {},
  )
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
      for_each = merge(var.environment, local.vendored)

      content {
        name  = environment_variable.key
        value = environment_variable.value
      }
    }
  }

  dynamic "vpc_config" {
    for_each = var.in_network && var.project.network != null ? [var.project.network] : []

    content {
      vpc_id             = vpc_config.value.vpc_id
      subnets            = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
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
