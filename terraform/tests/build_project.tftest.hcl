# A build in the platform's network, with the platform's packages; without either nothing of it is there.

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_module {
  target  = module.role
  outputs = { arn = "arn:aws:iam::111122223333:role/sagemaker-churn-p-1-build-image" }
}

override_resource {
  target = aws_cloudwatch_log_group.this
  values = { arn = "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/codebuild/sagemaker-churn-p-1-modelbuild-image" }
}

variables {
  project = {
    name_prefix              = "sagemaker-churn-p-1"
    short_prefix             = "sagemaker-churn-p-1"
    account_id               = "111122223333"
    partition                = "aws"
    dns_suffix               = "amazonaws.com"
    region                   = "eu-west-1"
    kms_key_arn              = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    permissions_boundary_arn = "arn:aws:iam::111122223333:policy/sagemaker-project-boundary"
    network = {
      vpc_id             = "vpc-1"
      subnet_ids         = ["subnet-1", "subnet-2"]
      security_group_ids = ["sg-1"]
    }
    vendored = {
      packages_uri          = "s3://artifacts/vendor/packages"
      base_image_repository = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/mlproject-platform/base-images"
    }
  }
  bucket        = { name = "sagemaker-churn-p-1-111122223333", arn = "arn:aws:s3:::sagemaker-churn-p-1-111122223333" }
  name          = "modelbuild-image"
  actor         = "build-image"
  description   = "Builds"
  buildspec     = "buildspec/image.yml"
  builds_images = true
  environment   = { OWN = "value" }
}

run "builds_in_the_platforms_network_with_its_packages" {
  command = plan

  module {
    source = "./modules/build-project"
  }

  assert {
    condition = one(aws_codebuild_project.this.vpc_config) == {
      vpc_id             = "vpc-1"
      subnets            = toset(["subnet-1", "subnet-2"])
      security_group_ids = toset(["sg-1"])
    }
    error_message = "The build is not in the network."
  }

  assert {
    condition = output.environment == {
      OWN                   = "value"
      PACKAGES_URI          = "s3://artifacts/vendor/packages"
      BASE_IMAGE_REPOSITORY = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/mlproject-platform/base-images"
    }
    error_message = "The build is not told where packages and base images are."
  }

  assert {
    condition = {
      for statement in jsondecode(data.aws_iam_policy_document.vendored[0].json).Statement : statement.Sid => statement.Resource
      } == {
      ReadPackages   = "arn:aws:s3:::artifacts/vendor/packages/*"
      FindPackages   = "arn:aws:s3:::artifacts"
      PullBaseImages = "arn:aws:ecr:eu-west-1:111122223333:repository/mlproject-platform/base-images"
    }
    error_message = "The build may read something else than what is vendored."
  }
}

run "stays_outside_of_the_network_where_what_it_calls_is_outside" {
  command = plan

  module {
    source = "./modules/build-project"
  }

  variables {
    in_network = false
  }

  assert {
    condition     = length(aws_codebuild_project.this.vpc_config) == 0
    error_message = "The build is in the network, from which public APIs are not reached."
  }

  assert {
    condition     = output.environment.PACKAGES_URI == "s3://artifacts/vendor/packages"
    error_message = "Outside of the network the build takes packages from elsewhere."
  }
}

run "knows_neither_network_nor_platform_packages_where_there_are_none" {
  command = plan

  module {
    source = "./modules/build-project"
  }

  variables {
    project = {
      name_prefix              = "sagemaker-churn-p-1"
      short_prefix             = "sagemaker-churn-p-1"
      account_id               = "111122223333"
      partition                = "aws"
      dns_suffix               = "amazonaws.com"
      region                   = "eu-west-1"
      kms_key_arn              = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
      permissions_boundary_arn = "arn:aws:iam::111122223333:policy/sagemaker-project-boundary"
    }
  }

  assert {
    condition     = length(aws_codebuild_project.this.vpc_config) == 0 && output.environment == { OWN = "value" } && length(data.aws_iam_policy_document.vendored) == 0
    error_message = "A build that has internet is told of something else."
  }
}
