# The build pipeline: what starts it, its stages, and the environment that each build gets by contract.

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_module {
  target  = module.training_role
  outputs = { arn = "arn:aws:iam::111122223333:role/sagemaker-churn-p-1-training" }
}

variables {
  project = {
    name                     = "churn"
    id                       = "p-1"
    name_prefix              = "sagemaker-churn-p-1"
    short_prefix             = "sagemaker-churn-p-1"
    account_id               = "111122223333"
    partition                = "aws"
    dns_suffix               = "amazonaws.com"
    region                   = "eu-west-1"
    kms_key_arn              = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    permissions_boundary_arn = "arn:aws:iam::111122223333:policy/sagemaker-project-boundary"
  }
  repository = {
    name             = "sagemaker-churn-p-1-modelbuild"
    arn              = "arn:aws:codecommit:eu-west-1:111122223333:sagemaker-churn-p-1-modelbuild"
    read_policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
    key_services     = ["codecommit"]
    artifact_actions = []
    sends_events     = true
    source = {
      provider      = "CodeCommit"
      configuration = { RepositoryName = "sagemaker-churn-p-1-modelbuild", BranchName = "main", PollForSourceChanges = "false" }
    }
  }
  bucket              = { name = "sagemaker-churn-p-1-111122223333", arn = "arn:aws:s3:::sagemaker-churn-p-1-111122223333" }
  image_repository    = { uri = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-churn-p-1/model", arn = "arn:aws:ecr:eu-west-1:111122223333:repository/sagemaker-churn-p-1/model" }
  model_package_group = { name = "sagemaker-churn-p-1", arn = "arn:aws:sagemaker:eu-west-1:111122223333:model-package-group/sagemaker-churn-p-1" }
  data_location       = ""
}

run "trains_what_is_pushed_to_main_as_the_contract_says" {
  command = plan

  module {
    source = "./modules/model-build"
  }

  assert {
    condition     = aws_codepipeline.this.stage[*].name == tolist(["Source", "Test", "Image", "Train"])
    error_message = "The stages are not Source, Test, Image, Train."
  }

  assert {
    condition     = aws_codepipeline.this.pipeline_type == "V2" && aws_codepipeline.this.execution_mode == "SUPERSEDED"
    error_message = "The pipeline is not a superseding one of type V2."
  }

  assert {
    condition     = aws_codepipeline.this.stage[0].action[0].configuration.PollForSourceChanges == "false"
    error_message = "The pipeline polls."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.push[0].event_pattern).detail == { event = ["referenceCreated", "referenceUpdated"], referenceType = ["branch"], referenceName = ["main"] }
    error_message = "The pipeline is not started by pushes to main alone."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.push[0].event_pattern).resources == ["arn:aws:codecommit:eu-west-1:111122223333:sagemaker-churn-p-1-modelbuild"]
    error_message = "The pipeline is started by pushes to another repository."
  }

  assert {
    condition     = { for stage in aws_codepipeline.this.stage : stage.name => stage.action[0].namespace if stage.action[0].namespace != null } == { Source = "Source", Image = "Image" }
    error_message = "The variable namespaces are not Source and Image."
  }

  assert {
    condition     = length(module.test.environment) == 0
    error_message = "The tests get an environment that the contract does not name."
  }

  assert {
    condition     = tomap(module.image.environment) == tomap({ IMAGE_REPOSITORY_URI = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-churn-p-1/model" })
    error_message = "The image build's environment is not the contract's."
  }

  assert {
    condition = toset(concat(
      keys(module.train.environment),
      jsondecode(aws_codepipeline.this.stage[3].action[0].configuration.EnvironmentVariables)[*].name,
      )) == toset([
      "IMAGE_URI", "COMMIT_ID", "PROJECT_NAME", "PROJECT_ID", "PIPELINE_PREFIX", "GROUP_PREFIX", "MODEL_PACKAGE_GROUP",
      "PIPELINE_ROLE_ARN", "PROJECT_BUCKET", "KMS_KEY_ARN", "DATA_LOCATION", "IMAGE_REPOSITORY_URI",
    ])
    error_message = "The train build's environment is not the contract's."
  }

  assert {
    condition = one([for statement in data.aws_iam_policy_document.pipeline.statement : statement.resources if statement.sid == "RunBuilds"]) == toset([
      for stage in slice(aws_codepipeline.this.stage, 1, 4) :
      "arn:aws:codebuild:eu-west-1:111122223333:project/${stage.action[0].configuration.ProjectName}"
    ])
    error_message = "The pipeline may not run its builds, or others too."
  }

  assert {
    condition     = module.train.environment.PIPELINE_PREFIX == "sagemaker-churn-p-1"
    error_message = "The SageMaker pipelines are not named as the contract says."
  }

  assert {
    condition     = data.aws_iam_policy_document.data.statement == null
    error_message = "A project on sample data may read somebody's bucket."
  }

  assert {
    condition     = length(data.aws_iam_policy_document.automl) == 0
    error_message = "A project whose pipelines do not search may start AutoML jobs."
  }

  assert {
    condition     = !contains(data.aws_iam_policy_document.image.statement[*].sid, "PullBasesOfAws")
    error_message = "A project that does without AWS's images may pull them."
  }
}

run "reads_the_data_location_and_nothing_beside_it" {
  command = plan

  module {
    source = "./modules/model-build"
  }

  variables {
    data_location = "s3://customers/churn/2026.csv"
  }

  assert {
    condition     = data.aws_iam_policy_document.data.statement[0].resources == toset(["arn:aws:s3:::customers/churn/2026.csv", "arn:aws:s3:::customers/churn/2026.csv/*"])
    error_message = "The jobs may read something else than the data location."
  }
}

run "tunes_in_its_own_name_only" {
  command = plan

  module {
    source = "./modules/model-build"
  }

  assert {
    condition = alltrue([
      for statement in concat(data.aws_iam_policy_document.train.statement, data.aws_iam_policy_document.training.statement) :
      one(statement.condition).values == tolist(["p-1"])
      if anytrue([for arn in coalesce(statement.resources, []) : endswith(arn, ":hyper-parameter-tuning-job/*")])
    ])
    error_message = "Pipelines may tune, or look at tuning, in the name of other projects."
  }

  assert {
    condition     = anytrue([for statement in data.aws_iam_policy_document.training.statement : contains(coalesce(statement.actions, []), "sagemaker:CreateHyperParameterTuningJob") && contains(coalesce(statement.resources, []), "arn:aws:sagemaker:eu-west-1:111122223333:hyper-parameter-tuning-job/*")])
    error_message = "Pipelines may not tune: SageMaker gives these jobs names without a beginning of their own."
  }
}

run "searches_only_where_it_is_asked_for" {
  command = plan

  module {
    source = "./modules/model-build"
  }

  variables {
    automl = true
  }

  assert {
    condition = alltrue([
      for statement in data.aws_iam_policy_document.automl[0].statement :
      one(statement.condition).values == tolist(["p-1"])
    ])
    error_message = "The jobs may search in the name of other projects."
  }
}

run "pulls_images_of_aws_where_it_is_asked_for" {
  command = plan

  module {
    source = "./modules/model-build"
  }

  variables {
    project = {
      name                     = "texts"
      id                       = "p-1"
      name_prefix              = "sagemaker-texts-p-1"
      short_prefix             = "sagemaker-texts-p-1"
      account_id               = "111122223333"
      partition                = "aws"
      dns_suffix               = "amazonaws.com"
      region                   = "eu-west-1"
      kms_key_arn              = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
      permissions_boundary_arn = "arn:aws:iam::111122223333:policy/sagemaker-project-boundary"
      uses_aws_images          = true
    }
  }

  assert {
    condition     = contains(data.aws_iam_policy_document.image.statement[*].sid, "PullBasesOfAws")
    error_message = "An image cannot be built on one of AWS's."
  }

  assert {
    condition     = contains(data.aws_iam_policy_document.training.statement[*].sid, "PullImagesOfAws")
    error_message = "Jobs cannot run in an image of AWS's."
  }
}
