# What the image build, the train build and the jobs that it starts may do; builds.tf and training.tf give it to them.

locals {
  sagemaker_arn = "arn:${var.project.partition}:sagemaker:${var.project.region}:${var.project.account_id}"
  log_group_arn = "arn:${var.project.partition}:logs:${var.project.region}:${var.project.account_id}:log-group"

  # SageMaker writes the names of some resources in lower case in their ARNs, and IAM compares case by case.
  pipeline_arns = [
    for name in distinct([local.sagemaker_pipelines, lower(local.sagemaker_pipelines)]) : "${local.sagemaker_arn}:pipeline/${name}"
  ]
  # The project's group, whose approved versions are deployed, and those of models of their own.
  group_names = distinct(flatten([
    for name in [var.model_package_group.name, "${var.project.short_prefix}-*"] : [name, lower(name)]
  ]))
  group_arns = [for name in local.group_names : "${local.sagemaker_arn}:model-package-group/${name}"]
  package_arns = concat(local.group_arns, flatten([
    for name in local.group_names : [
      "${local.sagemaker_arn}:model-package/${name}",
      "${local.sagemaker_arn}:model-package/${name}/*",
    ]
  ]))

  # SageMaker pipelines name their jobs after the execution, which nobody knows beforehand.
  job_arns = [
    for kind in ["processing-job", "training-job", "transform-job"] : "${local.sagemaker_arn}:${kind}/pipelines-*"
  ]
  # Names of tuning jobs are too short for that beginning; the tag says whose they are.
  tuning_arns = ["${local.sagemaker_arn}:hyper-parameter-tuning-job/*"]
  model_arns  = ["${local.sagemaker_arn}:model/pipelines-*"]

  # They are in accounts of AWS, another in each region; whose repositories let whom in, they say themselves.
  pull_images_of_aws = var.project.uses_aws_images ? [{
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = ["arn:${var.project.partition}:ecr:${var.project.region}:*:repository/*"]
  }] : []

  data        = regex("^(?:s3://(?P<bucket>[^/]+)/(?P<key>.+))?$", var.data_location)
  data_bucket = local.data.bucket == null ? [] : ["arn:${var.project.partition}:s3:::${local.data.bucket}"]
}

