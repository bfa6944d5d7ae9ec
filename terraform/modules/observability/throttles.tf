# Counts throttled requests from the access logs, since API Gateway has no metric of them; alarms.tf is next.

resource "aws_cloudwatch_log_metric_filter" "throttles" {
  for_each = var.access_log_groups

  name           = "throttles"
  log_group_name = each.value
  pattern        = "{ $.status = \"429\" }"

  metric_transformation {
    namespace  = local.metric_namespace
    name       = "Throttles"
    value      = "1"
    unit       = "Count"
    dimensions = { Stage = "$.stage" }
  }
}
