# The bucket, the image repositories and the group: closed, encrypted, and named as S3 and ECR want it.

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
    name_prefix              = "sagemaker-My--Churn-p-1"
    short_prefix             = "sagemaker-My--Churn-p-1"
    account_id               = "111122223333"
    partition                = "aws"
    dns_suffix               = "amazonaws.com"
    region                   = "eu-west-1"
    kms_key_arn              = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    permissions_boundary_arn = "arn:aws:iam::111122223333:policy/sagemaker-project-boundary"
  }
  keep_data_on_delete = true
}

run "keeps_images_encrypted_and_names_as_aws_wants_them" {
  command = plan

  module {
    source = "./modules/storage"
  }

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.image_tag_mutability == "IMMUTABLE" && repository.image_scanning_configuration[0].scan_on_push && repository.encryption_configuration[0].kms_key == var.project.kms_key_arn])
    error_message = "An image can be replaced under its tag, is not scanned, or not encrypted with the platform's key."
  }

  assert {
    condition = alltrue(flatten([
      for policy in aws_ecr_lifecycle_policy.this : [
        for rule in jsondecode(policy.policy).rules : rule.selection.tagStatus == "untagged" || rule.selection.countType == "imageCountMoreThan"
      ]
    ]))
    error_message = "An image that a model package names can expire."
  }

  assert {
    condition     = toset([for repository in aws_ecr_repository.this : repository.name]) == toset(["sagemaker-my-churn-p-1/api", "sagemaker-my-churn-p-1/model"])
    error_message = "ECR takes no capitals and no two hyphens in a row."
  }

  assert {
    condition     = output.bucket.name == "sagemaker-my--churn-p-1-111122223333"
    error_message = "The bucket is not named as the contract says."
  }
}

run "forgets_what_tests_leave_and_keeps_the_teams_data" {
  command = plan

  module {
    source = "./modules/storage"
  }

  assert {
    condition     = toset([for rule in values(local.expirations) : rule.prefix]) == toset(["cache/", "asynchronous/", "batch/staging/tests/", "batch/prod/tests/"])
    error_message = "Build caches, asynchronous requests or tests of a batch stay for ever, or something else goes."
  }
}

run "lets_the_roles_of_a_stage_in_another_account_at_what_the_stage_needs" {
  command = plan

  module {
    source = "./modules/storage"
  }

  variables {
    stage_account_ids = { prod = "444455556666" }
  }

  assert {
    condition = toset([for statement in data.aws_iam_policy_document.stage_access["prod"].statement : statement.sid]) == toset(
      ["ProdDeployment", "ProdInputs", "ProdAnswers", "ProdFind"]
    )
    error_message = "The bucket lets somebody in who has no reason, or keeps the stage out."
  }

  assert {
    condition = alltrue(flatten([
      for statement in data.aws_iam_policy_document.stage_access["prod"].statement : [
        for condition in statement.condition : condition.variable == "aws:PrincipalArn" && alltrue([
          for arn in condition.values : startswith(arn, "arn:aws:iam::444455556666:role/${var.project.short_prefix}-prod-")
        ])
      ]
    ]))
    error_message = "The bucket lets in others than the stage's roles."
  }

  assert {
    condition     = length(aws_ecr_repository_policy.model) == 1 && length(aws_sagemaker_model_package_group_policy.this) == 1
    error_message = "The stage's account cannot pull the image, or not read model versions."
  }
}
