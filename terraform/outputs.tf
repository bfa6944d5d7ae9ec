# What goes out: the runner hands these to CloudFormation as the custom resource's attributes.

output "model_build_clone_url" {
  description = "Where to clone the repository that trains the model."
  value       = module.repositories.repositories["modelbuild"].clone_url
}

output "model_deploy_clone_url" {
  description = "Where to clone the repository that deploys the model."
  value       = module.repositories.repositories["modeldeploy"].clone_url
}

output "model_build_pipeline" {
  description = "Name of the pipeline that trains and registers the model."
  value       = module.model_build.pipeline_name
}

output "model_deploy_pipeline" {
  description = "Name of the pipeline that deploys approved models."
  value       = module.model_deploy.pipeline_name
}

output "model_package_group" {
  description = "Name of the group that the model's versions are registered in."
  value       = module.storage.model_package_group.name
}

output "project_bucket" {
  description = "Name of the bucket with the project's data, models and reports."
  value       = module.storage.bucket.name
}

output "staging_api_url" {
  description = "Where to POST a record to the staged model."
  value       = try(local.elsewhere.staging.rest_api.urls["staging"], module.inference_api[0].rest_api.urls["staging"])
}

output "production_api_url" {
  description = "Where to POST a record to the model in production."
  value       = try(local.elsewhere.prod.rest_api.urls["prod"], module.inference_api[0].rest_api.urls["prod"])
}

output "model_image_repository" {
  description = "URI of the repository of the image that trains and serves."
  value       = module.storage.image_repositories["model"].uri
}

output "api_image_repository" {
  description = "URI of the repository of the API function's image."
  value       = module.storage.image_repositories["api"].uri
}

output "approvals_topic_arn" {
  description = "Topic that announces what waits for approval, failed pipelines and alarms."
  value       = module.observability.approvals_topic_arn
}

output "name_prefix" {
  description = "What the names of the project's resources begin with."
  value       = local.name_prefix
}
