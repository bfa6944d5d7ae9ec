# Starts the pipeline on a push to main, on an approval (which carries its version along) and on any other decision.

locals {
  # By a connection, pushes start the pipeline without an event.
  rules = { for key, rule in local.all_rules : key => rule if key != "push" || var.repository.sends_events }

  all_rules = {
    push = {
      name        = "${var.project.short_prefix}-deploy-push"
      description = "A push to main of ${var.repository.name} starts ${local.pipeline_name}"
      pattern = {
        source      = ["aws.codecommit"]
        detail-type = ["CodeCommit Repository State Change"]
        resources   = [var.repository.arn]
        detail = {
          event         = ["referenceCreated", "referenceUpdated"]
          referenceType = ["branch"]
          referenceName = ["main"]
        }
      }
    }
    approved = {
      name        = "${var.project.short_prefix}-model-approved"
      description = "An approved version of ${var.model_package_group.name} starts ${local.pipeline_name} with that version"
      pattern = {
        source      = ["aws.sagemaker"]
        detail-type = ["SageMaker Model Package State Change"]
        detail = {
          ModelPackageGroupName = [var.model_package_group.name]
          ModelApprovalStatus   = ["Approved"]
        }
      }
    }
    # A rejection takes a version out of service: the run deploys the newest version that is still approved.
    withdrawn = {
      name        = "${var.project.short_prefix}-model-other"
      description = "A version of ${var.model_package_group.name} that is approved no more starts ${local.pipeline_name}"
      pattern = {
        source      = ["aws.sagemaker"]
        detail-type = ["SageMaker Model Package State Change"]
        detail = {
          ModelPackageGroupName = [var.model_package_group.name]
          ModelApprovalStatus   = [{ anything-but = ["Approved", "PendingManualApproval"] }]
        }
      }
    }
  }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.rules

  name          = each.value.name
  description   = each.value.description
  event_pattern = jsonencode(each.value.pattern)
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.rules

  rule     = aws_cloudwatch_event_rule.this[each.key].name
  arn      = aws_codepipeline.this.arn
  role_arn = module.events_role.arn

  # jsonencode would write the angle brackets as \u003c, which EventBridge does not take for a placeholder.
  dynamic "input_transformer" {
    for_each = each.key == "approved" ? [true] : []

    content {
      input_paths    = { arn = "$.detail.ModelPackageArn" }
      input_template = <<-JSON
        {"variables": [{"name": "ModelPackageArn", "value": "<arn>"}]}
      JSON
    }
  }
}

data "aws_iam_policy_document" "events" {
  statement {
    sid       = "StartPipeline"
    actions   = ["codepipeline:StartPipelineExecution"]
    resources = [aws_codepipeline.this.arn]
  }
}

module "events_role" {
  source = "../role"

  project     = var.project
  actor       = "deploy-events"
  description = "Starts ${local.pipeline_name} on events"
  service     = "events"
  policy_json = data.aws_iam_policy_document.events.json
}
