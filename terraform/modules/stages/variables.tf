# What comes in: the project as the stages' account sees it, and what the stages there are made from.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

variable "project" {
  description = "The project's names and the facts of the stages' account: its id, key and permissions boundary."
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

variable "actors" {
  description = "Who the roles are for, the last parts of their names; two stages may share another account."
  type = object({
    model          = string
    api            = string
    cloudformation = string
    batch          = optional(string)
    schedule       = optional(string)
  })
  default = {
    model          = "model"
    api            = "api"
    cloudformation = "cloudformation"
    batch          = "batch"
    schedule       = "schedule"
  }
}

variable "project_key_arn" {
  description = "The key that encrypts the project's bucket and what lies in it."
  type        = string
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

variable "stages" {
  description = "Endpoint and function of each stage of this account."
  type = map(object({
    endpoint_name = string
    function_name = string
  }))
}

variable "rest_api" {
  description = "The REST API in front of the stages."
  type = object({
    execution_arn = string
    keys = map(object({
      id            = string
      usage_plan_id = string
    }))
  })
}
