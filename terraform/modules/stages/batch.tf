# Who acts where a stage has a pipeline and a schedule instead of an endpoint: only in the project's own account, whose
# bucket has the requests.

locals {
  has_batch = var.actors.batch != null && var.actors.schedule != null

  # Names in lower case, as in locals.tf.
  batch_pipeline_arns = {
    for stage in keys(var.stages) : stage => [
      for name in distinct([local.batch_pipelines[stage], lower(local.batch_pipelines[stage])]) : "${local.sagemaker_arn}:pipeline/${name}"
    ]
  }
  batch_pipelines = { for stage in keys(var.stages) : stage => "${var.project.name_prefix}-batch-${stage}" }
}

data "aws_iam_policy_document" "batch" {
  count = local.has_batch ? 1 : 0

  # The model's role reads requests and writes answers, not this one.
  statement {
    sid       = "RunTransforms"
    actions   = ["sagemaker:AddTags", "sagemaker:CreateTransformJob", "sagemaker:DescribeTransformJob", "sagemaker:ListTags"]
    resources = ["${local.sagemaker_arn}:transform-job/*"] # Named by SageMaker.
  }

  statement {
    sid       = "StopTransformsOfProject"
    actions   = ["sagemaker:StopTransformJob"]
    resources = ["${local.sagemaker_arn}:transform-job/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/sagemaker:project-id"
      values   = [var.project.id]
    }
  }

  statement {
    sid       = "SeeModels"
    actions   = ["sagemaker:DescribeModel"]
    resources = [local.stack_made_arns["model"]]
  }

  statement {
    sid       = "EncryptVolumes"
    actions   = ["kms:CreateGrant"]
    resources = [var.project.kms_key_arn]

    condition {
      test     = "Bool"
      variable = "kms:GrantIsForAWSResource"
      values   = ["true"]
    }
  }
}

module "batch_role" {
  source = "../role"
  count  = local.has_batch ? 1 : 0

  project      = var.project
  actor        = var.actors.batch
  description  = "Batch pipelines of project ${var.project.name}"
  service      = "sagemaker"
  policy_json  = data.aws_iam_policy_document.batch[0].json
  key_services = ["sagemaker"]
}

data "aws_iam_policy_document" "schedule" {
  count = local.has_batch ? 1 : 0

  statement {
    sid       = "StartBatchPipelines"
    actions   = ["sagemaker:StartPipelineExecution"]
    resources = flatten(values(local.batch_pipeline_arns))
  }
}

module "schedule_role" {
  source = "../role"
  count  = local.has_batch ? 1 : 0

  project     = var.project
  actor       = var.actors.schedule
  description = "Starts batch pipelines of project ${var.project.name}"
  service     = "events"
  policy_json = data.aws_iam_policy_document.schedule[0].json
}

# What the stages' stacks do besides, to make pipeline and schedule.
data "aws_iam_policy_document" "batch_stacks" {
  count = local.has_batch ? 1 : 0

  statement {
    sid = "MakeBatchPipelines"
    actions = [
      "sagemaker:AddTags",
      "sagemaker:CreatePipeline",
      "sagemaker:DeletePipeline",
      "sagemaker:DeleteTags",
      "sagemaker:DescribePipeline",
      "sagemaker:ListTags",
      "sagemaker:UpdatePipeline",
    ]
    # A role's policies have 10,240 characters in all, and these are many already: a pattern instead of each name.
    resources = [
      for prefix in distinct([var.project.name_prefix, lower(var.project.name_prefix)]) : "${local.sagemaker_arn}:pipeline/${prefix}-batch-*"
    ]
  }

  statement {
    sid = "ScheduleThem"
    actions = [
      "events:DeleteRule",
      "events:DescribeRule",
      "events:ListTagsForResource",
      "events:ListTargetsByRule",
      "events:PutRule",
      "events:PutTargets",
      "events:RemoveTargets",
      "events:TagResource",
      "events:UntagResource",
    ]
    resources = ["arn:${var.project.partition}:events:${var.project.region}:${var.project.account_id}:rule/${var.project.short_prefix}-*-batch"]
  }

  statement {
    sid       = "LetThemAct"
    actions   = ["iam:PassRole"]
    resources = [module.batch_role[0].arn, module.schedule_role[0].arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["events.amazonaws.com", "sagemaker.amazonaws.com"]
    }
  }
}
