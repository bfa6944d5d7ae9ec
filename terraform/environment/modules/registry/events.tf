# Tells a central bus of every model package that is made or changes its approval.

locals {
  buses = var.bus_arn == "" ? [] : [var.bus_arn]
}

data "aws_caller_identity" "current" {}

resource "aws_cloudwatch_event_rule" "changed" {
  count = length(local.buses)

  name        = "${var.name}-model-packages"
  description = "Every change of a model package, for the central bus"
  event_pattern = jsonencode({
    source        = ["aws.sagemaker"]
    "detail-type" = ["SageMaker Model Package State Change"]
  })
}

data "aws_iam_policy_document" "events_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

data "aws_iam_policy_document" "events" {
  count = length(local.buses)

  statement {
    sid       = "TellTheCentralBus"
    actions   = ["events:PutEvents"]
    resources = local.buses
  }
}

resource "aws_iam_role" "events" {
  count = length(local.buses)

  name                 = "${var.name}-registry-events"
  description          = "Sends changes of model packages to the central bus"
  assume_role_policy   = data.aws_iam_policy_document.events_trust.json
  permissions_boundary = var.boundary_arn
}

resource "aws_iam_role_policy" "events" {
  count = length(local.buses)

  name   = "central-bus"
  role   = aws_iam_role.events[0].id
  policy = data.aws_iam_policy_document.events[0].json
}

resource "aws_cloudwatch_event_target" "bus" {
  count = length(local.buses)

  rule     = aws_cloudwatch_event_rule.changed[0].name
  arn      = local.buses[0]
  role_arn = aws_iam_role.events[0].arn

  depends_on = [aws_iam_role_policy.events]
}
