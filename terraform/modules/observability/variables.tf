# What comes in: the project, whom to tell, and the stages' names.

variable "project" {
  description = "The project's names and the platform's facts."
  type = object({
    name_prefix  = string
    short_prefix = string
    account_id   = string
    partition    = string
    region       = string
    kms_key_arn  = string
  })
}

variable "name" {
  description = "What the names of topic, alarms, dashboard and metrics begin with."
  type        = string
}

variable "pipelines" {
  description = "Names of the pipelines whose failures are told, by kind; none in an account that has none."
  type        = map(string)
  default     = {}
}

variable "approver_email" {
  description = "Who is subscribed, or empty."
  type        = string
}

variable "stages" {
  description = "The endpoint and function of staging and prod."
  type = map(object({
    endpoint_name = string
    function_name = string
  }))
}

variable "project_variant" {
  description = "What the project began as, for the dashboard."
  type        = string
}

variable "template_version" {
  description = "Version of the template, for the dashboard."
  type        = string
}

variable "access_log_groups" {
  description = "Name of the group of each stage's access log."
  type        = map(string)
}
