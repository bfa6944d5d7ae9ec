# What all projects of the environment share: data to train on, artifacts, and the feature store's offline data.

module "bucket" {
  source   = "../modules/bucket"
  for_each = var.create_data ? toset(["data", "artifacts", "features"]) : []

  name               = "${var.name}-${each.key}-${local.account_id}-${local.region}"
  kms_key_arn        = local.kms_key_arn
  reader_account_ids = each.key == "artifacts" ? var.workload_account_ids : []
}

resource "aws_ssm_parameter" "bucket" {
  #checkov:skip=CKV2_AWS_34:A bucket's name is no secret, and whoever makes a project must be able to read it without a key.
  for_each = module.bucket

  name        = "/${var.name}/buckets/${each.key}"
  description = "Bucket of the ML environment ${var.name}"
  type        = "String"
  value       = each.value.name
}
