# Studio: the domain, who works in it and as what, and that projects can be made from the Service Catalog.

module "studio" {
  source = "./modules/studio"
  count  = var.create_studio ? 1 : 0

  name         = var.name
  kms_key_arn  = local.kms_key_arn
  network      = local.network
  studio       = var.studio
  users        = var.users
  boundary_arn = var.boundary_arn
  data = {
    buckets_readable  = [for name in ["data", "features"] : module.bucket[name].arn if var.create_data]
    buckets_writeable = [for name in ["artifacts", "features"] : module.bucket[name].arn if var.create_data]
  }
}
