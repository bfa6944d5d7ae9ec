# The environment as a whole: what is made by default, what is left out, what is taken instead, and what is refused.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = {
      account_id = "111122223333"
    }
  }

  mock_data "aws_partition" {
    defaults = {
      partition  = "aws"
      dns_suffix = "amazonaws.com"
    }
  }

  mock_data "aws_region" {
    defaults = {
      name = "eu-west-1"
    }
  }

  mock_data "aws_availability_zones" {
    defaults = {
      names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    }
  }

  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{\"Statement\": []}"
    }
  }

  mock_resource "aws_kms_key" {
    defaults = {
      arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    }
  }

  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::111122223333:role/made"
    }
  }

  mock_resource "aws_iam_policy" {
    defaults = {
      arn = "arn:aws:iam::111122223333:policy/made"
    }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = {
      arn = "arn:aws:logs:eu-west-1:111122223333:log-group:made"
    }
  }
}

run "makes_everything_private_by_default" {
  command = plan

  assert {
    condition     = length(output.network.subnet_ids) == 2 && length(module.studio) == 1 && toset(keys(output.buckets)) == toset(["artifacts", "data", "features"])
    error_message = "Two private subnets, a domain and three buckets are the default."
  }

  assert {
    condition     = toset(keys(output.studio_role_arns)) == toset(["approver", "data-scientist", "lead"])
    error_message = "Each persona has a role of its own."
  }
}

run "leaves_out_what_is_not_wanted" {
  command = plan

  variables {
    create_network = false
    create_studio  = false
    create_data    = false
  }

  assert {
    condition     = output.network == null && length(module.studio) == 0 && length(output.buckets) == 0
    error_message = "A part that is not wanted is made."
  }
}

run "takes_a_network_and_a_key_that_exist" {
  command = plan

  variables {
    create_network = false
    existing_network = {
      vpc_id             = "vpc-1"
      subnet_ids         = ["subnet-1", "subnet-2"]
      security_group_ids = ["sg-1"]
    }
    kms_key_arn = "arn:aws:kms:eu-west-1:111122223333:key/given"
  }

  assert {
    condition     = output.network.vpc_id == "vpc-1" && output.kms_key_arn == "arn:aws:kms:eu-west-1:111122223333:key/given" && length(aws_kms_key.this) == 0
    error_message = "The given network or key is not used."
  }

  assert {
    condition     = aws_ssm_parameter.network["subnet-ids"].value == "subnet-1,subnet-2"
    error_message = "The given network cannot be found in Parameter Store."
  }
}

run "refuses_studio_without_a_network" {
  command = plan

  variables {
    create_network = false
  }

  expect_failures = [var.create_studio]
}

run "refuses_two_networks" {
  command = plan

  variables {
    existing_network = {
      vpc_id             = "vpc-1"
      subnet_ids         = ["subnet-1"]
      security_group_ids = ["sg-1"]
    }
  }

  expect_failures = [var.existing_network]
}

run "refuses_an_unknown_persona" {
  command = plan

  variables {
    users = {
      anna = { persona = "boss" }
    }
  }

  expect_failures = [var.users]
}

run "refuses_users_that_do_not_fit_the_authentication" {
  command = plan

  variables {
    studio = { auth_mode = "SSO" }
    users = {
      anna = { persona = "lead" }
    }
  }

  expect_failures = [var.users]
}

run "refuses_addresses_that_are_none" {
  command = plan

  variables {
    network = { cidr = "10.0.0.0/8" }
  }

  expect_failures = [var.network]
}
