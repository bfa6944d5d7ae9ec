# The project's bucket: data, models, reports, pipeline artifacts and build caches; the pipelines' roles are next.

module "bucket" {
  source = "../bucket"

  name        = lower("${var.project.short_prefix}-${var.project.account_id}")
  kms_key_arn = var.project.kms_key_arn

  expirations = {
    expire-build-caches = { prefix = "cache/", days = 30 }
    # Requests and answers are customers' data: who wants to keep an answer fetches it.
    expire-asynchronous-requests = { prefix = "asynchronous/", days = 30 }
  }

  tags = {
    keep-data-on-delete = tostring(var.keep_data_on_delete)
  }
}
