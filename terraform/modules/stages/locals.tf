# The ARNs of what the stages' stacks make; roles.tf names them.

locals {
  sagemaker_arn = "arn:${var.project.partition}:sagemaker:${var.project.region}:${var.project.account_id}"
  log_group_arn = "arn:${var.project.partition}:logs:${var.project.region}:${var.project.account_id}:log-group"
  lambda_arn    = "arn:${var.project.partition}:lambda:${var.project.region}:${var.project.account_id}"

  # SageMaker writes the names of some resources in lower case in their ARNs, and IAM compares case by case.
  endpoint_arns = {
    for stage, facts in var.stages : stage => [
      for name in distinct([facts.endpoint_name, lower(facts.endpoint_name)]) : "${local.sagemaker_arn}:endpoint/${name}"
    ]
  }
  stack_made_arns = { for kind in ["endpoint-config", "model"] : kind => "${local.sagemaker_arn}:${kind}/*" }

  # The registry may be another account's.
  registry_account_id = split(":", var.model_package_group.arn)[4]
  registry_arn        = "arn:${var.project.partition}:sagemaker:${var.project.region}:${local.registry_account_id}"
  package_arns = flatten([
    for name in distinct([var.model_package_group.name, lower(var.model_package_group.name)]) :
    ["${local.registry_arn}:model-package/${name}", "${local.registry_arn}:model-package/${name}/*"]
  ])
}
