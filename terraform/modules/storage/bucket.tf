# The project's bucket: data, models, reports, pipeline artifacts and build caches; the pipelines' roles are next.

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18:Who read what is in CloudTrail's data events, a decision of the account and not of one project.
  #checkov:skip=CKV_AWS_144:Everything here can be made again from the repositories and the data; a copy in another region is not worth its cost.
  #checkov:skip=CKV2_AWS_62:Nothing waits for objects in this bucket; the pipelines start by events of their repositories and of the registry.
  bucket = lower("${var.project.short_prefix}-${var.project.account_id}")

  # Deleting a project empties the bucket on purpose, in the runner, and never by a slip of a plan.
  force_destroy = false

  tags = {
    keep-data-on-delete = tostring(var.keep_data_on_delete)
  }
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket = aws_s3_bucket.this.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.project.kms_key_arn
    }
  }
}

data "aws_iam_policy_document" "bucket" {
  statement {
    sid       = "DenyPlainHttp"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = data.aws_iam_policy_document.bucket.json

  # S3 refuses two changes of a bucket's access at the same time.
  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "forget-old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 90
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  rule {
    id     = "expire-build-caches"
    status = "Enabled"

    filter {
      prefix = "cache/"
    }

    expiration {
      days = 30
    }

    noncurrent_version_expiration {
      noncurrent_days = 1
    }
  }

  # Requests and answers are customers' data: who wants to keep an answer fetches it.
  rule {
    id     = "expire-asynchronous-requests"
    status = "Enabled"

    filter {
      prefix = "asynchronous/"
    }

    expiration {
      days = 30
    }

    noncurrent_version_expiration {
      noncurrent_days = 1
    }
  }

  # Lifecycle rules count versions, so they are set after versioning is.
  depends_on = [aws_s3_bucket_versioning.this]
}
