# What `mlproject publish` and project creators want to know.

output "network" {
  description = "VPC, private subnets and security groups; null without a network."
  value       = local.network
}

output "studio_role_arns" {
  description = "Execution roles of Studio's personas; the lead's is the one for `publish --studio-role`."
  value       = var.create_studio ? module.studio[0].role_arns : {}
}

output "domain_id" {
  description = "Id of the SageMaker domain; empty without Studio."
  value       = var.create_studio ? module.studio[0].domain_id : ""
}

output "buckets" {
  description = "The shared buckets, by what they hold."
  value       = { for name, bucket in module.bucket : name => bucket.name }
}

output "kms_key_arn" {
  description = "The key that encrypts the environment."
  value       = local.kms_key_arn
}
