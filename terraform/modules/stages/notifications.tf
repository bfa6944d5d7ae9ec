# What asynchronous endpoints tell: a topic per stage, for applications to subscribe; without that mode nothing comes.

locals {
  notification_topics = { for stage, facts in var.stages : stage => "${facts.endpoint_name}-predictions" }
  notification_topic_arns = {
    for stage, name in local.notification_topics :
    stage => "arn:${var.project.partition}:sns:${var.project.region}:${var.project.account_id}:${name}"
  }
}

resource "aws_sns_topic" "predictions" {
  for_each = local.notification_topics

  name              = each.value
  display_name      = "Predictions of ${each.key}"
  kms_master_key_id = var.project.kms_key_arn
}
