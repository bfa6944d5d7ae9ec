# The roles behind a stage's stack: who makes it, what the endpoint runs as, and what the API's function runs as.

data "aws_iam_policy_document" "model" {
  statement {
    sid       = "LogInToEcr"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # One token opens the account's registry; what may be done there is below.
  }

  statement {
    sid       = "PullModelImage"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [var.model_image_repository.arn]
  }

  # They are in accounts of AWS, another in each region; whose repositories let whom in, they say themselves.
  dynamic "statement" {
    for_each = var.project.uses_aws_images ? [true] : []

    content {
      sid       = "PullImagesOfAws"
      actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      resources = ["arn:${var.project.partition}:ecr:${var.project.region}:*:repository/*"]
    }
  }

  statement {
    sid       = "ReadModel"
    actions   = ["s3:GetObject"]
    resources = ["${var.bucket.arn}/training/*"]
  }

  statement {
    sid       = "FindModel"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket"]
    resources = [var.bucket.arn]
  }

  statement {
    sid       = "CaptureRequests"
    actions   = ["s3:PutObject"]
    resources = ["${var.bucket.arn}/data-capture/*"]
  }

  # Asynchronous endpoints read requests and write answers themselves, and tell of it.
  statement {
    sid       = "ReadRequests"
    actions   = ["s3:GetObject"]
    resources = [for stage in keys(var.stages) : "${var.bucket.arn}/asynchronous/${stage}/input/*"]
  }

  # Batch transforms read and write as the model, too.
  statement {
    sid       = "AnswerInBatches"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = [for stage in keys(var.stages) : "${var.bucket.arn}/batch/${stage}/*"]
  }

  statement {
    sid     = "WriteAnswers"
    actions = ["s3:PutObject"]
    resources = flatten([for stage in keys(var.stages) : [
      for folder in ["failures", "output"] : "${var.bucket.arn}/asynchronous/${stage}/${folder}/*"
    ]])
  }

  statement {
    sid       = "TellOfAnswers"
    actions   = ["sns:Publish"]
    resources = values(local.notification_topic_arns)
  }

  statement {
    sid     = "WriteEndpointLogs"
    actions = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = flatten([
      for facts in var.stages : [
        "${local.log_group_arn}:/aws/sagemaker/Endpoints/${facts.endpoint_name}",
        "${local.log_group_arn}:/aws/sagemaker/Endpoints/${facts.endpoint_name}:*",
      ]
    ])
  }

  # What batch transforms say, in a group that all of the account's share.
  statement {
    sid     = "WriteTransformLogs"
    actions = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = [
      "${local.log_group_arn}:/aws/sagemaker/TransformJobs",
      "${local.log_group_arn}:/aws/sagemaker/TransformJobs:*",
    ]
  }

  statement {
    sid       = "PutEndpointMetrics"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"] # Metrics have no ARN; the namespaces bound it.

    condition {
      test     = "StringLike"
      variable = "cloudwatch:namespace"
      values   = ["/aws/sagemaker/*", "aws/sagemaker/*"]
    }
  }
}

module "model_role" {
  source = "../role"

  project      = var.project
  actor        = var.actors.model
  description  = "Endpoints of project ${var.project.name}"
  service      = "sagemaker"
  policy_json  = data.aws_iam_policy_document.model.json
  key_services = ["s3", "sagemaker", "sns"]
  key_arns     = [var.project_key_arn]
}

data "aws_iam_policy_document" "api" {
  statement {
    sid       = "AskEndpoints"
    actions   = ["sagemaker:InvokeEndpoint"]
    resources = flatten(values(local.endpoint_arns))
  }

  statement {
    sid       = "WriteFunctionLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = [for facts in var.stages : "${local.log_group_arn}:/aws/lambda/${facts.function_name}:*"]
  }

  statement {
    sid       = "Trace"
    actions   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    resources = ["*"] # Traces have no ARN.
  }
}

module "api_role" {
  source = "../role"

  project      = var.project
  actor        = var.actors.api
  description  = "API functions of project ${var.project.name}"
  service      = "lambda"
  policy_json  = data.aws_iam_policy_document.api.json
  key_services = ["lambda"]
  key_actions  = ["kms:Decrypt"] # A function reads its environment; who makes it encrypts it.
}

