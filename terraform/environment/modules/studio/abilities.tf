# The abilities that personas are made of, each a policy; what belongs to projects is named sagemaker-*.

locals {
  account    = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  region     = data.aws_region.current.name
  sagemaker  = "arn:${local.partition}:sagemaker:${local.region}:${local.account}"
  writeable  = var.data.buckets_writeable
  readable   = distinct(concat(var.data.buckets_readable, local.writeable))
  own_of     = "$${sagemaker:DomainId}"
  own_user   = "${local.sagemaker}:user-profile/${local.own_of}/$${sagemaker:UserProfileName}"
  own_spaces = "${local.sagemaker}:space/${local.own_of}/*"
  own_apps   = "${local.sagemaker}:app/${local.own_of}/*"
  keys       = ["arn:${local.partition}:kms:${local.region}:${local.account}:key/*"]
  key_uses   = [for service in ["codecommit", "s3", "sagemaker"] : "${service}.${local.region}.${data.aws_partition.current.dns_suffix}"]

  ability_documents = {
    studio          = data.aws_iam_policy_document.studio.json
    observe         = data.aws_iam_policy_document.observe.json
    experiment      = data.aws_iam_policy_document.experiment.json
    create-projects = data.aws_iam_policy_document.create_projects.json
    approve         = data.aws_iam_policy_document.approve.json
  }
}

# Open Studio and run apps in spaces of one's own.
data "aws_iam_policy_document" "studio" {
  statement {
    sid       = "OpenStudio"
    actions   = ["sagemaker:CreatePresignedDomainUrl"]
    resources = [local.own_user]
  }

  statement {
    sid       = "OwnSpaces"
    actions   = ["sagemaker:CreateSpace", "sagemaker:UpdateSpace", "sagemaker:DeleteSpace"]
    resources = [local.own_spaces]

    condition {
      test     = "ArnLike"
      variable = "sagemaker:OwnerUserProfileArn"
      values   = [local.own_user]
    }
  }

  statement {
    sid       = "OwnApps"
    actions   = ["sagemaker:CreateApp", "sagemaker:DeleteApp"]
    resources = [local.own_apps]

    condition {
      test     = "ArnLike"
      variable = "sagemaker:OwnerUserProfileArn"
      values   = [local.own_user]
    }
  }

  statement {
    sid       = "TagWhatStudioMakes"
    actions   = ["sagemaker:AddTags"]
    resources = [local.own_spaces, local.own_apps]
  }

  # SageMaker encrypts the volume of a space in its user's name.
  statement {
    sid       = "FindTheKeyOfSpaces"
    actions   = ["kms:DescribeKey"]
    resources = [var.kms_key_arn]
  }

  statement {
    sid       = "EncryptOwnSpaces"
    actions   = ["kms:CreateGrant"]
    resources = [var.kms_key_arn]

    condition {
      test     = "Bool"
      variable = "kms:GrantIsForAWSResource"
      values   = ["true"]
    }
  }

  statement {
    sid       = "WriteTheLogsOfApps"
    actions   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
    resources = ["arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/sagemaker/*"]
  }
}

# See what there is: models, jobs, endpoints, pipelines, builds, logs, reports.
data "aws_iam_policy_document" "observe" {
  #checkov:skip=CKV_AWS_356:Lists and descriptions of SageMaker and CloudWatch; most of these actions take no resource.
  statement {
    sid = "SeeSageMaker"
    actions = [
      "sagemaker:BatchDescribeModelPackage",
      "sagemaker:Describe*",
      "sagemaker:GetLineageGroupPolicy",
      "sagemaker:GetSearchSuggestions",
      "sagemaker:List*",
      "sagemaker:QueryLineage",
      "sagemaker:Search",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "SeeMetrics"
    actions   = ["cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", "cloudwatch:GetMetricStatistics", "cloudwatch:ListMetrics"]
    resources = ["*"]
  }

  statement {
    sid       = "SeePipelinesAndBuilds"
    actions   = ["codebuild:BatchGetBuilds", "codebuild:BatchGetProjects", "codebuild:ListBuildsForProject", "codepipeline:GetPipeline", "codepipeline:GetPipelineExecution", "codepipeline:GetPipelineState", "codepipeline:ListActionExecutions", "codepipeline:ListPipelineExecutions"]
    resources = ["arn:${local.partition}:codebuild:${local.region}:${local.account}:project/sagemaker-*", "arn:${local.partition}:codepipeline:${local.region}:${local.account}:sagemaker-*"]
  }

  statement {
    sid       = "SeeRepositories"
    actions   = ["codecommit:BatchGetRepositories", "codecommit:Get*", "codecommit:GitPull", "codecommit:ListBranches"]
    resources = ["arn:${local.partition}:codecommit:${local.region}:${local.account}:sagemaker-*"]
  }

  statement {
    sid       = "SeeImages"
    actions   = ["ecr:DescribeImages"]
    resources = ["arn:${local.partition}:ecr:${local.region}:${local.account}:repository/sagemaker-*"]
  }

  statement {
    sid       = "SeeLogs"
    actions   = ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"]
    resources = ["arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/*"]
  }

  statement {
    sid       = "ReadReports"
    actions   = ["s3:GetObject", "s3:ListBucket"]
    resources = concat(["arn:${local.partition}:s3:::sagemaker-*"], local.readable, [for arn in local.readable : "${arn}/*"])
  }

  statement {
    sid       = "ReadEncrypted"
    actions   = ["kms:Decrypt", "kms:DescribeKey"]
    resources = local.keys

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = local.key_uses
    }
  }
}

