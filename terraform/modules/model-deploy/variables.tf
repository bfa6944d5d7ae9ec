# What comes in: the project, its repository, what it deploys from and to, and whom it asks.

variable "project" {
  description = "The project's names and the platform's facts."
  type = object({
    name                     = string
    id                       = string
    name_prefix              = string
    short_prefix             = string
    account_id               = string
    partition                = string
    region                   = string
    dns_suffix               = string
    kms_key_arn              = string
    permissions_boundary_arn = string
    uses_aws_images          = optional(bool, false)
    network = optional(object({
      vpc_id             = string
      subnet_ids         = list(string)
      security_group_ids = list(string)
    }))
    vendored = optional(object({
      packages_uri          = string
      base_image_repository = string
    }))
  })
}

variable "repository" {
  description = "The modeldeploy repository."
  type = object({
    name             = string
    arn              = string
    read_policy_json = string
    key_services     = list(string)
    artifact_actions = list(string)
    sends_events     = bool
    source = object({
      provider      = string
      configuration = map(string)
    })
  })
}

variable "bucket" {
  description = "The project's bucket."
  type = object({
    name = string
    arn  = string
  })
}

variable "model_image_repository" {
  description = "Where endpoints pull the image that serves from."
  type = object({
    arn = string
  })
}

variable "api_image_repository" {
  description = "Where the API function's image is kept."
  type = object({
    uri = string
    arn = string
  })
}

variable "model_package_group" {
  description = "Where approved model versions come from."
  type = object({
    name = string
    arn  = string
  })
}

variable "stages" {
  description = "Endpoint and function of staging and prod, wherever they are."
  type = map(object({
    endpoint_name  = string
    function_name  = string
    instance_type  = string
    instance_count = number
  }))
}

variable "rest_api" {
  description = "The REST API in front of the stages of this account; null when all are elsewhere."
  type = object({
    id            = string
    execution_arn = string
    urls          = map(string)
    keys = map(object({
      id            = string
      usage_plan_id = string
    }))
  })
}

variable "elsewhere" {
  description = "The stages that are in other accounts, with what they stand on there."
  type = map(object({
    kms_key_arn             = string
    model_role_arn          = string
    api_role_arn            = string
    cloudformation_role_arn = string
    deploy_role_arn         = string
    test_role_arn           = string
    notifications_topic_arn = string
    rest_api = object({
      id   = string
      urls = map(string)
    })
  }))
  default = {}
}

variable "approvals_topic_arn" {
  description = "Topic that is told what waits for approval."
  type        = string
}
