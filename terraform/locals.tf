# Makes every name of the project, once; the modules take them from here and nobody asks AWS for one.

locals {
  name_prefix = "sagemaker-${var.project_name}-${var.project_id}"

  # Roles (64 characters), endpoints and buckets (63) have no room for a name of 32.
  short_name   = replace(substr(var.project_name, 0, min(16, length(var.project_name))), "/-+$/", "")
  short_prefix = "sagemaker-${local.short_name}-${var.project_id}"

  # Whose models run in images that AWS keeps, each region's in an account of its own.
  variants_of_aws_images = ["autopilot", "huggingface", "tensorflow"]

  project = {
    name_prefix  = local.name_prefix
    short_prefix = local.short_prefix

    account_id = data.aws_caller_identity.current.account_id
    partition  = data.aws_partition.current.partition
    dns_suffix = data.aws_partition.current.dns_suffix
    region     = split(":", var.kms_key_arn)[3] # The key is of this region, or nothing here could use it.

    name                     = var.project_name
    id                       = var.project_id
    kms_key_arn              = var.kms_key_arn
    permissions_boundary_arn = var.permissions_boundary_arn

    uses_aws_images = contains(local.variants_of_aws_images, var.project_variant)
    network         = var.network
    vendored        = var.vendored
  }

  # The endpoint and the API's function of a stage share a name; they are of different services.
  stages = {
    staging = {
      endpoint_name  = "${local.short_prefix}-staging"
      function_name  = "${local.short_prefix}-staging"
      instance_type  = var.staging_instance_type
      instance_count = var.staging_instance_count
    }
    prod = {
      endpoint_name  = "${local.short_prefix}-prod"
      function_name  = "${local.short_prefix}-prod"
      instance_type  = var.production_instance_type
      instance_count = var.production_instance_count
    }
  }
}
