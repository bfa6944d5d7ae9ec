# What stages stand on: roles and topics in the stages' account, also where that is another than the project's.

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
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
  project_key_arn        = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  bucket                 = { arn = "arn:aws:s3:::sagemaker-churn-p-1-111122223333" }
  model_image_repository = { arn = "arn:aws:ecr:eu-west-1:111122223333:repository/sagemaker-churn-p-1/model" }
  api_image_repository   = { arn = "arn:aws:ecr:eu-west-1:111122223333:repository/sagemaker-churn-p-1/api" }
  model_package_group    = { name = "sagemaker-churn-p-1", arn = "arn:aws:sagemaker:eu-west-1:111122223333:model-package-group/sagemaker-churn-p-1" }
  stages = {
    staging = { endpoint_name = "sagemaker-churn-p-1-staging", function_name = "sagemaker-churn-p-1-staging" }
    prod    = { endpoint_name = "sagemaker-churn-p-1-prod", function_name = "sagemaker-churn-p-1-prod" }
  }
  rest_api = { execution_arn = "arn:aws:execute-api:eu-west-1:111122223333:abc123", keys = {} }
}

run "makes_an_encrypted_topic_per_stage" {
  command = plan

  module {
    source = "./modules/stages"
  }

  assert {
    condition = alltrue([
      for stage, topic in aws_sns_topic.predictions :
      output.notification_topic_arns[stage] == "arn:aws:sns:eu-west-1:111122223333:${topic.name}" && topic.kms_master_key_id == var.project.kms_key_arn
    ])
    error_message = "A stage's topic is not the one that is told, or not encrypted."
  }
}

run "works_in_another_account_on_what_is_kept_in_the_project_s" {
  command = plan

  module {
    source = "./modules/stages"
  }

  variables {
    project = {
      name                     = "churn"
      id                       = "p-1"
      name_prefix              = "sagemaker-churn-p-1"
      short_prefix             = "sagemaker-churn-p-1"
      account_id               = "444455556666"
      partition                = "aws"
      dns_suffix               = "amazonaws.com"
      region                   = "eu-west-1"
      kms_key_arn              = "arn:aws:kms:eu-west-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab"
      permissions_boundary_arn = "arn:aws:iam::444455556666:policy/mlproject-workload-boundary"
    }
    actors = { model = "prod-model", api = "prod-api", cloudformation = "prod-stack" }
    stages = { prod = { endpoint_name = "sagemaker-churn-p-1-prod", function_name = "sagemaker-churn-p-1-prod" } }
  }

  assert {
    condition     = output.endpoint_arns == { prod = ["arn:aws:sagemaker:eu-west-1:444455556666:endpoint/sagemaker-churn-p-1-prod"] }
    error_message = "The endpoint is not in the stage's account."
  }

  assert {
    condition = [for statement in data.aws_iam_policy_document.cloudformation.statement : statement.resources if statement.sid == "ReadModelVersion"] == [toset([
      "arn:aws:sagemaker:eu-west-1:111122223333:model-package/sagemaker-churn-p-1",
      "arn:aws:sagemaker:eu-west-1:111122223333:model-package/sagemaker-churn-p-1/*",
    ])]
    error_message = "Model versions are not read where they are registered."
  }
}

run "stays_within_iam_s_limit_where_names_are_longest" {
  command = plan

  module {
    source = "./modules/stages"
  }

  variables {
    project = {
      name                     = "Churn-2026-of-the-retail-section"
      id                       = "p-Abcdefghijklmn1234"
      name_prefix              = "sagemaker-Churn-2026-of-the-retail-section-p-Abcdefghijklmn1234"
      short_prefix             = "sagemaker-Churn-2026-of-th-p-Abcdefghijklmn1234"
      account_id               = "111122223333"
      partition                = "aws-us-gov"
      dns_suffix               = "amazonaws.com"
      region                   = "us-gov-west-1"
      kms_key_arn              = "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
      permissions_boundary_arn = "arn:aws-us-gov:iam::111122223333:policy/mlproject-platform-ProjectBoundary-ABCDEFGHIJKL"
      uses_aws_images          = true
    }
    project_key_arn        = "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    bucket                 = { arn = "arn:aws-us-gov:s3:::sagemaker-churn-2026-of-th-p-abcdefghijklmn1234-111122223333" }
    model_image_repository = { arn = "arn:aws-us-gov:ecr:us-gov-west-1:111122223333:repository/sagemaker-churn-2026-of-the-retail-section-p-abcdefghijklmn1234/model" }
    api_image_repository   = { arn = "arn:aws-us-gov:ecr:us-gov-west-1:111122223333:repository/sagemaker-churn-2026-of-the-retail-section-p-abcdefghijklmn1234/api" }
    model_package_group    = { name = "sagemaker-Churn-2026-of-the-retail-section-p-Abcdefghijklmn1234", arn = "arn:aws-us-gov:sagemaker:us-gov-west-1:111122223333:model-package-group/sagemaker-Churn-2026-of-the-retail-section-p-Abcdefghijklmn1234" }
    stages = {
      staging = { endpoint_name = "sagemaker-Churn-2026-of-th-p-Abcdefghijklmn1234-staging", function_name = "sagemaker-Churn-2026-of-th-p-Abcdefghijklmn1234-staging" }
      prod    = { endpoint_name = "sagemaker-Churn-2026-of-th-p-Abcdefghijklmn1234-prod", function_name = "sagemaker-Churn-2026-of-th-p-Abcdefghijklmn1234-prod" }
    }
    rest_api = { execution_arn = "arn:aws-us-gov:execute-api:us-gov-west-1:111122223333:abcdef1234", keys = {} }
  }

  # Roles that the policy names have no ARN before they are made.
  override_resource {
    target          = module.model_role.aws_iam_role.this
    override_during = plan
    values          = { arn = "arn:aws-us-gov:iam::111122223333:role/sagemaker-Churn-2026-of-th-p-Abcdefghijklmn1234-model" }
  }

  override_resource {
    target          = module.api_role.aws_iam_role.this
    override_during = plan
    values          = { arn = "arn:aws-us-gov:iam::111122223333:role/sagemaker-Churn-2026-of-th-p-Abcdefghijklmn1234-api" }
  }

  override_resource {
    target          = module.batch_role[0].aws_iam_role.this
    override_during = plan
    values          = { arn = "arn:aws-us-gov:iam::111122223333:role/sagemaker-Churn-2026-of-th-p-Abcdefghijklmn1234-batch" }
  }

  override_resource {
    target          = module.schedule_role[0].aws_iam_role.this
    override_during = plan
    values          = { arn = "arn:aws-us-gov:iam::111122223333:role/sagemaker-Churn-2026-of-th-p-Abcdefghijklmn1234-schedule" }
  }

  # The role itself refuses a policy that is too long (modules/role); it can only if all of it is known, as here.
  assert {
    condition     = length(replace(data.aws_iam_policy_document.cloudformation.json, "/\\s/", "")) > 8000
    error_message = "The policy of the stacks' role is not the longest there is any more: look for another to try."
  }
}
