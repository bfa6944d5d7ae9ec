# A project whose staging and production are in accounts of their own: what is made there, and who is let in at home.

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

override_data {
  target = module.staging_account[0].data.aws_kms_alias.account
  values = { target_key_arn = "arn:aws:kms:eu-west-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab" }
}

override_data {
  target = module.production_account[0].data.aws_kms_alias.account
  values = { target_key_arn = "arn:aws:kms:eu-west-1:777788889999:key/1234abcd-12ab-34cd-56ef-1234567890ab" }
}

variables {
  project_name             = "a234567890123456789012345678901b"
  project_id               = "p2345678901234567890"
  kms_key_arn              = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/sagemaker-project-boundary"
  template_version         = "0123456789abcdef"
  staging_role_arn         = "arn:aws:iam::444455556666:role/mlproject-platform-eu-west-1"
  production_role_arn      = "arn:aws:iam::777788889999:role/mlproject-platform-eu-west-1"
}

run "makes_nothing_of_a_stage_at_home" {
  command = plan

  assert {
    condition     = length(module.inference_api) == 0 && length(local.stages_here) == 0 && toset(keys(local.elsewhere)) == toset(["staging", "prod"])
    error_message = "A stage is still in the project's account."
  }

  assert {
    condition     = length(module.staging_account[0].role_names) == 5 && alltrue([for name in module.staging_account[0].role_names : length(name) <= 64])
    error_message = "A role's name is longer than IAM takes."
  }

  assert {
    condition     = module.storage.bucket.name == "sagemaker-a234567890123456-p2345678901234567890-111122223333"
    error_message = "The project's bucket has left the project's account."
  }
}

run "keeps_one_stage_at_home" {
  command = plan

  variables {
    staging_role_arn = ""
  }

  assert {
    condition     = length(module.inference_api) == 1 && keys(local.stages_here) == ["staging"] && keys(local.elsewhere) == ["prod"]
    error_message = "Staging is not at home, or production is."
  }
}

run "lets_an_endpoint_of_another_account_have_images_of_aws" {
  command = plan

  module {
    source = "./modules/stage-account"
  }

  override_data {
    target = data.aws_kms_alias.account
    values = { target_key_arn = "arn:aws:kms:eu-west-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab" }
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
    stage                  = "staging"
    test_actor             = "test-staging"
    account_role_arn       = "arn:aws:iam::444455556666:role/mlproject-platform-stages-eu-west-1"
    facts                  = { endpoint_name = "sagemaker-texts-p-1-staging", function_name = "sagemaker-texts-p-1-staging" }
    bucket                 = { arn = "arn:aws:s3:::sagemaker-texts-p-1-111122223333" }
    model_image_repository = { arn = "arn:aws:ecr:eu-west-1:111122223333:repository/sagemaker-texts-p-1/model" }
    api_image_repository   = { arn = "arn:aws:ecr:eu-west-1:111122223333:repository/sagemaker-texts-p-1/api" }
    model_package_group    = { name = "sagemaker-texts-p-1", arn = "arn:aws:sagemaker:eu-west-1:111122223333:model-package-group/sagemaker-texts-p-1" }
    api_authorization      = "AWS_IAM"
    approver_email         = ""
    project_variant        = "huggingface"
    template_version       = "0123456789abcdef"
  }

  assert {
    condition     = try(local.project.uses_aws_images, false)
    error_message = "The stage does not know that its model runs in an image of AWS's, and its role cannot pull it."
  }
}
