# What a service needs to work in the platform's network; main.tf gives it to the roles of those that do.

locals {
  ec2_arn    = "arn:${var.project.partition}:ec2:${var.project.region}:${var.project.account_id}"
  interfaces = "${local.ec2_arn}:network-interface/*"
  networks   = var.in_network && var.project.network != null ? [var.project.network] : []
}

data "aws_iam_policy_document" "network" {
  #checkov:skip=CKV_AWS_356:EC2's Describe actions take no resource.
  count = length(local.networks)

  statement {
    sid = "SeeNetwork"
    actions = [
      "ec2:DescribeDhcpOptions",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcs",
    ]
    resources = ["*"] # EC2 takes no resource for these.
  }

  statement {
    sid     = "EnterNetwork"
    actions = ["ec2:CreateNetworkInterface"]
    resources = concat(
      [local.interfaces],
      [for id in local.networks[0].subnet_ids : "${local.ec2_arn}:subnet/${id}"],
      [for id in local.networks[0].security_group_ids : "${local.ec2_arn}:security-group/${id}"],
    )
  }

  statement {
    sid       = "LeaveNetwork"
    actions   = ["ec2:DeleteNetworkInterface", "ec2:DeleteNetworkInterfacePermission"]
    resources = [local.interfaces]
  }

  statement {
    sid       = "AttachInterfaces"
    actions   = ["ec2:CreateNetworkInterfacePermission"]
    resources = [local.interfaces]

    condition {
      test     = "ArnEquals"
      variable = "ec2:Subnet"
      values   = [for id in local.networks[0].subnet_ids : "${local.ec2_arn}:subnet/${id}"]
    }
  }
}
