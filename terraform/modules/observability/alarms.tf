# Alarms per stage: the endpoint or API fails, or is slow, or callers are throttled; each tells the topic.

locals {
  # The endpoint template names its only variant so; metrics of an endpoint are kept by variant.
  variant = "AllTraffic"

  kinds = {
    api-errors = {
      description = "The API answered more than five requests in five minutes with 5XX"
      namespace   = "AWS/ApiGateway", metric = "5XXError", statistic = "Sum", percentile = null, threshold = 5, periods = 1
    }
    api-latency = {
      description = "One request in a hundred took longer than three seconds for fifteen minutes"
      namespace   = "AWS/ApiGateway", metric = "Latency", statistic = null, percentile = "p99", threshold = 3000, periods = 3
    }
    api-throttles = {
      description = "The API throttled more than a hundred requests in five minutes"
      namespace   = local.metric_namespace, metric = "Throttles", statistic = "Sum", percentile = null, threshold = 100, periods = 1
    }
    endpoint-errors = {
      description = "The endpoint answered more than five requests in five minutes with 5XX"
      namespace   = "AWS/SageMaker", metric = "Invocation5XXErrors", statistic = "Sum", percentile = null, threshold = 5, periods = 1
    }
    endpoint-latency = {
      description = "One prediction in a hundred took the model longer than half a second for fifteen minutes"
      namespace   = "AWS/SageMaker", metric = "ModelLatency", statistic = null, percentile = "p99", threshold = 500000, periods = 3
    }
  }

  dimensions = {
    for stage, facts in var.stages : stage => {
      "AWS/ApiGateway"         = { ApiName = var.project.name_prefix, Stage = stage }
      "AWS/SageMaker"          = { EndpointName = facts.endpoint_name, VariantName = local.variant }
      (local.metric_namespace) = { Stage = stage }
    }
  }

  alarms = merge([
    for stage in keys(var.stages) : {
      for kind, alarm in local.kinds : "${stage}-${kind}" => merge(alarm, { stage = stage, dimensions = local.dimensions[stage][alarm.namespace] })
    }
  ]...)

  metric_namespace = "SageMakerProject/${var.project.name_prefix}"
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.project.name_prefix}-${each.key}"
  alarm_description   = "${each.value.description} (${each.value.stage})"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  extended_statistic  = each.value.percentile
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = 300
  evaluation_periods  = each.value.periods
  treat_missing_data  = "notBreaching" # No traffic, and no endpoint yet, are no failures.
  alarm_actions       = [aws_sns_topic.approvals.arn]
  ok_actions          = [aws_sns_topic.approvals.arn]
}
