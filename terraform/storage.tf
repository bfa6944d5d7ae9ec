# Where everything that the pipelines make is kept: the bucket, the image repositories and the model package group.

module "storage" {
  source = "./modules/storage"

  project             = local.project
  keep_data_on_delete = var.keep_data_on_delete
  stage_account_ids   = { for stage, arn in local.account_role_arns : stage => split(":", arn)[4] }
}
