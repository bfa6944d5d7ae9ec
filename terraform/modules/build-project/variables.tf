# What comes in: the project, the build's name, buildspec and environment, and what it may do beyond every build.

variable "project" {
  description = "The project's names and the platform's facts."
  type = object({
    name_prefix              = string
    short_prefix             = string
    account_id               = string
    partition                = string
    region                   = string
    dns_suffix               = string
    kms_key_arn              = string
    permissions_boundary_arn = string
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

variable "name" {
  description = "What the project's name ends with, for example modelbuild-test."
  type        = string
}

variable "actor" {
  description = "What the role's name ends with."
  type        = string
}

variable "description" {
  description = "What the build does."
  type        = string
}

variable "buildspec" {
  description = "Path of the buildspec in the repository."
  type        = string
}

variable "environment" {
  description = "Environment variables that are the same in every build; the pipeline adds those that are not."
  type        = map(string)
  default     = {}
}

variable "policy_json" {
  description = "What the build may do beyond its logs, source and cache; null: nothing."
  type        = string
  default     = null
}

variable "bucket" {
  description = "The project's bucket."
  type = object({
    name = string
    arn  = string
  })
}

variable "builds_images" {
  description = "Whether the build runs the Docker engine."
  type        = bool
  default     = false
}

variable "in_network" {
  description = "Whether the build works in the platform's network, if it has one."
  type        = bool
  default     = true
}

variable "compute_type" {
  description = "Size of the machine."
  type        = string
  default     = "BUILD_GENERAL1_SMALL"
}

variable "timeout_in_minutes" {
  description = "When a build is given up."
  type        = number
  default     = 30
}
