# What comes in: a network, how the domain behaves, and who works in it as what; next is personas.tf.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

variable "name" {
  description = "First part of every name."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of the home folders and of what personas read and write."
  type        = string
}

variable "network" {
  description = "VPC, private subnets and security groups of the apps."
  type = object({
    vpc_id             = string
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
}

variable "studio" {
  description = "How the domain behaves."
  type = object({
    auth_mode         = string
    vpc_only          = bool
    idle_minutes      = number
    keep_home_folders = bool
    custom_image      = optional(object({ name = string, uri = string }))
  })
}

variable "users" {
  description = "Personas by user profile, and with SSO the users' names there."
  type = map(object({
    persona  = string
    sso_user = optional(string)
  }))
}

variable "data" {
  description = "ARNs of shared buckets that leads and data scientists read or also write; approvers read what they may write."
  type = object({
    buckets_readable  = list(string)
    buckets_writeable = list(string)
  })
}

variable "boundary_arn" {
  description = "Permissions boundary of the roles; null for none."
  type        = string
}
