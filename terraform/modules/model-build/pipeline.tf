# The pipeline from a push to a registered model version: Source, Test, Image, Train.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

locals {
  pipeline_name = "${var.project.name_prefix}-modelbuild"

  # By name, not by module.test.arn: a pipeline runs as soon as it is made, and a role that need not wait for its
  # builds is known throughout IAM by then.
  build_arns = [
    for build in ["test", "image", "train"] :
    "arn:${var.project.partition}:codebuild:${var.project.region}:${var.project.account_id}:project/${local.pipeline_name}-${build}"
  ]
}

data "aws_iam_policy_document" "pipeline" {
  source_policy_documents = [var.repository.read_policy_json]

  statement {
    sid       = "RunBuilds"
    actions   = ["codebuild:BatchGetBuilds", "codebuild:StartBuild"]
    resources = local.build_arns
  }

  statement {
    sid       = "KeepArtifacts"
    actions   = concat(["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], var.repository.artifact_actions)
    resources = ["${var.bucket.arn}/sagemaker-*"]
  }

  statement {
    sid       = "FindArtifacts"
    actions   = ["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:ListBucket"]
    resources = [var.bucket.arn]
  }
}

module "pipeline_role" {
  source = "../role"

  project      = var.project
  actor        = "build-pipeline"
  description  = "Pipeline ${local.pipeline_name}"
  service      = "codepipeline"
  policy_json  = data.aws_iam_policy_document.pipeline.json
  key_services = concat(var.repository.key_services, ["s3"])
  # What CodeCommit and CodePipeline ask of whoever works with an encrypted repository and encrypted artifacts.
  key_actions = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"]
}

resource "aws_codepipeline" "this" {
  name           = local.pipeline_name
  role_arn       = module.pipeline_role.arn
  pipeline_type  = "V2"
  execution_mode = "SUPERSEDED"

  artifact_store {
    location = var.bucket.name
    type     = "S3"

    encryption_key {
      id   = var.project.kms_key_arn
      type = "KMS"
    }
  }

  stage {
    name = "Source"

    action {
      name             = "Source"
      namespace        = "Source"
      category         = "Source"
      owner            = "AWS"
      provider         = var.repository.source.provider
      version          = "1"
      output_artifacts = ["SourceArtifact"]
      configuration    = var.repository.source.configuration
    }
  }

  stage {
    name = "Test"

    action {
      name            = "Test"
      category        = "Test"
      owner           = "AWS"
      provider        = "CodeBuild"
      version         = "1"
      input_artifacts = ["SourceArtifact"]

      configuration = {
        ProjectName = module.test.name
      }
    }
  }

  stage {
    name = "Image"

    action {
      name            = "Image"
      namespace       = "Image"
      category        = "Build"
      owner           = "AWS"
      provider        = "CodeBuild"
      version         = "1"
      input_artifacts = ["SourceArtifact"]

      configuration = {
        ProjectName = module.image.name
      }
    }
  }

  stage {
    name = "Train"

    action {
      name            = "Train"
      category        = "Build"
      owner           = "AWS"
      provider        = "CodeBuild"
      version         = "1"
      input_artifacts = ["SourceArtifact"]

      configuration = {
        ProjectName = module.train.name
        EnvironmentVariables = jsonencode([
          { name = "IMAGE_URI", type = "PLAINTEXT", value = "#{Image.IMAGE_URI}" },
          { name = "COMMIT_ID", type = "PLAINTEXT", value = "#{Source.CommitId}" },
        ])
      }
    }
  }
}
