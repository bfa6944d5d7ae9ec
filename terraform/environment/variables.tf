# What comes in: which parts to make and which exist already; next are key.tf, network.tf, studio.tf and registry.tf.

variable "name" {
  description = "Name of the environment; part of every name here."
  type        = string
  default     = "ml"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 20
    error_message = "The name has 1 to 20 lower-case letters, digits and single hyphens and begins with a letter, for example ml-dev."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts everything here; null: one is made."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/", var.kms_key_arn))
    error_message = "The key is given by its ARN: arn:aws:kms:<region>:<account>:key/<id>. An alias does not do, because policies name the key."
  }
}

variable "log_retention_days" {
  description = "How many days the flow logs are kept."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([30, 90, 180, 365, 731, 1827, 3653], var.log_retention_days)
    error_message = "Logs are kept 30, 90, 180, 365, 731, 1827 or 3653 days."
  }
}

variable "create_network" {
  description = "Whether a VPC is made; without one, give existing_network or leave Studio out."
  type        = bool
  default     = true
  nullable    = false
}

variable "existing_network" {
  description = "A network to use instead: its VPC, private subnets in different zones, and the security groups of what runs in them."
  type = object({
    vpc_id             = string
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null

  validation {
    condition     = var.existing_network == null || !var.create_network
    error_message = "With existing_network, set create_network to false: there is one network, made or given."
  }
}

variable "network" {
  description = "The VPC to make: its addresses (/16 to /22), over how many zones, whether private subnets reach the internet through a NAT gateway (none, single, or one in each zone), and which AWS services they reach through endpoints."
  type = object({
    cidr      = optional(string, "10.42.0.0/16")
    zones     = optional(number, 2)
    nat       = optional(string, "none")
    endpoints = optional(set(string))
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(cidrhost(var.network.cidr, 0)) && try(tonumber(split("/", var.network.cidr)[1]) >= 16 && tonumber(split("/", var.network.cidr)[1]) <= 22, false)
    error_message = "network.cidr is an IPv4 block of /16 to /22, for example 10.42.0.0/16."
  }

  validation {
    condition     = contains([2, 3], var.network.zones)
    error_message = "network.zones is 2 or 3."
  }

  validation {
    condition     = contains(["none", "single", "per-zone"], var.network.nat)
    error_message = "network.nat is none, single or per-zone."
  }
}

variable "create_studio" {
  description = "Whether a SageMaker domain with user profiles is made. It needs a network."
  type        = bool
  default     = true
  nullable    = false

  validation {
    condition     = !var.create_studio || var.create_network || var.existing_network != null
    error_message = "Studio needs a network: set create_network to true or give existing_network."
  }
}

variable "studio" {
  description = "The domain: who authenticates (IAM or SSO, which is IAM Identity Center), whether apps reach the internet only through the VPC, after how many idle minutes they are shut down, and an image of one's own to offer in JupyterLab."
  type = object({
    auth_mode         = optional(string, "IAM")
    vpc_only          = optional(bool, true)
    idle_minutes      = optional(number, 120)
    keep_home_folders = optional(bool, true)
    custom_image      = optional(object({ name = string, uri = string }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["IAM", "SSO"], var.studio.auth_mode)
    error_message = "studio.auth_mode is IAM or SSO."
  }

  validation {
    condition     = var.studio.idle_minutes >= 60 && var.studio.idle_minutes <= 525600
    error_message = "studio.idle_minutes is 60 to 525600, as SageMaker allows."
  }

  validation {
    condition     = var.studio.custom_image == null || can(regex("^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$", var.studio.custom_image.name))
    error_message = "studio.custom_image.name has 1 to 63 letters, digits and hyphens."
  }

  validation {
    condition     = var.studio.custom_image == null || can(regex("^[0-9]{12}[.]dkr[.]ecr[.][^/]+/[^:@]+[:@].+$", var.studio.custom_image.uri))
    error_message = "studio.custom_image.uri is an image in ECR with a tag or digest: <account>.dkr.ecr.<region>.amazonaws.com/<repository>@sha256:..."
  }
}

variable "users" {
  description = "Who works in Studio, by user profile: a persona (lead, data-scientist or approver) and, with SSO, the user's name there."
  type = map(object({
    persona  = string
    sso_user = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name, _ in var.users : can(regex("^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$", name))])
    error_message = "A user profile's name has 1 to 63 letters, digits and hyphens."
  }

  validation {
    condition     = alltrue([for user in var.users : contains(["lead", "data-scientist", "approver"], user.persona)])
    error_message = "A user's persona is lead, data-scientist or approver."
  }

  validation {
    condition     = alltrue([for user in var.users : (user.sso_user != null) == (var.studio.auth_mode == "SSO")])
    error_message = "With studio.auth_mode SSO every user has an sso_user, with IAM none has."
  }
}

variable "boundary_arn" {
  description = "Permissions boundary for the roles made here; null for none."
  type        = string
  default     = null
}

variable "create_data" {
  description = "Whether the shared buckets are made: data, artifacts, and the feature store's offline data."
  type        = bool
  default     = true
  nullable    = false
}

variable "model_package_groups" {
  description = "Groups of the central model registry to make, by name with a description."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name, _ in var.model_package_groups : can(regex("^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$", name))])
    error_message = "A model package group's name has 1 to 63 letters, digits and hyphens."
  }
}

variable "workload_account_ids" {
  description = "Accounts that may read the registry's models and their artifacts, to deploy them."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.workload_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "An account id has 12 digits."
  }
}

variable "central_bus_arn" {
  description = "Event bus, of this or another account, that hears of every change in the registry; empty: none does."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(arn:[^:]+:events:[^:]+:[0-9]{12}:event-bus/.+)?$", var.central_bus_arn))
    error_message = "The central bus is given by its ARN: arn:aws:events:<region>:<account>:event-bus/<name>."
  }
}
