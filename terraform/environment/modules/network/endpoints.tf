# How private subnets reach AWS without the internet: S3 by its gateway, every other service by an interface.

data "aws_region" "current" {}

locals {
  # What a project's life calls from inside of a VPC: Studio, jobs, builds and their logs. Not execute-api: with its private
  # names every public API of the region, projects' among them, would be answered 403 in the VPC.
  usual_endpoints = [
    "apigateway",
    "cloudformation",
    "codebuild",
    "codecommit",
    "codepipeline",
    "ecr.api",
    "ecr.dkr",
    "events",
    "git-codecommit",
    "kms",
    "lambda",
    "logs",
    "monitoring",
    "sagemaker.api",
    "sagemaker.featurestore-runtime",
    "sagemaker.runtime",
    "secretsmanager",
    "servicecatalog",
    "sns",
    "ssm",
    "sts",
    "studio",
  ]
  endpoints = var.endpoints == null ? toset(local.usual_endpoints) : var.endpoints
  region    = data.aws_region.current.name
  # Studio's name does not begin with com.amazonaws, and IAM's names no region.
  unusual_names = {
    iam    = "com.amazonaws.iam"
    studio = "aws.sagemaker.${local.region}.studio"
  }
  service_names = { for service in local.endpoints : service => lookup(local.unusual_names, service, "com.amazonaws.${local.region}.${service}") }
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${local.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [for table in aws_route_table.private : table.id]

  tags = {
    Name = "${var.name}-s3"
  }
}

resource "aws_vpc_endpoint" "interface" {
  for_each = local.service_names

  vpc_id              = aws_vpc.this.id
  service_name        = each.value
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for subnet in aws_subnet.private : subnet.id]
  security_group_ids  = [aws_security_group.endpoints.id]

  tags = {
    Name = "${var.name}-${each.key}"
  }
}
