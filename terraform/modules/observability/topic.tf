# The topic that people follow: what waits for approval, failed pipelines, alarms.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

resource "aws_sns_topic" "approvals" {
  name              = "${var.name}-approvals"
  display_name      = "Model approvals"
  kms_master_key_id = var.project.kms_key_arn
}

data "aws_iam_policy_document" "topic" {
  # The deploy pipeline asks for approval with its own role, which needs no statement here.
  statement {
    sid       = "AlarmsAndFailedPipelines"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.approvals.arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values = [
        "arn:${var.project.partition}:cloudwatch:${var.project.region}:${var.project.account_id}:alarm:${var.name}-*",
        "arn:${var.project.partition}:events:${var.project.region}:${var.project.account_id}:rule/${local.failure_rule}",
      ]
    }
  }
}

resource "aws_sns_topic_policy" "approvals" {
  arn    = aws_sns_topic.approvals.arn
  policy = data.aws_iam_policy_document.topic.json
}

resource "aws_sns_topic_subscription" "approver" {
  count = var.approver_email == "" ? 0 : 1

  topic_arn = aws_sns_topic.approvals.arn
  protocol  = "email"
  endpoint  = var.approver_email
}
