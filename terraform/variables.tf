# What comes in: the lead's choices (from the product's form) and the platform's facts (from the runner); next is locals.tf.

variable "project_name" {
  description = "Name of the SageMaker project."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}$", var.project_name))
    error_message = "The project name has 1 to 32 letters, digits and hyphens and neither begins nor ends with a hyphen, for example churn-2026."
  }
}

variable "project_id" {
  description = "Id that SageMaker gave the project; part of every name, so that two projects never share a resource."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,19}$", var.project_id))
    error_message = "The project id has 1 to 20 letters, digits and hyphens and neither begins nor ends with a hyphen, for example p-a1b2c3d4e5f6."
  }
}

variable "project_variant" {
  description = "What the project's repositories began with; the runner seeds them, and here it is shown on the dashboard, and decides on a few rights."
  type        = string
  default     = "churn-xgboost-daal4py"
  nullable    = false

  validation {
    condition     = contains(["churn-xgboost-daal4py", "autopilot", "tensorflow", "huggingface", "config-only"], var.project_variant)
    error_message = "The project variant is one of churn-xgboost-daal4py, autopilot, tensorflow, huggingface, config-only."
  }
}

variable "approver_email" {
  description = "Who is told by e-mail that a model waits for the production gate, or that a pipeline failed; empty: nobody is subscribed."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+)?$", var.approver_email))
    error_message = "The approver's e-mail is one address or empty, for example approver@example.com."
  }
}

variable "staging_instance_type" {
  description = "Instance type of the staging endpoint."
  type        = string
  default     = "ml.m5.large"
  nullable    = false

  validation {
    condition     = can(regex("^ml[.][a-z0-9-]+[.][a-z0-9]+$", var.staging_instance_type))
    error_message = "The staging instance type is a SageMaker instance type, for example ml.m5.large."
  }
}

variable "production_instance_type" {
  description = "Instance type of the production endpoint."
  type        = string
  default     = "ml.m5.large"
  nullable    = false

  validation {
    condition     = can(regex("^ml[.][a-z0-9-]+[.][a-z0-9]+$", var.production_instance_type))
    error_message = "The production instance type is a SageMaker instance type, for example ml.m5.large."
  }
}

variable "staging_instance_count" {
  description = "How many instances the staging endpoint has."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = contains(range(1, 11), var.staging_instance_count)
    error_message = "The staging instance count is a whole number from 1 to 10, for example 1."
  }
}

variable "production_instance_count" {
  description = "How many instances the production endpoint has; two or more keep it up when an availability zone fails."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = contains(range(1, 11), var.production_instance_count)
    error_message = "The production instance count is a whole number from 1 to 10, for example 2."
  }
}

variable "data_location" {
  description = "The data to train on, one object in S3; empty: what the variant makes up."
  type        = string
  default     = ""
  nullable    = false

  validation {
    # A model version remembers it as metadata, which takes no more characters and no others.
    condition     = can(regex("^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[a-zA-Z0-9_.:/=+@-]+)?$", var.data_location)) && length(var.data_location) <= 256
    error_message = "The data location is s3://bucket/key of at most 256 letters, digits and _.:/=+@-, or empty, for example s3://my-bucket/churn/churn.csv."
  }
}

variable "keep_data_on_delete" {
  description = "Whether the project's bucket outlives the project. The runner acts on it when the project is deleted; here it is written on the bucket."
  type        = bool
  default     = false
  nullable    = false
}

variable "api_authorization" {
  description = "How callers of the REST API prove who they are: AWS_IAM (signed requests) or API_KEY (a key per stage)."
  type        = string
  default     = "AWS_IAM"
  nullable    = false

  validation {
    condition     = contains(["AWS_IAM", "API_KEY"], var.api_authorization)
    error_message = "The API's authorization is AWS_IAM or API_KEY."
  }
}

variable "connection_arn" {
  description = "A connection of CodeConnections to the provider that has the team's repositories; empty: CodeCommit."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(arn:[a-z-]+:(codeconnections|codestar-connections):[a-z0-9-]+:[0-9]{12}:connection/[0-9a-f-]{36})?$", var.connection_arn))
    error_message = "The connection is the ARN of a connection or empty, for example arn:aws:codeconnections:eu-west-1:111122223333:connection/1234abcd-12ab-34cd-56ef-1234567890ab."
  }

  validation {
    condition     = alltrue([for id in [var.build_repository_id, var.deploy_repository_id] : (id != "") == (var.connection_arn != "")])
    error_message = "A connection and both repositories of the team are named together, or none of them."
  }
}

