# What comes in: the project's name and key, and the connection to the team's own repositories, if there is one.

variable "name_prefix" {
  description = "What the repositories' names begin with."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that encrypts the repositories."
  type        = string
}

variable "connection_arn" {
  description = "Connection to the provider that has the repositories, or empty: they are made in CodeCommit."
  type        = string
}

variable "build_repository_id" {
  description = "The modelbuild repository at the provider, owner/name, or empty."
  type        = string
}

variable "deploy_repository_id" {
  description = "The modeldeploy repository at the provider, owner/name, or empty."
  type        = string
}

variable "repository_host" {
  description = "Where people clone from at the provider, such as https://github.com, or empty."
  type        = string
}
