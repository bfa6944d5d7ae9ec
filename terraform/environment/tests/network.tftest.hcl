# The network: how many subnets, which ways out, and that nothing comes in from elsewhere.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = {
      account_id = "111122223333"
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

  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::111122223333:role/made"
    }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = {
      arn = "arn:aws:logs:eu-west-1:111122223333:log-group:made"
    }
  }
}

variables {
  name               = "ml"
  cidr               = "10.42.0.0/16"
  zones              = 3
  nat                = "none"
  kms_key_arn        = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  log_retention_days = 365
  boundary_arn       = null
}

run "has_no_way_to_the_internet_unless_asked" {
  command = plan

  module {
    source = "./modules/network"
  }

  assert {
    condition     = length(aws_internet_gateway.this) == 0 && length(aws_nat_gateway.this) == 0 && length(aws_vpc_security_group_egress_rule.to_internet) == 0
    error_message = "There is a way out although none was asked for."
  }

  assert {
    condition     = [for zone in ["eu-west-1a", "eu-west-1b", "eu-west-1c"] : aws_subnet.private[zone].cidr_block] == ["10.42.0.0/18", "10.42.64.0/18", "10.42.128.0/18"]
    error_message = "The private subnets do not share the VPC's addresses as they should."
  }

  assert {
    condition     = aws_vpc_endpoint.interface["studio"].service_name == "aws.sagemaker.eu-west-1.studio" && aws_vpc_endpoint.interface["sts"].service_name == "com.amazonaws.eu-west-1.sts"
    error_message = "An endpoint's service has another name."
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.private_dns_enabled])
    error_message = "Clients would not find an endpoint by the service's own name."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.among_workloads.ip_protocol == "-1" && aws_vpc_security_group_egress_rule.among_workloads.ip_protocol == "-1"
    error_message = "Hosts of one job cannot encrypt what they say to one another, which takes UDP and ESP."
  }

  assert {
    condition     = contains(data.aws_availability_zones.this.exclude_zone_ids, "use1-az3")
    error_message = "An endpoint would be asked for in a zone where its service has none."
  }

  assert {
    condition     = !contains(keys(aws_vpc_endpoint.interface), "execute-api")
    error_message = "Public APIs, projects' among them, would be answered 403 in the VPC."
  }

  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_cloudwatch_log_group.flow.kms_key_id == var.kms_key_arn
    error_message = "Some traffic is not logged, or the log is not encrypted with the key."
  }
}

run "shares_one_gateway_where_that_is_enough" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    nat = "single"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route.nat) == 3
    error_message = "One gateway serves the private subnets of all zones."
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.public : !coalesce(subnet.map_public_ip_on_launch, false)])
    error_message = "What starts in a public subnet must not be reachable."
  }
}

run "survives_the_loss_of_a_zone_where_that_matters" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    nat = "per-zone"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 3 && length(aws_eip.nat) == 3
    error_message = "Every zone has a gateway of its own."
  }
}

run "reaches_only_the_services_that_are_named" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    endpoints = ["sts", "logs", "iam", "studio"]
  }

  assert {
    condition = { for service, endpoint in aws_vpc_endpoint.interface : service => endpoint.service_name } == {
      iam    = "com.amazonaws.iam"
      logs   = "com.amazonaws.eu-west-1.logs"
      sts    = "com.amazonaws.eu-west-1.sts"
      studio = "aws.sagemaker.eu-west-1.studio"
    }
    error_message = "The endpoints are not the ones named."
  }
}

# us-west-1, for one, has two at most for an account.
run "says_that_a_region_has_fewer_zones_than_asked" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    zones = 4
  }

  expect_failures = [data.aws_availability_zones.this]
}
