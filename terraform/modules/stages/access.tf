# What the deploy pipeline and its tests may do at the stages; they do it themselves, or in a role of the stages' account.

locals {
  stack_names = { for stage in keys(var.stages) : stage => "${var.project.name_prefix}-${stage}" }
  stack_arns = [
    for name in local.stack_names :
    "arn:${var.project.partition}:cloudformation:${var.project.region}:${var.project.account_id}:stack/${name}/*"
  ]

  # By name, not by module.cloudformation_role.arn: a pipeline runs as soon as it is made, and a role that need not
  # wait for other roles is known throughout IAM by then.
  cloudformation_role_arn = "arn:${var.project.partition}:iam::${var.project.account_id}:role/${var.project.short_prefix}-${var.actors.cloudformation}"
}

data "aws_iam_policy_document" "deploy" {
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
}

data "aws_iam_policy_document" "test" {
  for_each = var.stages

  statement {
    sid       = "CallStage"
    actions   = ["execute-api:Invoke"]
    resources = ["${var.rest_api.execution_arn}/${each.key}/*"]
  }

  # Which version an endpoint serves is in the model behind its config; stacks name those two by chance.
  statement {
    sid = "SeeStage"
    actions = [
      "sagemaker:DescribeEndpoint",
      "sagemaker:DescribeEndpointConfig",
      "sagemaker:DescribeModel",
    ]
    resources = concat(local.endpoint_arns[each.key], values(local.stack_made_arns))
  }

  # Of a stage whose endpoint is asynchronous.
  statement {
    sid       = "AskEndpoint"
    actions   = ["sagemaker:InvokeEndpointAsync"]
    resources = local.endpoint_arns[each.key]
  }

  # Of a stage that is a pipeline.
  dynamic "statement" {
    for_each = local.has_batch ? [true] : []

    content {
      sid = "RunBatch"
      actions = [
        "sagemaker:DescribePipeline",
        "sagemaker:DescribePipelineExecution",
        "sagemaker:ListPipelineExecutionSteps",
        "sagemaker:StartPipelineExecution",
      ]
      resources = concat(local.batch_pipeline_arns[each.key], [for arn in local.batch_pipeline_arns[each.key] : "${arn}/execution/*"])
    }
  }

  dynamic "statement" {
    for_each = contains(keys(var.rest_api.keys), each.key) ? [var.rest_api.keys[each.key]] : []

    content {
      sid     = "ReadStagesApiKey"
      actions = ["apigateway:GET"]
      resources = [
        for path in [
          "apikeys/${statement.value.id}",
          "usageplans", # Lists plans, which hold no keys, to find the stage's.
          "usageplans/${statement.value.usage_plan_id}/keys",
        ] : "arn:${var.project.partition}:apigateway:${var.project.region}::/${path}"
      ]
    }
  }
}
