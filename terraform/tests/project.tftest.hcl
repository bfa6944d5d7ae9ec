# The project as a whole: its outputs by contract, and two projects side by side that share no name.

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

provider "aws" {
  alias                       = "staging"
  region                      = "eu-west-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

provider "aws" {
  alias                       = "production"
  region                      = "eu-west-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "111122223333" }
}

variables {
  project_name             = "churn"
  project_id               = "p-aaaaaaaaaaaa"
  kms_key_arn              = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/sagemaker-project-boundary"
  template_version         = "0123456789abcdef"
}

run "names_what_the_contract_names" {
  command = plan

  assert {
    condition = [output.name_prefix, output.model_build_pipeline, output.model_deploy_pipeline, output.model_package_group, output.project_bucket] == [
      "sagemaker-churn-p-aaaaaaaaaaaa",
      "sagemaker-churn-p-aaaaaaaaaaaa-modelbuild",
      "sagemaker-churn-p-aaaaaaaaaaaa-modeldeploy",
      "sagemaker-churn-p-aaaaaaaaaaaa",
      "sagemaker-churn-p-aaaaaaaaaaaa-111122223333",
    ]
    error_message = "A name is not the contract's."
  }

  assert {
    condition     = local.stages.staging.endpoint_name == "sagemaker-churn-p-aaaaaaaaaaaa-staging" && local.stages.prod.function_name == "sagemaker-churn-p-aaaaaaaaaaaa-prod"
    error_message = "An endpoint or function is not named as the contract says."
  }
}

run "shares_no_name_with_a_project_of_the_same_name" {
  command = plan

  variables {
    project_id = "p-bbbbbbbbbbbb"
  }

  assert {
    condition     = output.name_prefix != run.names_what_the_contract_names.name_prefix && output.project_bucket != run.names_what_the_contract_names.project_bucket
    error_message = "Two projects share a name."
  }
}

run "keeps_the_longest_names_within_their_limits" {
  command = plan

  variables {
    project_name = "A2345678901234567890123456789012"
    project_id   = "p-345678901234567890"
  }

  assert {
    condition     = length(output.model_package_group) == 63 && length(local.short_prefix) == 47
    error_message = "The prefixes are not as long as the contract reckons."
  }

  assert {
    condition     = length(output.project_bucket) <= 63 && alltrue([for stage in local.stages : length(stage.endpoint_name) <= 63 && length(stage.function_name) <= 64])
    error_message = "A bucket's, endpoint's or function's name is too long."
  }
}
