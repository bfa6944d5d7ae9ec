# First of all: two repositories, which the runner applies alone and seeds before the pipelines exist.

module "repositories" {
  source = "./modules/repositories"

  name_prefix = local.name_prefix
  kms_key_arn = var.kms_key_arn
}
