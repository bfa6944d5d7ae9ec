# A configuration of somebody else's: reports that are built on every push, queued, served by a function and watched.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

provider "aws" {
  s3_use_path_style = true

  default_tags {
    tags = { team = "reports" }
  }
}

data "aws_caller_identity" "current" {}

data "aws_iam_policy_document" "trust" {
  for_each = toset(["codebuild", "codepipeline", "events", "lambda", "sagemaker"])

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["${each.key}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "service" {
  for_each           = data.aws_iam_policy_document.trust
  name               = "reports-${each.key}"
  assume_role_policy = each.value.json
}

resource "aws_iam_role_policy" "bucket" {
  role = aws_iam_role.service["codebuild"].id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "${aws_s3_bucket.artifacts.arn}/*" }]
  })
}

resource "aws_kms_key" "reports" {
  description             = "Reports"
  deletion_window_in_days = 7
  enable_key_rotation     = true
}

resource "aws_kms_alias" "reports" {
  name          = "alias/reports"
  target_key_id = aws_kms_key.reports.key_id
}

resource "aws_s3_bucket" "artifacts" {
  bucket        = "reports-${data.aws_caller_identity.current.account_id}"
  force_destroy = true
}

resource "aws_s3_bucket_versioning" "artifacts" {
  bucket = aws_s3_bucket.artifacts.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "artifacts" {
  bucket = aws_s3_bucket.artifacts.id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {
      prefix = "old/"
    }

    expiration {
      days = 30
    }
  }
}

resource "aws_s3_object" "greeting" {
  bucket  = aws_s3_bucket.artifacts.id
  key     = "greeting.txt"
  content = "hello"
}

resource "aws_sqs_queue" "reports" {
  name                       = "reports"
  visibility_timeout_seconds = 60
}

resource "aws_sns_topic" "reports" {
  name              = "reports"
  kms_master_key_id = aws_kms_key.reports.arn
}

resource "aws_sns_topic_subscription" "queue" {
  topic_arn = aws_sns_topic.reports.arn
  protocol  = "sqs"
  endpoint  = aws_sqs_queue.reports.arn
}

resource "aws_cloudwatch_log_group" "reports" {
  name              = "/reports/build"
  retention_in_days = 14
}

resource "aws_cloudwatch_metric_alarm" "backlog" {
  alarm_name          = "reports-backlog"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.reports.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 2
  threshold           = 100
  comparison_operator = "GreaterThanThreshold"
  alarm_actions       = [aws_sns_topic.reports.arn]
}

resource "aws_ssm_parameter" "schedule" {
  name  = "/reports/schedule"
  type  = "String"
  value = "nightly"
}

resource "aws_ecr_repository" "reports" {
  name                 = "reports"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = true
}

resource "aws_codecommit_repository" "reports" {
  repository_name = "reports"
  description     = "Queries and layouts"
}

resource "aws_codebuild_project" "reports" {
  name         = "reports"
  service_role = aws_iam_role.service["codebuild"].arn

  source {
    type      = "CODEPIPELINE"
    buildspec = "version: 0.2"
  }

  artifacts {
    type = "CODEPIPELINE"
  }

  environment {
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/amazonlinux2-x86_64-standard:5.0"
    type         = "LINUX_CONTAINER"

    environment_variable {
      name  = "QUEUE"
      value = aws_sqs_queue.reports.url
    }
  }

  logs_config {
    cloudwatch_logs {
      group_name = aws_cloudwatch_log_group.reports.name
    }
  }
}

resource "aws_codepipeline" "reports" {
  name          = "reports"
  role_arn      = aws_iam_role.service["codepipeline"].arn
  pipeline_type = "V2"

  artifact_store {
    type     = "S3"
    location = aws_s3_bucket.artifacts.bucket

    encryption_key {
      id   = aws_kms_key.reports.arn
      type = "KMS"
    }
  }

  stage {
    name = "Source"

    action {
      name             = "Queries"
      category         = "Source"
      owner            = "AWS"
      provider         = "CodeCommit"
      version          = "1"
      output_artifacts = ["queries"]

      configuration = {
        RepositoryName       = aws_codecommit_repository.reports.repository_name
        BranchName           = "main"
        PollForSourceChanges = "false"
      }
    }
  }

  stage {
    name = "Build"

    action {
      name            = "Render"
      category        = "Build"
      owner           = "AWS"
      provider        = "CodeBuild"
      version         = "1"
      input_artifacts = ["queries"]
      configuration   = { ProjectName = aws_codebuild_project.reports.name }
    }
  }
}

resource "aws_cloudwatch_event_rule" "push" {
  name = "reports-push"

  event_pattern = jsonencode({
    source        = ["aws.codecommit"]
    "detail-type" = ["CodeCommit Repository State Change"]
    resources     = [aws_codecommit_repository.reports.arn]
  })
}

resource "aws_cloudwatch_event_target" "push" {
  rule     = aws_cloudwatch_event_rule.push.name
  arn      = aws_codepipeline.reports.arn
  role_arn = aws_iam_role.service["events"].arn
}

resource "aws_cloudwatch_event_rule" "nightly" {
  name                = "reports-nightly"
  schedule_expression = "cron(0 3 * * ? *)"
}

resource "aws_sagemaker_model_package_group" "reports" {
  model_package_group_name = "reports"
}

resource "aws_lambda_function" "reader" {
  function_name = "reports-reader"
  role          = aws_iam_role.service["lambda"].arn
  runtime       = "python3.11"
  handler       = "reader.handler"
  filename      = var.archive
  timeout       = 10

  environment {
    variables = { BUCKET = aws_s3_bucket.artifacts.bucket }
  }
}

resource "aws_lambda_permission" "api" {
  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.reader.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.reports.execution_arn}/*"
}

resource "aws_api_gateway_rest_api" "reports" {
  name = "reports"
}

resource "aws_api_gateway_method" "read" {
  rest_api_id   = aws_api_gateway_rest_api.reports.id
  resource_id   = aws_api_gateway_rest_api.reports.root_resource_id
  http_method   = "GET"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "read" {
  rest_api_id             = aws_api_gateway_rest_api.reports.id
  resource_id             = aws_api_gateway_rest_api.reports.root_resource_id
  http_method             = aws_api_gateway_method.read.http_method
  integration_http_method = "POST"
  type                    = "AWS_PROXY"
  uri                     = aws_lambda_function.reader.invoke_arn
}

resource "aws_api_gateway_deployment" "reports" {
  rest_api_id = aws_api_gateway_rest_api.reports.id
  depends_on  = [aws_api_gateway_integration.read]
}

resource "aws_api_gateway_stage" "live" {
  rest_api_id   = aws_api_gateway_rest_api.reports.id
  deployment_id = aws_api_gateway_deployment.reports.id
  stage_name    = "live"
}

variable "archive" {
  type = string
}

output "api" {
  value = aws_api_gateway_rest_api.reports.id
}
