# What every build may do (its log, source and cache) with what this one may do; main.tf gives it to the project.

data "aws_iam_policy_document" "build" {
  source_policy_documents = concat(var.policy_json == null ? [] : [var.policy_json], data.aws_iam_policy_document.vendored[*].json)

  statement {
    sid       = "WriteOwnLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }

  # CodePipeline puts artifacts below the first characters of the pipeline's name, which the name prefix begins with.
  statement {
    sid       = "ReadPipelineArtifacts"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${var.bucket.arn}/sagemaker-*"]
  }

  statement {
    sid       = "KeepOwnCache"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${var.bucket.arn}/cache/${local.name}/*", "${var.bucket.arn}/cache/${local.name}"]
  }

  statement {
    sid       = "FindInProjectBucket"
    actions   = ["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:ListBucket"]
    resources = [var.bucket.arn]
  }
}

module "role" {
  source = "../role"

  project      = var.project
  actor        = var.actor
  description  = "Build ${local.name}: ${var.description}"
  service      = "codebuild"
  policy_json  = data.aws_iam_policy_document.build.json
  key_services = ["s3"]
  in_network   = var.in_network
}
