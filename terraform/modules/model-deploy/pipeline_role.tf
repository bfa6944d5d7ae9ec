# What the deploy pipeline may do; pipeline.tf acts as it.

locals {
  stack_names = { for stage in keys(var.stages) : stage => "${var.project.name_prefix}-${stage}" }
  stack_arns = [
    for name in local.stack_names :
    "arn:${var.project.partition}:cloudformation:${var.project.region}:${var.project.account_id}:stack/${name}/*"
  ]

  # By name, not by module.build.arn and the like: a pipeline runs as soon as it is made, and a role that need not
  # wait for builds and other roles is known throughout IAM by then.
  build_arns = [
    for build in ["build", "teststaging", "smoketest"] :
    "arn:${var.project.partition}:codebuild:${var.project.region}:${var.project.account_id}:project/${local.pipeline_name}-${build}"
  ]
  cloudformation_role_arn = "arn:${var.project.partition}:iam::${var.project.account_id}:role/${var.project.short_prefix}-cloudformation"
}

data "aws_iam_policy_document" "pipeline" {
  statement {
    sid = "ReadRepository"
    actions = [
      "codecommit:CancelUploadArchive",
      "codecommit:GetBranch",
      "codecommit:GetCommit",
      "codecommit:GetRepository",
      "codecommit:GetUploadArchiveStatus",
      "codecommit:UploadArchive",
    ]
    resources = [var.repository.arn]
  }

  statement {
    sid       = "RunBuilds"
    actions   = ["codebuild:BatchGetBuilds", "codebuild:StartBuild"]
    resources = local.build_arns
  }

  statement {
    sid       = "KeepArtifacts"
    actions   = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
    resources = ["${var.bucket.arn}/sagemaker-*"]
  }

  statement {
    sid       = "FindArtifacts"
    actions   = ["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:ListBucket"]
    resources = [var.bucket.arn]
  }

  # Only as the stacks' own role: a template can do no more than that role may.
  statement {
    sid = "ChangeStacks"
    actions = [
      "cloudformation:CreateChangeSet",
      "cloudformation:CreateStack",
      "cloudformation:UpdateStack",
    ]
    resources = local.stack_arns

    condition {
      test     = "StringEquals"
      variable = "cloudformation:RoleArn"
      values   = [local.cloudformation_role_arn]
    }
  }

  statement {
    sid = "FollowStacks"
    actions = [
      "cloudformation:DeleteChangeSet",
      "cloudformation:DeleteStack", # A failed one, with the role that it was made with.
      "cloudformation:DescribeChangeSet",
      "cloudformation:DescribeStackEvents",
      "cloudformation:DescribeStackResources",
      "cloudformation:DescribeStacks",
      "cloudformation:ExecuteChangeSet",
      "cloudformation:GetTemplate",
      "cloudformation:TagResource",
    ]
    resources = local.stack_arns
  }

  statement {
    sid       = "CheckTemplates"
    actions   = ["cloudformation:ValidateTemplate"]
    resources = ["*"] # A template that is no stack yet has no ARN.
  }

  statement {
    sid       = "LetStacksActAsCloudFormation"
    actions   = ["iam:PassRole"]
    resources = [local.cloudformation_role_arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["cloudformation.amazonaws.com"]
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
  key_services = ["codecommit", "s3", "sns"]
  # What CodeCommit and CodePipeline ask of whoever works with an encrypted repository and encrypted artifacts.
  key_actions = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"]
}
