# First of all: two repositories, which the runner applies alone and seeds before the pipelines exist.

module "repositories" {
  source = "./modules/repositories"

  name_prefix          = local.name_prefix
  kms_key_arn          = var.kms_key_arn
  connection_arn       = var.connection_arn
  build_repository_id  = var.build_repository_id
  deploy_repository_id = var.deploy_repository_id
  repository_host      = var.repository_host
}
