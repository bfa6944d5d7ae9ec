# Who is told what: the approvals topic, alarms, and a dashboard of pipelines, API and endpoints.

module "observability" {
  source = "./modules/observability"

  project           = local.project
  name              = local.name_prefix
  pipelines         = { for kind in ["modelbuild", "modeldeploy"] : kind => "${local.name_prefix}-${kind}" }
  approver_email    = var.approver_email
  stages            = local.stages_here
  access_log_groups = try(module.inference_api[0].access_log_groups, {})
  project_variant   = var.project_variant
  template_version  = var.template_version
}
