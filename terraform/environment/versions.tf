# Pins what this stack runs on; where its state lies is for whoever applies it to say: `terraform init -backend-config=...`.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }

  backend "s3" {}
}
