# The network, made or given, and where others find it: in Parameter Store.

module "network" {
  source = "./modules/network"
  count  = var.create_network ? 1 : 0

  name               = var.name
  cidr               = var.network.cidr
  zones              = var.network.zones
  nat                = var.network.nat
  endpoints          = var.network.endpoints
  kms_key_arn        = local.kms_key_arn
  log_retention_days = var.log_retention_days
  boundary_arn       = var.boundary_arn
}

locals {
  network = var.create_network ? {
    vpc_id             = module.network[0].vpc_id
    subnet_ids         = module.network[0].subnet_ids
    security_group_ids = module.network[0].security_group_ids
  } : var.existing_network
  has_network = var.create_network || var.existing_network != null
}

resource "aws_ssm_parameter" "network" {
  #checkov:skip=CKV2_AWS_34:Ids of a network are no secrets, and whoever makes a project must be able to read them without a key.
  for_each = local.has_network ? toset(["vpc-id", "subnet-ids", "security-group-ids"]) : []

  name        = "/${var.name}/network/${each.key}"
  description = "Network of the ML environment ${var.name}"
  type        = each.key == "vpc-id" ? "String" : "StringList"
  value = {
    vpc-id             = local.network.vpc_id
    subnet-ids         = join(",", local.network.subnet_ids)
    security-group-ids = join(",", local.network.security_group_ids)
  }[each.key]
}
