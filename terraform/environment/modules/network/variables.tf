# What comes in: a name, addresses, zones and services; next is vpc.tf.

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

variable "cidr" {
  description = "The VPC's addresses."
  type        = string
}

variable "zones" {
  description = "Over how many availability zones the subnets are spread."
  type        = number
}

variable "nat" {
  description = "How private subnets reach the internet: none, single or per-zone."
  type        = string
}

variable "endpoints" {
  description = "Services reached through interface endpoints, as in com.amazonaws.<region>.<service>; null: what projects use."
  type        = set(string)
  default     = null
}

variable "kms_key_arn" {
  description = "Key of the flow logs."
  type        = string
}

variable "log_retention_days" {
  description = "How many days the flow logs are kept."
  type        = number
}

variable "boundary_arn" {
  description = "Permissions boundary of the flow logs' role; null for none."
  type        = string
}
