# What comes in: the groups of models, who may read them and who hears of their changes; next is registry.tf.

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

variable "groups" {
  description = "Model package groups, by name with a description."
  type        = map(string)
}

variable "reader_account_ids" {
  description = "Accounts that may read the groups' versions, to deploy them."
  type        = set(string)
}

variable "bus_arn" {
  description = "Event bus that hears of every change of a model package; empty for none."
  type        = string
}

variable "boundary_arn" {
  description = "Permissions boundary of the role that sends events; null for none."
  type        = string
}
