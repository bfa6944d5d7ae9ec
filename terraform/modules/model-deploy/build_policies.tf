# What the three builds may do; builds.tf gives it to them.

locals {
  sagemaker_arn = "arn:${var.project.partition}:sagemaker:${var.project.region}:${var.project.account_id}"

  # SageMaker writes the names of some resources in lower case in their ARNs, and IAM compares case by case.
  group_names = distinct([var.model_package_group.name, lower(var.model_package_group.name)])
  group_arns  = [for name in local.group_names : "${local.sagemaker_arn}:model-package-group/${name}"]
  package_arns = flatten([
    for name in local.group_names : ["${local.sagemaker_arn}:model-package/${name}", "${local.sagemaker_arn}:model-package/${name}/*"]
  ])
}

data "aws_iam_policy_document" "build" {
  #checkov:skip=CKV_AWS_356:Each * has its reason beside it.
  statement {
    sid       = "LogInToEcr"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # One token opens the account's registry; what may be done there is below.
  }

  statement {
    sid = "FindAndPushApiImage"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:CompleteLayerUpload",
      "ecr:DescribeImages",
      "ecr:GetDownloadUrlForLayer",
      "ecr:InitiateLayerUpload",
      "ecr:PutImage",
      "ecr:UploadLayerPart",
    ]
    resources = [var.api_image_repository.arn]
  }

  statement {
    sid       = "ListModelVersions"
    actions   = ["sagemaker:ListModelPackages"]
    resources = ["*"] # The call asks by group, but IAM would check versions, which it names none of; they are read below.
  }

  statement {
    sid       = "ReadModelVersions"
    actions   = ["sagemaker:DescribeModelPackage", "sagemaker:DescribeModelPackageGroup"]
    resources = concat(local.group_arns, local.package_arns)
  }

  # A stage's mode is not changed while its endpoint serves; stacks name configs by chance.
  dynamic "statement" {
    for_each = module.stages

    content {
      sid       = "SeeStages"
      actions   = ["sagemaker:DescribeEndpoint", "sagemaker:DescribeEndpointConfig"]
      resources = concat(flatten(values(statement.value.endpoint_arns)), [statement.value.stack_made_arns["endpoint-config"]])
    }
  }

  dynamic "statement" {
    for_each = module.stages

    content {
      sid       = "SeeBatchStages"
      actions   = ["sagemaker:DescribePipeline"]
      resources = flatten(values(statement.value.batch_pipeline_arns))
    }
  }

  dynamic "statement" {
    for_each = length(var.elsewhere) > 0 ? [values(var.elsewhere)[*].test_role_arn] : []

    content {
      sid       = "SeeStagesOfOtherAccounts"
      actions   = ["sts:AssumeRole"]
      resources = statement.value
    }
  }

  statement {
    sid       = "HandOverArtifact"
    actions   = ["s3:PutObject"]
    resources = ["${var.bucket.arn}/sagemaker-*"]
  }
}

data "aws_iam_policy_document" "test" {
  for_each = var.stages

  source_policy_documents = contains(keys(local.stages_here), each.key) ? [module.stages[0].test_policies_json[each.key]] : []

  dynamic "statement" {
    for_each = contains(keys(var.elsewhere), each.key) ? [var.elsewhere[each.key].test_role_arn] : []

    content {
      sid       = "TestInOtherAccount"
      actions   = ["sts:AssumeRole"]
      resources = [statement.value]
    }
  }

  statement {
    sid       = "ReadModelVersion"
    actions   = ["sagemaker:DescribeModelPackage"]
    resources = local.package_arns
  }

  statement {
    sid       = "ReadGoldenRecords"
    actions   = ["s3:GetObject"]
    resources = ["${var.bucket.arn}/training/*"]
  }

  # To and from a stage whose endpoint is asynchronous.
  statement {
    sid       = "PutRequests"
    actions   = ["s3:PutObject"]
    resources = ["${var.bucket.arn}/asynchronous/${each.key}/input/*"]
  }

  statement {
    sid     = "ReadAnswers"
    actions = ["s3:GetObject"]
    resources = [
      "${var.bucket.arn}/asynchronous/${each.key}/failures/*",
      "${var.bucket.arn}/asynchronous/${each.key}/output/*",
    ]
  }

  # To and from a stage that is a pipeline, beside what is really asked.
  statement {
    sid       = "TryBatch"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${var.bucket.arn}/batch/${each.key}/tests/*"]
  }

  # An answer that is not there yet is "not found" only to who may list; it is denied to others.
  statement {
    sid       = "SeeThatAnswersAreNotThere"
    actions   = ["s3:ListBucket"]
    resources = [var.bucket.arn]
  }

  statement {
    sid       = "KeepReport"
    actions   = ["s3:PutObject"]
    resources = ["${var.bucket.arn}/deployments/${each.key}/*"]
  }
}
