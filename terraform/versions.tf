# Pins what this stack runs on; the runner initialises it with the backend's settings and hands over to providers.tf.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }

  # Partial on purpose: bucket, key (one per project), region, kms_key_id, encrypt and use_lockfile come from the runner.
  backend "s3" {}
}
