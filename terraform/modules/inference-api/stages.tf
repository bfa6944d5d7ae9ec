# Deploys the API to staging and prod, each with its function, limits, logs and traces; callers are next.

locals {
  throttles = {
    staging = { rate = 20, burst = 40 }
    prod    = { rate = 100, burst = 200 }
  }

  access_log_format = jsonencode({
    correlation_id      = "$context.requestId"
    time                = "$context.requestTime"
    stage               = "$context.stage"
    method              = "$context.httpMethod"
    path                = "$context.resourcePath"
    status              = "$context.status"
    caller              = "$context.identity.userArn"
    source_ip           = "$context.identity.sourceIp"
    error               = "$context.error.responseType"
    integration_error   = "$context.integrationErrorMessage"
    integration_status  = "$context.integrationStatus"
    integration_latency = "$context.integrationLatency"
    latency             = "$context.responseLatency"
    response_length     = "$context.responseLength"
    trace               = "$context.xrayTraceId"
  })
}

resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id

  # A deployment is a snapshot: whatever changes the API must make a new one. What defines it are files and one choice;
  # the resources themselves read differently after a refresh and would make a new snapshot for nothing.
  triggers = {
    definition = sha256(join("", [
      for file in ["api.tf", "gateway_responses.tf"] : filesha256("${path.module}/${file}")
    ]))
    authorization = var.authorization
    method        = aws_api_gateway_method.predict.id
  }

  depends_on = [
    aws_api_gateway_gateway_response.this,
    aws_api_gateway_integration.predict,
    aws_api_gateway_model.request,
  ]

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "access" {
  for_each = var.stages

  name              = "/aws/api-gateway/${var.project.name_prefix}/${each.key}"
  retention_in_days = 365
  kms_key_id        = var.project.kms_key_arn
}

# API Gateway would make this one itself, without retention or key, and nobody would delete it.
resource "aws_cloudwatch_log_group" "execution" {
  for_each = var.stages

  name              = "API-Gateway-Execution-Logs_${aws_api_gateway_rest_api.this.id}/${each.key}"
  retention_in_days = 365
  kms_key_id        = var.project.kms_key_arn
}

# Logs need the account's CloudWatch role for API Gateway, one for all APIs of a region; the platform sets it.
resource "aws_api_gateway_stage" "this" {
  #checkov:skip=CKV_AWS_120:Every prediction is a POST of another record; there is nothing to cache.
  #checkov:skip=CKV2_AWS_29:Callers are known by signature or key and throttled; a web ACL is a choice of the account.
  #checkov:skip=CKV2_AWS_51:The integration is a function, which is called by IAM and not by client certificate.
  for_each = var.stages

  rest_api_id          = aws_api_gateway_rest_api.this.id
  deployment_id        = aws_api_gateway_deployment.this.id
  stage_name           = each.key
  xray_tracing_enabled = true

  variables = {
    function = each.value.function_name
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access[each.key].arn
    format          = local.access_log_format
  }

  depends_on = [aws_cloudwatch_log_group.execution]
}

resource "aws_api_gateway_method_settings" "this" {
  #checkov:skip=CKV_AWS_225:Every prediction is a POST of another record; there is nothing to cache.
  for_each = aws_api_gateway_stage.this

  rest_api_id = each.value.rest_api_id
  stage_name  = each.value.stage_name
  method_path = "*/*"

  settings {
    metrics_enabled        = true
    logging_level          = "ERROR"
    data_trace_enabled     = false # Bodies may be personal data.
    caching_enabled        = false
    throttling_rate_limit  = local.throttles[each.key].rate
    throttling_burst_limit = local.throttles[each.key].burst
  }
}
