# Starts the pipeline when somebody pushes to main, where pushes come as events; a connection starts it by itself.

resource "aws_cloudwatch_event_rule" "push" {
  count = var.repository.sends_events ? 1 : 0

  name        = "${var.project.short_prefix}-build-push"
  description = "A push to main of ${var.repository.name} starts ${aws_codepipeline.this.name}"

  event_pattern = jsonencode({
    source      = ["aws.codecommit"]
    detail-type = ["CodeCommit Repository State Change"]
    resources   = [var.repository.arn]
    detail = {
      event         = ["referenceCreated", "referenceUpdated"]
      referenceType = ["branch"]
      referenceName = ["main"]
    }
  })
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
  count  = var.repository.sends_events ? 1 : 0

  project     = var.project
  actor       = "build-events"
  description = "Starts ${aws_codepipeline.this.name} on events"
  service     = "events"
  policy_json = data.aws_iam_policy_document.events.json
}

# Terraform finds a resource again that has got a count, but not what is in a module that has.
moved {
  from = module.events_role
  to   = module.events_role[0]
}

resource "aws_cloudwatch_event_target" "push" {
  count = var.repository.sends_events ? 1 : 0

  rule     = aws_cloudwatch_event_rule.push[0].name
  arn      = aws_codepipeline.this.arn
  role_arn = module.events_role[0].arn
}