variable "build_repository_id" {
  description = "The team's repository that becomes modelbuild, as its provider names it; empty: CodeCommit."
  type        = string
  default     = ""
  nullable    = false

  validation {
    # No part begins with a dot: the name becomes a part of URLs.
    condition     = can(regex("^([a-zA-Z0-9_-][a-zA-Z0-9._-]*(/[a-zA-Z0-9_-][a-zA-Z0-9._-]*)+)?$", var.build_repository_id)) && length(var.build_repository_id) <= 200
    error_message = "The build repository is owner/name of at most 200 characters or empty, for example my-team/churn-build."
  }
}

variable "deploy_repository_id" {
  description = "The team's repository that becomes modeldeploy, as its provider names it; empty: CodeCommit."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([a-zA-Z0-9_-][a-zA-Z0-9._-]*(/[a-zA-Z0-9_-][a-zA-Z0-9._-]*)+)?$", var.deploy_repository_id)) && length(var.deploy_repository_id) <= 200
    error_message = "The deploy repository is owner/name of at most 200 characters or empty, for example my-team/churn-deploy."
  }

  validation {
    condition     = var.deploy_repository_id == "" || lower(var.deploy_repository_id) != lower(var.build_repository_id)
    error_message = "The build and the deploy repository are two, not one."
  }
}

variable "repository_host" {
  description = "Where people clone the team's repositories from; the runner asks the connection."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(https://[a-zA-Z0-9.:/_-]+)?$", var.repository_host))
    error_message = "The repositories' host is an https URL or empty, for example https://github.com."
  }
}

variable "permissions_boundary_arn" {
  description = "The platform's managed policy that bounds every role made here."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:policy/.+$", var.permissions_boundary_arn))
    error_message = "The permissions boundary is the ARN of a managed policy, for example arn:aws:iam::111122223333:policy/sagemaker-project-boundary."
  }
}

variable "kms_key_arn" {
  description = "The platform's key, which encrypts everything at rest."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "The KMS key is the ARN of a key (not of an alias), for example arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab."
  }
}

variable "staging_role_arn" {
  description = "The platform's role in the account of staging; empty: staging is in the project's own account."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(arn:[a-z-]+:iam::[0-9]{12}:role/[a-zA-Z0-9-]+)?$", var.staging_role_arn))
    error_message = "The staging role is the ARN of a role or empty, for example arn:aws:iam::444455556666:role/mlproject-platform-eu-west-1."
  }
}

variable "production_role_arn" {
  description = "The platform's role in the account of production; empty: production is in the project's own account."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(arn:[a-z-]+:iam::[0-9]{12}:role/[a-zA-Z0-9-]+)?$", var.production_role_arn))
    error_message = "The production role is the ARN of a role or empty, for example arn:aws:iam::777788889999:role/mlproject-platform-eu-west-1."
  }
}

variable "template_version" {
  description = "Version of the template that this project is made of, shown on its dashboard."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9._-]{1,64}$", var.template_version))
    error_message = "The template version has 1 to 64 letters, digits, dots, underscores and hyphens, for example 0123456789abcdef."
  }
}

variable "network" {
  description = "The platform's private network: its VPC, subnets in different zones, and the security groups of what runs in them; null: builds and jobs run in AWS's own network, which has internet."
  type = object({
    vpc_id             = string
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null

  validation {
    condition     = var.network == null || try(can(regex("^vpc-[0-9a-f]+$", var.network.vpc_id)) && length(var.network.subnet_ids) > 0 && length(var.network.security_group_ids) > 0, false)
    error_message = "The network has a VPC, at least one subnet and at least one security group, for example vpc-0123456789abcdef0, [\"subnet-0123456789abcdef0\"], [\"sg-0123456789abcdef0\"]."
  }
}

variable "vendored" {
  description = "Where builds without internet take packages (a prefix in S3) and base images (a repository in ECR) from; null: from the internet."
  type = object({
    packages_uri          = string
    base_image_repository = string
  })
  default = null

  validation {
    condition     = var.vendored == null || try(can(regex("^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^/].*[^/]$", var.vendored.packages_uri)) && can(regex("^[0-9]{12}[.]dkr[.]ecr[.][^/]+/.+$", var.vendored.base_image_repository)), false)
    error_message = "Packages are in s3://bucket/prefix, base images in the URI of an ECR repository: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/mlproject-platform/base-images."
  }
}