locals {
  # With aliases and versions. Patterns: a role's policies have 10,240 characters in all.
  function_arns = [for facts in var.stages : "${local.lambda_arn}:function:${facts.function_name}*"]
}

data "aws_iam_policy_document" "cloudformation" {
  #checkov:skip=CKV_AWS_356:Each * has its reason beside it.
  source_policy_documents = data.aws_iam_policy_document.batch_stacks[*].json

  statement {
    sid = "ServeModel"
    actions = [
      "sagemaker:AddTags",
      "sagemaker:CreateEndpoint",
      "sagemaker:DeleteEndpoint",
      "sagemaker:DeleteTags",
      "sagemaker:ListTags",
      "sagemaker:UpdateEndpoint",
      "sagemaker:UpdateEndpointWeightsAndCapacities",
    ]
    resources = flatten(values(local.endpoint_arns))
  }

  # CloudFormation names models and endpoint configs by logical id and chance, alike in every project: tags tell
  # whose they are. Reading needs no tag, since CloudFormation asks for them when they are gone, too.
  statement {
    sid       = "UseConfigs"
    actions   = ["sagemaker:CreateEndpoint", "sagemaker:UpdateEndpoint"]
    resources = [local.stack_made_arns["endpoint-config"]]
  }

  statement {
    sid = "ReadModelsAndConfigs"
    actions = [
      "sagemaker:DescribeEndpoint",
      "sagemaker:DescribeEndpointConfig",
      "sagemaker:DescribeModel",
      "sagemaker:ListTags",
    ]
    resources = concat(flatten(values(local.endpoint_arns)), values(local.stack_made_arns))
  }

  statement {
    sid       = "MakeModelsAndConfigsOfProject"
    actions   = ["sagemaker:CreateEndpointConfig", "sagemaker:CreateModel"]
    resources = values(local.stack_made_arns)

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/sagemaker:project-id"
      values   = [var.project.id]
    }
  }

  statement {
    sid       = "TagModelsAndConfigsWhenMade"
    actions   = ["sagemaker:AddTags"]
    resources = values(local.stack_made_arns)

    condition {
      test     = "StringEquals"
      variable = "sagemaker:TaggingAction"
      values   = ["CreateEndpointConfig", "CreateModel"]
    }
  }

  statement {
    sid = "ChangeModelsAndConfigsOfProject"
    actions = [
      "sagemaker:AddTags",
      "sagemaker:DeleteEndpointConfig",
      "sagemaker:DeleteModel",
      "sagemaker:DeleteTags",
    ]
    resources = values(local.stack_made_arns)

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/sagemaker:project-id"
      values   = [var.project.id]
    }
  }

  # Of another account's registry, a model's version must be allowed to whoever makes the model.
  statement {
    sid       = "ReadModelVersion"
    actions   = concat(["sagemaker:DescribeModelPackage"], local.registry_account_id == var.project.account_id ? [] : ["sagemaker:CreateModel"])
    resources = local.package_arns
  }

  statement {
    sid = "ServeApi"
    actions = [
      "lambda:CreateAlias",
      "lambda:CreateFunction",
      "lambda:DeleteAlias",
      "lambda:DeleteFunction",
      "lambda:DeleteFunctionConcurrency",
      "lambda:DeleteFunctionEventInvokeConfig",
      "lambda:DeleteProvisionedConcurrencyConfig",
      "lambda:Get*", # CloudFormation reads a function by more calls from year to year.
      "lambda:ListTags",
      "lambda:ListVersionsByFunction",
      "lambda:PublishVersion",
      "lambda:PutFunctionConcurrency",
      "lambda:PutProvisionedConcurrencyConfig",
      "lambda:RemovePermission",
      "lambda:TagResource",
      "lambda:UntagResource",
      "lambda:UpdateAlias",
      "lambda:UpdateFunctionCode",
      "lambda:UpdateFunctionConfiguration",
    ]
    resources = local.function_arns
  }

  statement {
    sid       = "LetApiGatewayCallFunctions"
    actions   = ["lambda:AddPermission"]
    resources = local.function_arns

    condition {
      test     = "StringEquals"
      variable = "lambda:Principal"
      values   = ["apigateway.amazonaws.com"]
    }
  }

  statement {
    sid       = "PullApiImage"
    actions   = ["ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer", "ecr:GetRepositoryPolicy"]
    resources = [var.api_image_repository.arn]
  }

  statement {
    sid       = "LetEndpointsActAsModel"
    actions   = ["iam:PassRole"]
    resources = [module.model_role.arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["sagemaker.amazonaws.com"]
    }
  }

  statement {
    sid       = "LetFunctionsActAsApi"
    actions   = ["iam:PassRole"]
    resources = [module.api_role.arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["lambda.amazonaws.com"]
    }
  }

  statement {
    sid = "KeepStageLogs"
    actions = [
      "logs:AssociateKmsKey",
      "logs:CreateLogGroup",
      "logs:DeleteLogGroup",
      "logs:DeleteRetentionPolicy",
      "logs:DisassociateKmsKey",
      "logs:GetDataProtectionPolicy",
      "logs:ListTagsForResource",
      "logs:PutRetentionPolicy",
      "logs:TagResource",
      "logs:UntagResource",
    ]
    resources = [
      for service in ["lambda", "sagemaker/Endpoints"] : "${local.log_group_arn}:/aws/${service}/${var.project.short_prefix}-*"
    ]
  }

  statement {
    sid = "ScaleEndpoints"
    actions = [
      "application-autoscaling:DeleteScalingPolicy",
      "application-autoscaling:DeregisterScalableTarget",
      "application-autoscaling:ListTagsForResource",
      "application-autoscaling:PutScalingPolicy",
      "application-autoscaling:RegisterScalableTarget",
      "application-autoscaling:TagResource",
      "application-autoscaling:UntagResource",
    ]
    # Scalable targets have ids that nobody knows beforehand; the endpoints that they scale are bound by ServeModel.
    resources = ["arn:${var.project.partition}:application-autoscaling:${var.project.region}:${var.project.account_id}:scalable-target/*"]
  }

  statement {
    sid = "FindAmongTheAccounts"
    actions = [
      "application-autoscaling:DescribeScalableTargets",
      "application-autoscaling:DescribeScalingPolicies",
      "application-autoscaling:DescribeScheduledActions",
      "cloudwatch:DescribeAlarms",
      "logs:DescribeIndexPolicies",
      "logs:DescribeLogGroups",
      "logs:DescribeResourcePolicies",
    ]
    resources = ["*"] # IAM checks these calls against all that the account has, whatever name they ask for.
  }

  statement {
    sid = "WatchEndpoints"
    actions = [
      "cloudwatch:DeleteAlarms",
      "cloudwatch:ListTagsForResource",
      "cloudwatch:PutMetricAlarm",
      "cloudwatch:TagResource",
      "cloudwatch:UntagResource",
    ]
    # Its own, and those that scaling makes: TargetTracking-endpoint/<endpoint>/...
    resources = [
      for facts in var.stages :
      "arn:${var.project.partition}:cloudwatch:${var.project.region}:${var.project.account_id}:alarm:*${facts.endpoint_name}*"
    ]
  }

  statement {
    sid     = "LetScalingActForItself"
    actions = ["iam:CreateServiceLinkedRole"]
    resources = [
      "arn:${var.project.partition}:iam::${var.project.account_id}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint",
    ]

    condition {
      test     = "StringEquals"
      variable = "iam:AWSServiceName"
      values   = ["sagemaker.application-autoscaling.amazonaws.com"]
    }
  }

  statement {
    sid       = "EncryptEndpointVolumes"
    actions   = ["kms:CreateGrant"]
    resources = [var.project.kms_key_arn]

    condition {
      test     = "Bool"
      variable = "kms:GrantIsForAWSResource"
      values   = ["true"]
    }
  }
}

module "cloudformation_role" {
  source = "../role"

  project      = var.project
  actor        = var.actors.cloudformation
  description  = "Stage stacks of project ${var.project.name}"
  service      = "cloudformation"
  policy_json  = data.aws_iam_policy_document.cloudformation.json
  key_services = ["lambda"]
}
