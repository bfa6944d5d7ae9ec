# What comes in: the project and where its things are kept, the stage, and the role that works in the stage's account.

variable "project" {
  description = "The project's names and the facts of its own account."
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
  })
}

variable "stage" {
  description = "Which stage: staging or prod."
  type        = string
}

variable "test_actor" {
  description = "The build that tests the stage, as the last part of its role's name."
  type        = string
}

variable "account_role_arn" {
  description = "The role of the other account that makes all this; the caller's provider has assumed it."
  type        = string
}

variable "facts" {
  description = "Endpoint and function of the stage."
  type = object({
    endpoint_name = string
    function_name = string
  })
}

variable "bucket" {
  description = "The project's bucket."
  type = object({
    arn = string
  })
}

variable "model_image_repository" {
  description = "Where endpoints pull the image that serves from."
  type = object({
    arn = string
  })
}

variable "api_image_repository" {
  description = "Where functions pull the API's image from."
  type = object({
    arn = string
  })
}

variable "model_package_group" {
  description = "Where model versions come from."
  type = object({
    name = string
    arn  = string
  })
}

variable "api_authorization" {
  description = "AWS_IAM or API_KEY."
  type        = string
}

variable "approver_email" {
  description = "Who hears of the stage's alarms, or empty."
  type        = string
}

variable "project_variant" {
  description = "What the project began as, for the dashboard."
  type        = string
}

variable "template_version" {
  description = "Version of the template, for the dashboard."
  type        = string
}
