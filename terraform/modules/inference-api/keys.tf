# With API_KEY: a key for each stage, so that a key to staging does not open production. Values are read in the console.

locals {
  keyed_stages = var.authorization == "API_KEY" ? aws_api_gateway_stage.this : {}
}

resource "aws_api_gateway_api_key" "this" {
  for_each = local.keyed_stages

  name        = "${var.project.name_prefix}-${each.key}"
  description = "Opens ${each.key} of ${var.project.name_prefix}"
}

resource "aws_api_gateway_usage_plan" "this" {
  for_each = local.keyed_stages

  name        = "${var.project.name_prefix}-${each.key}"
  description = "What the key to ${each.key} may use"

  api_stages {
    api_id = each.value.rest_api_id
    stage  = each.value.stage_name
  }

  throttle_settings {
    rate_limit  = local.throttles[each.key].rate
    burst_limit = local.throttles[each.key].burst
  }
}

resource "aws_api_gateway_usage_plan_key" "this" {
  for_each = local.keyed_stages

  key_id        = aws_api_gateway_api_key.this[each.key].id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.this[each.key].id
}
