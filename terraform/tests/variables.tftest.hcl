# Every rule of every variable refuses what breaks it, and takes the extremes that it allows. No AWS is asked.

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
  project_id               = "p-a1b2c3d4e5f6"
  kms_key_arn              = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/sagemaker-project-boundary"
  template_version         = "0123456789abcdef"
}

run "refuses_what_is_empty_or_too_small" {
  command = plan

  variables {
    project_name              = ""
    project_id                = ""
    project_variant           = ""
    staging_instance_type     = ""
    production_instance_type  = ""
    staging_instance_count    = 0
    production_instance_count = 0
    network                   = { vpc_id = "vpc-1", subnet_ids = [], security_group_ids = ["sg-1"] }
    vendored                  = { packages_uri = "s3://bucket", base_image_repository = "" }
    data_location             = "s3://my-bucket/"
    api_authorization         = ""
    permissions_boundary_arn  = ""
    kms_key_arn               = ""
    template_version          = ""
  }

  expect_failures = [
    var.project_name,
    var.project_id,
    var.project_variant,
    var.staging_instance_type,
    var.production_instance_type,
    var.staging_instance_count,
    var.production_instance_count,
    var.network,
    var.vendored,
    var.data_location,
    var.api_authorization,
    var.permissions_boundary_arn,
    var.kms_key_arn,
    var.template_version,
  ]
}

run "refuses_what_is_too_long_or_too_many" {
  command = plan

  variables {
    project_name              = "a23456789012345678901234567890123"
    project_id                = "p12345678901234567890"
    approver_email            = "a@example.com, b@example.com"
    staging_instance_count    = 11
    production_instance_count = 11
    data_location             = "s3://my-bucket/${format("%0242d", 0)}"
    template_version          = "01234567890123456789012345678901234567890123456789012345678901234"
  }

  expect_failures = [
    var.project_name,
    var.project_id,
    var.approver_email,
    var.staging_instance_count,
    var.production_instance_count,
    var.data_location,
    var.template_version,
  ]
}

run "refuses_what_has_another_form" {
  command = plan

  variables {
    project_name             = "churn-"
    project_id               = "p_1"
    project_variant          = "churn"
    approver_email           = "approver"
    staging_instance_type    = "m5.large"
    production_instance_type = "ml.m5"
    staging_instance_count   = 1.5
    data_location            = "s3://my-bucket/all customers*"
    api_authorization        = "NONE"
    permissions_boundary_arn = "sagemaker-project-boundary"
    kms_key_arn              = "arn:aws:kms:eu-west-1:111122223333:alias/key"
    template_version         = "v 1"
    build_repository_id      = "team/../churn"
    repository_host          = "http://github.com"
  }

  expect_failures = [
    var.project_name,
    var.project_id,
    var.project_variant,
    var.approver_email,
    var.staging_instance_type,
    var.production_instance_type,
    var.staging_instance_count,
    var.data_location,
    var.api_authorization,
    var.permissions_boundary_arn,
    var.kms_key_arn,
    var.template_version,
    var.build_repository_id,
    var.repository_host,
  ]
}

run "refuses_a_good_line_before_another" {
  command = plan

  variables {
    project_name             = "churn\n"
    project_id               = "p-1\n"
    approver_email           = "a@example.com\n"
    staging_instance_type    = "ml.m5.large\n"
    production_instance_type = "ml.m5.large\n"
    data_location            = "s3://my-bucket/churn.csv\n"
    template_version         = "v1\n"
  }

  expect_failures = [
    var.project_name,
    var.project_id,
    var.approver_email,
    var.staging_instance_type,
    var.production_instance_type,
    var.data_location,
    var.template_version,
  ]
}

run "takes_the_extremes_that_the_rules_allow" {
  command = plan

  variables {
    project_name              = "1--2345678901234567890123456789A"
    project_id                = "p-345678901234567890"
    approver_email            = "first.last+models@example.co.uk"
    staging_instance_type     = "ml.g4dn.12xlarge"
    production_instance_count = 10
    data_location             = "s3://my.bucket-1/churn/2026/churn.csv"
    keep_data_on_delete       = true
    api_authorization         = "API_KEY"
  }

  assert {
    condition     = module.storage.bucket.name == "sagemaker-1--2345678901234-p-345678901234567890-111122223333"
    error_message = "The bucket is named otherwise than the contract says."
  }
}

run "refuses_a_connection_that_leads_to_one_repository_only" {
  command = plan

  variables {
    connection_arn      = "arn:aws:codeconnections:eu-west-1:111122223333:connection/1234abcd-12ab-34cd-56ef-1234567890ab"
    build_repository_id = "team/churn-build"
  }

  expect_failures = [var.connection_arn]
}

run "refuses_one_repository_for_both_builds" {
  command = plan

  variables {
    connection_arn       = "arn:aws:codeconnections:eu-west-1:111122223333:connection/1234abcd-12ab-34cd-56ef-1234567890ab"
    build_repository_id  = "team/churn"
    deploy_repository_id = "Team/Churn"
  }

  expect_failures = [var.deploy_repository_id]
}
