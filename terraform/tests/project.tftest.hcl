provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "test"
  secret_key                  = "test"
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
run "plan" {
  command = plan
}