# Push code, run jobs and pipelines by hand, call endpoints; nothing here deploys.
data "aws_iam_policy_document" "experiment" {
  source_policy_documents = [data.aws_iam_policy_document.job_network.json]

  statement {
    sid       = "PushCode"
    actions   = ["codecommit:CreateBranch", "codecommit:CreateCommit", "codecommit:GitPush", "codecommit:PutFile"]
    resources = ["arn:${local.partition}:codecommit:${local.region}:${local.account}:sagemaker-*"]
  }

  statement {
    sid = "RunJobs"
    actions = [
      "sagemaker:AddTags",
      "sagemaker:CreateAutoMLJobV2",
      "sagemaker:CreateHyperParameterTuningJob",
      "sagemaker:CreateProcessingJob",
      "sagemaker:CreateTrainingJob",
      "sagemaker:CreateTransformJob",
      "sagemaker:StopAutoMLJob",
      "sagemaker:StopHyperParameterTuningJob",
      "sagemaker:StopProcessingJob",
      "sagemaker:StopTrainingJob",
      "sagemaker:StopTransformJob",
    ]
    resources = [for kind in ["automl-job", "hyper-parameter-tuning-job", "processing-job", "training-job", "transform-job"] : "${local.sagemaker}:${kind}/*"]
  }

  # Whoever pushes to a project's repository has this role's rights anyway. The roles that deploy are nobody's here.
  statement {
    sid       = "RunJobsInProjects"
    actions   = ["iam:PassRole"]
    resources = ["arn:${local.partition}:iam::${local.account}:role/sagemaker-*-training"]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["sagemaker.amazonaws.com"]
    }
  }

  statement {
    sid       = "TryPipelines"
    actions   = ["sagemaker:AddTags", "sagemaker:RetryPipelineExecution", "sagemaker:StartPipelineExecution", "sagemaker:StopPipelineExecution"]
    resources = ["${local.sagemaker}:pipeline/*"]
  }

  statement {
    sid = "KeepExperimentsAndModels"
    actions = [
      "sagemaker:AddAssociation",
      "sagemaker:AddTags",
      "sagemaker:CreateAction",
      "sagemaker:CreateArtifact",
      "sagemaker:CreateContext",
      "sagemaker:CreateExperiment",
      "sagemaker:CreateModel",
      "sagemaker:CreateModelPackage",
      "sagemaker:CreateModelPackageGroup",
      "sagemaker:CreateTrial",
      "sagemaker:CreateTrialComponent",
      "sagemaker:DeleteModel",
      "sagemaker:UpdateTrialComponent",
    ]
    resources = [for kind in ["action", "artifact", "context", "experiment", "experiment-trial", "experiment-trial-component", "model", "model-package", "model-package-group"] : "${local.sagemaker}:${kind}/*"]
  }

  statement {
    sid       = "UseFeatures"
    actions   = ["sagemaker:AddTags", "sagemaker:BatchGetRecord", "sagemaker:CreateFeatureGroup", "sagemaker:DeleteFeatureGroup", "sagemaker:GetRecord", "sagemaker:PutRecord"]
    resources = ["${local.sagemaker}:feature-group/*"]
  }

  statement {
    sid       = "CallEndpoints"
    actions   = ["sagemaker:InvokeEndpoint"]
    resources = ["${local.sagemaker}:endpoint/*"]
  }

  statement {
    sid       = "WriteData"
    actions   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject"]
    resources = concat([for folder in ["code/notebooks", "data/notebooks", "experiments"] : "arn:${local.partition}:s3:::sagemaker-*/${folder}/*"], [for arn in local.writeable : "${arn}/*"])
  }

  # The feature store puts its offline data there as the role of the group, and asks for these two.
  dynamic "statement" {
    for_each = length(local.writeable) > 0 ? [local.writeable] : []

    content {
      sid       = "StoreFeatures"
      actions   = ["s3:GetBucketAcl", "s3:PutObjectAcl"]
      resources = concat(statement.value, [for arn in statement.value : "${arn}/*"])
    }
  }

  statement {
    sid       = "WriteEncrypted"
    actions   = ["kms:Encrypt", "kms:GenerateDataKey"]
    resources = local.keys

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = local.key_uses
    }
  }

  # Whoever starts a job must be able to let SageMaker use the key of its volumes.
  statement {
    sid       = "EncryptVolumes"
    actions   = ["kms:CreateGrant"]
    resources = local.keys

    condition {
      test     = "Bool"
      variable = "kms:GrantIsForAWSResource"
      values   = ["true"]
    }
  }

  # Jobs that run in the persona's own role; job_network.tf has what they need in the VPC.
  statement {
    sid       = "PullImages"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = ["arn:${local.partition}:ecr:${local.region}:*:repository/*"]
  }

  statement {
    #checkov:skip=CKV_AWS_111:These two take no resource, or none that is known before a job starts.
    #checkov:skip=CKV_AWS_356:These two take no resource, or none that is known before a job starts.
    sid       = "StartJobs"
    actions   = ["cloudwatch:PutMetricData", "ecr:GetAuthorizationToken"]
    resources = ["*"]
  }
}

