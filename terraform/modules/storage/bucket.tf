# The project's bucket: data, models, reports, pipeline artifacts and build caches; the pipelines' roles are next.

locals {
  bucket_name = lower("${var.project.short_prefix}-${var.project.account_id}")
  bucket_arn  = "arn:${var.project.partition}:s3:::${local.bucket_name}"

  expirations = {
    expire-build-caches = { prefix = "cache/", days = 30 }
    # Requests and answers are customers' data: who wants to keep an answer fetches it.
    expire-asynchronous-requests = { prefix = "asynchronous/", days = 30 }
    # What the tests of a stage in mode batch leave; beside it is the team's data, which stays.
    expire-batch-tests-of-staging = { prefix = "batch/staging/tests/", days = 30 }
    expire-batch-tests-of-prod    = { prefix = "batch/prod/tests/", days = 30 }
  }
}

module "bucket" {
  source = "../bucket"

  name            = local.bucket_name
  kms_key_arn     = var.project.kms_key_arn
  access_policies = values(data.aws_iam_policy_document.stage_access)[*].json
  expirations     = local.expirations

  tags = {
    keep-data-on-delete = tostring(var.keep_data_on_delete)
  }
}
