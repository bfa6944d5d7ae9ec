# Who is told what: the topic and its subscriber, alarms that say something, a dashboard that AWS can read.

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  name      = "sagemaker-churn-p-1"
  pipelines = { modelbuild = "sagemaker-churn-p-1-modelbuild", modeldeploy = "sagemaker-churn-p-1-modeldeploy" }
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
  approver_email   = ""
  project_variant  = "config-only"
  template_version = "0123456789abcdef"
  stages = {
    staging = { endpoint_name = "sagemaker-churn-p-1-staging", function_name = "sagemaker-churn-p-1-staging" }
    prod    = { endpoint_name = "sagemaker-churn-p-1-prod", function_name = "sagemaker-churn-p-1-prod" }
  }
  access_log_groups = {
    staging = "/aws/api-gateway/sagemaker-churn-p-1/staging"
    prod    = "/aws/api-gateway/sagemaker-churn-p-1/prod"
  }
}

run "watches_both_stages_and_tells_nobody_without_an_address" {
  command = plan

  module {
    source = "./modules/observability"
  }

  assert {
    condition     = length(aws_sns_topic_subscription.approver) == 0
    error_message = "Somebody is subscribed."
  }

  assert {
    condition = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset([
      for pair in setproduct(["staging", "prod"], ["api-errors", "api-latency", "api-throttles", "endpoint-errors", "endpoint-latency"]) : join("-", pair)
    ])
    error_message = "An alarm is missing."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["prod-endpoint-errors"].dimensions == tomap({ EndpointName = "sagemaker-churn-p-1-prod", VariantName = "AllTraffic" })
    error_message = "The alarm watches another endpoint."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.treat_missing_data == "notBreaching"])
    error_message = "An alarm fires although there is no traffic."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.failures[0].event_pattern).detail == { pipeline = ["sagemaker-churn-p-1-modelbuild", "sagemaker-churn-p-1-modeldeploy"], state = ["FAILED"] }
    error_message = "Other pipelines, or other states, are told."
  }

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) == 1 + 2 * length(local.graphs)
    error_message = "A graph is missing."
  }

  assert {
    condition     = length(distinct([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : "${widget.x}/${widget.y}"])) == 1 + 2 * length(local.graphs)
    error_message = "Two graphs lie on top of each other."
  }
}

run "subscribes_the_approver" {
  command = plan

  module {
    source = "./modules/observability"
  }

  variables {
    approver_email = "approver@example.com"
  }

  assert {
    condition     = aws_sns_topic_subscription.approver[0].protocol == "email" && aws_sns_topic_subscription.approver[0].endpoint == "approver@example.com"
    error_message = "The approver is not subscribed by e-mail."
  }
}

run "tells_of_a_stage_in_another_account_under_the_stage_s_name" {
  command = plan

  module {
    source = "./modules/observability"
  }

  variables {
    name      = "sagemaker-churn-p-1-prod"
    pipelines = {}
    stages    = { prod = { endpoint_name = "sagemaker-churn-p-1-prod", function_name = "sagemaker-churn-p-1-prod" } }
  }

  assert {
    condition     = aws_sns_topic.approvals.name == "sagemaker-churn-p-1-prod-approvals" && aws_cloudwatch_dashboard.this.dashboard_name == "sagemaker-churn-p-1-prod"
    error_message = "Two stages in one account would share a topic or dashboard."
  }

  assert {
    condition     = length(aws_cloudwatch_event_rule.failures) == 0
    error_message = "Pipelines are watched where there are none."
  }
}