# Make, update and delete projects from the Service Catalog; the launch role of the product does what that takes.
data "aws_iam_policy_document" "create_projects" {
  statement {
    sid       = "Projects"
    actions   = ["sagemaker:AddTags", "sagemaker:CreateProject", "sagemaker:DeleteProject", "sagemaker:UpdateProject"]
    resources = ["${local.sagemaker}:project/*"]
  }

  statement {
    #checkov:skip=CKV_AWS_111:Who may launch which product is what portfolios are for; these actions are for one's own products.
    #checkov:skip=CKV_AWS_356:Who may launch which product is what portfolios are for; these actions are for one's own products.
    sid = "LaunchProducts"
    actions = [
      "servicecatalog:Describe*",
      "servicecatalog:GetProvisionedProductOutputs",
      "servicecatalog:List*", # Which of these SageMaker asks in a lead's name is not documented.
      "servicecatalog:ProvisionProduct",
      "servicecatalog:ScanProvisionedProducts",
      "servicecatalog:SearchProducts",
      "servicecatalog:SearchProvisionedProducts",
    ]
    resources = ["*"]
  }

  # As AWS's own policy for Studio has it: forms of templates, and what a project is made of.
  statement {
    sid       = "SeeStacksOfProducts"
    actions   = ["cloudformation:ListStackResources"]
    resources = ["arn:${local.partition}:cloudformation:${local.region}:${local.account}:stack/SC-*"]
  }

  statement {
    #checkov:skip=CKV_AWS_356:A template that is no stack yet has no ARN.
    sid       = "SummarizeTemplates"
    actions   = ["cloudformation:GetTemplateSummary"]
    resources = ["*"]
  }

  statement {
    #checkov:skip=CKV_AWS_111:The condition limits it to what the caller launched.
    #checkov:skip=CKV_AWS_356:The condition limits it to what the caller launched.
    sid       = "OwnProducts"
    actions   = ["servicecatalog:TerminateProvisionedProduct", "servicecatalog:UpdateProvisionedProduct"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "servicecatalog:userLevel"
      values   = ["self"]
    }
  }
}

# Approve or reject a model, and let it pass the gate before production.
data "aws_iam_policy_document" "approve" {
  statement {
    sid       = "DecideOnModels"
    actions   = ["sagemaker:UpdateModelPackage"]
    resources = ["${local.sagemaker}:model-package/*"]
  }

  statement {
    sid       = "DecideAtTheGate"
    actions   = ["codepipeline:PutApprovalResult"]
    resources = ["arn:${local.partition}:codepipeline:${local.region}:${local.account}:sagemaker-*/*/*"]
  }
}
