# Roles: one place makes them, always under the boundary, and each for one service of this account.

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
  actor       = "test-staging"
  description = "Tests staging"
  service     = "codebuild"
  policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"Given\",\"Effect\":\"Allow\",\"Action\":\"s3:ListBucket\",\"Resource\":\"arn:aws:s3:::b\"}]}"
}

run "bounds_a_role_to_one_service_of_this_account" {
  command = plan

  module {
    source = "./modules/role"
  }

  assert {
    condition     = aws_iam_role.this.permissions_boundary == "arn:aws:iam::111122223333:policy/sagemaker-project-boundary"
    error_message = "The role has no boundary."
  }

  assert {
    condition     = aws_iam_role.this.name == "sagemaker-churn-p-1-test-staging"
    error_message = "The role is not named as the contract says."
  }

  assert {
    condition     = join(" ", [for file in fileset(".", "**/*.tf") : file if !startswith(file, "environment/") && strcontains(file(file), "resource \"aws_iam_role\"")]) == "modules/role/main.tf" && aws_iam_role.this.path == "/"
    error_message = "A role is made elsewhere, perhaps without boundary."
  }

  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "111122223333"
    error_message = "The service may use the role for another account."
  }

  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Action == "sts:AssumeRole"
    error_message = "The service may say more than it has to."
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.this.policy).Statement[*].Sid == ["Given"]
    error_message = "The role may do more than it was given."
  }
}

run "asks_no_account_of_a_service_that_may_not_say_it" {
  command = plan

  module {
    source = "./modules/role"
  }

  variables {
    service = "sagemaker"
  }

  assert {
    condition     = !can(jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Condition)
    error_message = "An endpoint might not get its role."
  }

  assert {
    condition     = toset(jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Action) == toset(["sts:AssumeRole", "sts:SetSourceIdentity"])
    error_message = "Who starts a job from a Studio that passes on who somebody is would be refused."
  }
}

run "uses_the_key_through_named_services_only" {
  command = plan

  module {
    source = "./modules/role"
  }

  variables {
    key_services = ["s3", "sns"]
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Sid => try(statement.Condition.StringEquals["kms:ViaService"], null) } == {
      Given                        = null
      UseProjectKeyThroughServices = ["s3.eu-west-1.amazonaws.com", "sns.eu-west-1.amazonaws.com"]
      DescribeProjectKey           = null
    }
    error_message = "The role may use the key by itself."
  }
}

run "refuses_an_actor_too_long_for_the_role_s_name" {
  command = plan

  module {
    source = "./modules/role"
  }

  variables {
    actor = "a-long-long-actor"
  }

  expect_failures = [var.actor]
}

run "works_in_the_platforms_subnets_and_no_others" {
  command = plan

  module {
    source = "./modules/role"
  }

  variables {
    in_network = true
    project = {
      short_prefix             = "sagemaker-churn-p-1"
      account_id               = "111122223333"
      partition                = "aws"
      dns_suffix               = "amazonaws.com"
      region                   = "eu-west-1"
      kms_key_arn              = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
      permissions_boundary_arn = "arn:aws:iam::111122223333:policy/sagemaker-project-boundary"
      network = {
        vpc_id             = "vpc-1"
        subnet_ids         = ["subnet-1"]
        security_group_ids = ["sg-1"]
      }
    }
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : toset(statement.Resource) if statement.Sid == "EnterNetwork"
      ]) == toset([
      "arn:aws:ec2:eu-west-1:111122223333:network-interface/*",
      "arn:aws:ec2:eu-west-1:111122223333:security-group/sg-1",
      "arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-1",
    ])
    error_message = "The role may enter another network."
  }
}

run "has_no_rights_in_a_network_that_is_not_there" {
  command = plan

  module {
    source = "./modules/role"
  }

  variables {
    in_network = true
  }

  assert {
    condition     = length(data.aws_iam_policy_document.network) == 0
    error_message = "The role has rights in a network though there is none."
  }
}

run "lets_named_roles_of_another_account_assume_a_role" {
  command = plan

  module {
    source = "./modules/role"
  }

  variables {
    service           = null
    trusted_role_arns = ["arn:aws:iam::444455556666:role/sagemaker-churn-p-1-deploy-pipeline"]
    key_services      = ["s3"]
    key_arns          = ["arn:aws:kms:eu-west-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab"]
  }

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{
      Sid       = "RolesOfOtherAccountAssumeRole"
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:aws:iam::444455556666:root" }
      Condition = { ArnEquals = { "aws:PrincipalArn" = "arn:aws:iam::444455556666:role/sagemaker-churn-p-1-deploy-pipeline" } }
    }]
    error_message = "Somebody else may assume the role, or the roles that are named may not."
  }

  assert {
    condition     = length(flatten([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Resource if statement.Sid == "UseProjectKeyThroughServices"])) == 2
    error_message = "The role may not use the other key."
  }
}

run "refuses_more_than_iam_takes" {
  command = plan

  module {
    source = "./modules/role"
  }

  variables {
    policy_json = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:ListBucket", Resource = [for number in range(400) : "arn:aws:s3:::a-bucket-${number}"] }] })
  }

  expect_failures = [aws_iam_role_policy.this]
}
