# The central model registry and who hears of it.

module "registry" {
  source = "./modules/registry"

  name               = var.name
  groups             = var.model_package_groups
  reader_account_ids = var.workload_account_ids
  bus_arn            = var.central_bus_arn
  boundary_arn       = var.boundary_arn
}
