# Who is told what: the approvals topic, alarms, and a dashboard of pipelines, API and endpoints.

module "observability" {
  source = "./modules/observability"

  project           = local.project
  approver_email    = var.approver_email
  stages            = local.stages
  access_log_groups = module.inference_api.access_log_groups
  project_variant   = var.project_variant
  template_version  = var.template_version
}
