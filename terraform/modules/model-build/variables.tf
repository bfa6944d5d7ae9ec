# What comes in: the project, its repository, bucket, image repository and group, and where the data lies.

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
  description = "The modelbuild repository."
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

variable "image_repository" {
  description = "Where the image that trains and serves is kept."
  type = object({
    uri = string
    arn = string
  })
}

variable "model_package_group" {
  description = "Where model versions are registered."
  type = object({
    name = string
    arn  = string
  })
}

variable "data_location" {
  description = "The data to train on, or empty."
  type        = string
}

variable "automl" {
  description = "Whether pipelines may start AutoML jobs."
  type        = bool
  default     = false
}
