# What the deploy pipeline may do; pipeline.tf acts as it.

locals {
  # By name, not by module.build.arn and the like: a pipeline runs as soon as it is made, and a role that need not
  # wait for builds is known throughout IAM by then.
  build_arns = [
    for build in ["build", "teststaging", "smoketest"] :
    "arn:${var.project.partition}:codebuild:${var.project.region}:${var.project.account_id}:project/${local.pipeline_name}-${build}"
  ]
}

data "aws_iam_policy_document" "pipeline" {
  source_policy_documents = concat(module.stages[*].deploy_policy_json, [var.repository.read_policy_json])

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

  dynamic "statement" {
    for_each = length(var.elsewhere) > 0 ? [values(var.elsewhere)[*].deploy_role_arn] : []

    content {
      sid       = "ChangeStacksOfOtherAccounts"
      actions   = ["sts:AssumeRole"]
      resources = statement.value
    }
  }

  statement {
    sid       = "AskForApproval"
    actions   = ["sns:Publish"]
    resources = [var.approvals_topic_arn]
  }
}

module "pipeline_role" {
  source = "../role"

  project      = var.project
  actor        = "deploy-pipeline"
  description  = "Pipeline ${local.pipeline_name}"
  service      = "codepipeline"
  policy_json  = data.aws_iam_policy_document.pipeline.json
  key_services = concat(var.repository.key_services, ["s3", "sns"])
  # What CodeCommit and CodePipeline ask of whoever works with an encrypted repository and encrypted artifacts.
  key_actions = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"]
}
