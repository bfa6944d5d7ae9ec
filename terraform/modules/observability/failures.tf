# Tells the topic when a pipeline of the project fails.

locals {
  failure_rule = "${var.project.short_prefix}-failures"
}

resource "aws_cloudwatch_event_rule" "failures" {
  count = length(var.pipelines) > 0 ? 1 : 0

  name        = local.failure_rule
  description = "A failed pipeline of ${var.project.name_prefix} is told to its topic"

  event_pattern = jsonencode({
    source      = ["aws.codepipeline"]
    detail-type = ["CodePipeline Pipeline Execution State Change"]
    detail = {
      pipeline = values(var.pipelines)
      state    = ["FAILED"]
    }
  })
}

resource "aws_cloudwatch_event_target" "failures" {
  count = length(var.pipelines) > 0 ? 1 : 0

  rule = aws_cloudwatch_event_rule.failures[0].name
  arn  = aws_sns_topic.approvals.arn

  input_transformer {
    input_paths = {
      pipeline  = "$.detail.pipeline"
      execution = "$.detail.execution-id"
      region    = "$.region"
    }
    input_template = <<-TEXT
      "Pipeline <pipeline> failed. Why: https://<region>.console.aws.amazon.com/codesuite/codepipeline/pipelines/<pipeline>/executions/<execution>/timeline?region=<region>"
    TEXT
  }

  depends_on = [aws_sns_topic_policy.approvals]
}