data "aws_iam_policy_document" "image" {
  statement {
    sid       = "LogInToEcr"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # One token opens the account's registry; what may be done there is below.
  }

  statement {
    sid = "FindAndPushModelImage"
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
    resources = [var.image_repository.arn]
  }

  dynamic "statement" {
    for_each = local.pull_images_of_aws

    content {
      sid       = "PullBasesOfAws"
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }
}

data "aws_iam_policy_document" "train" {
  source_policy_documents = [data.aws_iam_policy_document.data.json]

  statement {
    sid = "RunTrainingPipeline"
    actions = [
      "sagemaker:AddTags",
      "sagemaker:CreatePipeline",
      "sagemaker:DescribePipeline",
      "sagemaker:DescribePipelineExecution",
      "sagemaker:ListPipelineExecutionSteps",
      "sagemaker:ListPipelineExecutions",
      "sagemaker:ListTags",
      "sagemaker:StartPipelineExecution",
      "sagemaker:StopPipelineExecution",
      "sagemaker:UpdatePipeline",
    ]
    resources = concat(local.pipeline_arns, [for arn in local.pipeline_arns : "${arn}/execution/*"])
  }

  statement {
    sid = "ReadWhyJobsFailed"
    actions = [
      "sagemaker:DescribeProcessingJob",
      "sagemaker:DescribeTrainingJob",
      "sagemaker:DescribeTransformJob",
    ]
    resources = local.job_arns
  }

  statement {
    sid       = "ReadWhyTuningFailed"
    actions   = ["sagemaker:DescribeHyperParameterTuningJob"]
    resources = local.tuning_arns

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/sagemaker:project-id"
      values   = [var.project.id]
    }
  }

  statement {
    sid = "KeepModelGroups"
    actions = [
      "sagemaker:AddTags",
      "sagemaker:CreateModelPackageGroup",
      "sagemaker:DescribeModelPackageGroup",
    ]
    resources = local.group_arns
  }

  statement {
    sid       = "LetPipelineActAsTraining"
    actions   = ["iam:PassRole"]
    resources = [module.training_role.arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["sagemaker.amazonaws.com"]
    }
  }

  statement {
    sid       = "FindModelImage"
    actions   = ["ecr:DescribeImages"]
    resources = [var.image_repository.arn]
  }

  statement {
    sid       = "KeepCodeAndSamples"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${var.bucket.arn}/code/*", "${var.bucket.arn}/data/*"]
  }
}

data "aws_iam_policy_document" "data" {
  dynamic "statement" {
    for_each = local.data_bucket

    content {
      sid       = "ReadCustomers"
      actions   = ["s3:GetObject", "s3:GetObjectVersion"]
      resources = ["${statement.value}/${local.data.key}", "${statement.value}/${trimsuffix(local.data.key, "/")}/*"]
    }
  }

  dynamic "statement" {
    for_each = local.data_bucket

    content {
      sid       = "FindCustomers"
      actions   = ["s3:ListBucket"]
      resources = [statement.value]

      condition {
        test     = "StringLike"
        variable = "s3:prefix"
        values   = ["${local.data.key}*"]
      }
    }
  }

  dynamic "statement" {
    for_each = local.data_bucket

    content {
      sid       = "LocateCustomers"
      actions   = ["s3:GetBucketLocation"]
      resources = [statement.value]
    }
  }
}

data "aws_iam_policy_document" "training" {
  source_policy_documents = concat(
    [data.aws_iam_policy_document.data.json],
    data.aws_iam_policy_document.automl[*].json,
  )

  statement {
    sid = "RunJobsOfPipelines"
    actions = [
      "sagemaker:AddTags",
      "sagemaker:CreateProcessingJob",
      "sagemaker:CreateTrainingJob",
      "sagemaker:CreateTransformJob",
      "sagemaker:DescribeProcessingJob",
      "sagemaker:DescribeTrainingJob",
      "sagemaker:DescribeTransformJob",
      "sagemaker:ListTags",
    ]
    resources = local.job_arns
  }

  statement {
    sid       = "StartTuning"
    actions   = ["sagemaker:AddTags", "sagemaker:CreateHyperParameterTuningJob"]
    resources = local.tuning_arns

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/sagemaker:project-id"
      values   = [var.project.id]
    }
  }

  statement {
    sid = "FollowTuning"
    actions = [
      "sagemaker:DescribeHyperParameterTuningJob",
      "sagemaker:ListTags",
      "sagemaker:ListTrainingJobsForHyperParameterTuningJob",
      "sagemaker:StopHyperParameterTuningJob",
    ]
    resources = local.tuning_arns

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/sagemaker:project-id"
      values   = [var.project.id]
    }
  }

  statement {
    sid       = "MakeModelsOfPipelines"
    actions   = ["sagemaker:AddTags", "sagemaker:CreateModel", "sagemaker:DescribeModel", "sagemaker:ListTags"]
    resources = local.model_arns
  }

  statement {
    sid = "StopJobsOfProject"
    actions = [
      "sagemaker:StopProcessingJob",
      "sagemaker:StopTrainingJob",
      "sagemaker:StopTransformJob",
    ]
    resources = local.job_arns

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/sagemaker:project-id"
      values   = [var.project.id]
    }
  }

  statement {
    sid = "RegisterModelVersions"
    actions = [
      "sagemaker:AddTags",
      "sagemaker:CreateModelPackage",
      "sagemaker:DescribeModelPackage",
      "sagemaker:DescribeModelPackageGroup",
      "sagemaker:ListTags",
    ]
    resources = local.package_arns
  }

  statement {
    sid       = "RunJobsAsItself"
    actions   = ["iam:PassRole"]
    resources = ["arn:${var.project.partition}:iam::${var.project.account_id}:role/${var.project.short_prefix}-training"]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["sagemaker.amazonaws.com"]
    }
  }

  statement {
    sid       = "LogInToEcr"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # One token opens the account's registry; what may be done there is below.
  }

  statement {
    sid = "PullModelImage"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:DescribeImages",
      "ecr:GetDownloadUrlForLayer",
    ]
    resources = [var.image_repository.arn]
  }

  dynamic "statement" {
    for_each = local.pull_images_of_aws

    content {
      sid       = "PullImagesOfAws"
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }

  statement {
    sid       = "ReadCodeAndData"
    actions   = ["s3:GetObject"]
    resources = ["${var.bucket.arn}/code/*", "${var.bucket.arn}/data/*"]
  }

  statement {
    sid       = "KeepModelsAndReports"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${var.bucket.arn}/training/*"]
  }

  statement {
    sid       = "FindInProjectBucket"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket"]
    resources = [var.bucket.arn]
  }

  statement {
    sid = "WriteJobLogs"
    actions = [
      "logs:CreateLogGroup",
      "logs:CreateLogStream",
      "logs:DescribeLogStreams",
      "logs:PutLogEvents",
    ]
    resources = [
      "${local.log_group_arn}:/aws/sagemaker/ProcessingJobs:*",
      "${local.log_group_arn}:/aws/sagemaker/TrainingJobs:*",
      "${local.log_group_arn}:/aws/sagemaker/TransformJobs:*",
    ]
  }

  statement {
    sid       = "PutJobMetrics"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"] # Metrics have no ARN; the namespaces bound it.

    condition {
      test     = "StringLike"
      variable = "cloudwatch:namespace"
      values   = ["/aws/sagemaker/*", "aws/sagemaker/*"]
    }
  }

  statement {
    sid       = "EncryptJobVolumes"
    actions   = ["kms:CreateGrant"]
    resources = [var.project.kms_key_arn]

    condition {
      test     = "Bool"
      variable = "kms:GrantIsForAWSResource"
      values   = ["true"]
    }
  }
}
