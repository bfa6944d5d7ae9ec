# Takes an actor, who acts (a service, or roles of another account) and what it may do; makes its role under the
# permissions boundary.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

variable "project" {
  description = "The project's names and the platform's facts."
  type = object({
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
  })
}

variable "actor" {
  description = "Who acts; the last part of the role's name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z-]{0,15}$", var.actor))
    error_message = "An actor has at most 16 lower-case letters and hyphens, so that the role's name stays within 64 characters."
  }
}

variable "description" {
  description = "What the role is for."
  type        = string
}

variable "service" {
  description = "Service that assumes the role, for example codebuild; null: roles of another account do."
  type        = string
  default     = null
}

variable "trusted_role_arns" {
  description = "Roles of another account that assume the role; they need not exist yet."
  type        = list(string)
  default     = []
}

variable "policy_json" {
  description = "What the role may do, but for the use of the project's key."
  type        = string
}

variable "key_services" {
  description = "Services through which the role uses the project's key, for example s3."
  type        = list(string)
  default     = []
}

variable "key_arns" {
  description = "Keys that the role uses besides the project's, in the same way."
  type        = list(string)
  default     = []
}

variable "key_actions" {
  description = "What the role does with the key through them; S3 and most others read with Decrypt and write with the rest."
  type        = list(string)
  default     = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
}

variable "in_network" {
  description = "Whether the service works in the platform's network, if it has one, with interfaces that it makes there as this role."
  type        = bool
  default     = false
}

locals {
  # These services say for which account they act, so that nobody else's pipeline, build or rule can use the role.
  # SageMaker says it for jobs, but does not promise it for endpoints, which could not start then; it takes a role from
  # callers of the role's own account only, who may pass it.
  says_account = try(contains(["codebuild", "codepipeline", "events"], var.service), false)

  # A Studio domain may pass on who somebody is. What that person starts in this role is refused unless the role takes it.
  hears_source = var.service == "sagemaker"

  key_arns = distinct(concat([var.project.kms_key_arn], var.key_arns))
}

data "aws_iam_policy_document" "trust" {
  dynamic "statement" {
    for_each = var.service == null ? [] : [var.service]

    content {
      sid     = "ServiceAssumesRole"
      actions = local.hears_source ? ["sts:AssumeRole", "sts:SetSourceIdentity"] : ["sts:AssumeRole"]

      principals {
        type        = "Service"
        identifiers = ["${statement.value}.amazonaws.com"]
      }

      dynamic "condition" {
        for_each = local.says_account ? [var.project.account_id] : []

        content {
          test     = "StringEquals"
          variable = "aws:SourceAccount"
          values   = [condition.value]
        }
      }
    }
  }

  # The account with the roles as a condition: IAM refuses a principal that does not exist yet, and a role that was
  # made anew would be another one.
  dynamic "statement" {
    for_each = length(var.trusted_role_arns) > 0 ? [var.trusted_role_arns] : []

    content {
      sid     = "RolesOfOtherAccountAssumeRole"
      actions = ["sts:AssumeRole"]

      principals {
        type        = "AWS"
        identifiers = distinct([for arn in statement.value : "${join(":", slice(split(":", arn), 0, 5))}:root"])
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:PrincipalArn"
        values   = statement.value
      }
    }
  }
}

data "aws_iam_policy_document" "this" {
  source_policy_documents = concat([var.policy_json], data.aws_iam_policy_document.network[*].json)

  dynamic "statement" {
    for_each = length(var.key_services) > 0 ? [var.key_services] : []

    content {
      sid       = "UseProjectKeyThroughServices"
      actions   = var.key_actions
      resources = local.key_arns

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = [for service in statement.value : "${service}.${var.project.region}.${var.project.dns_suffix}"]
      }
    }
  }

  dynamic "statement" {
    for_each = length(var.key_services) > 0 ? [true] : []

    content {
      sid       = "DescribeProjectKey"
      actions   = ["kms:DescribeKey"]
      resources = local.key_arns
    }
  }
}

resource "aws_iam_role" "this" {
  name                 = "${var.project.short_prefix}-${var.actor}"
  description          = var.description
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.project.permissions_boundary_arn
}

resource "aws_iam_role_policy" "this" {
  name   = var.actor
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.this.json

  lifecycle {
    precondition {
      # White space does not count; this is the role's only policy.
      condition     = length(replace(data.aws_iam_policy_document.this.json, "/\\s/", "")) <= 10240
      error_message = "The policy of role ${var.project.short_prefix}-${var.actor} has more than the 10,240 characters that IAM takes: name patterns instead of resources."
    }
  }
}

output "arn" {
  description = "ARN of the role, known once it may do what it is for."
  value       = aws_iam_role.this.arn

  depends_on = [aws_iam_role_policy.this]
}
