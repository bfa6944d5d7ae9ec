# A bucket: closed, encrypted, and emptied by nobody's plan.

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  name        = "sagemaker-churn-p-1-111122223333"
  kms_key_arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  expirations = { expire-build-caches = { prefix = "cache/", days = 30 } }
  tags        = { keep-data-on-delete = "true" }
}

run "keeps_data_closed_and_encrypted" {
  command = plan

  module {
    source = "./modules/bucket"
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).kms_master_key_id == var.kms_key_arn && one(aws_s3_bucket_server_side_encryption_configuration.this.rule).bucket_key_enabled
    error_message = "The bucket is not encrypted with the given key."
  }

  assert {
    condition     = alltrue([aws_s3_bucket_public_access_block.this.block_public_acls, aws_s3_bucket_public_access_block.this.block_public_policy, aws_s3_bucket_public_access_block.this.ignore_public_acls, aws_s3_bucket_public_access_block.this.restrict_public_buckets])
    error_message = "The bucket can be made public."
  }

  assert {
    condition     = !aws_s3_bucket.this.force_destroy && aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "Terraform may empty the bucket, or an overwritten object is lost."
  }

  assert {
    condition     = aws_s3_bucket.this.tags["keep-data-on-delete"] == "true"
    error_message = "Nobody sees that the bucket outlives the project."
  }

  assert {
    condition     = toset([for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.id]) == toset(["forget-old-versions", "expire-build-caches"])
    error_message = "Old versions or passing objects are kept for ever."
  }
}

run "lets_other_accounts_read_where_they_are_named" {
  command = plan

  module {
    source = "./modules/bucket"
  }

  variables {
    reader_account_ids = ["210987654321"]
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.this.statement : statement.sid] == ["DenyPlainHttp", "OtherAccountsRead"]
    error_message = "The accounts named cannot read, or plain HTTP is let in."
  }
}
