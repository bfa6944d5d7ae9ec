# What a job in the VPC needs that runs in a persona's own role; abilities.tf adds it to experiments.

locals {
  ec2        = "arn:${local.partition}:ec2:${local.region}:${local.account}"
  interfaces = "${local.ec2}:network-interface/*"
  subnets    = [for id in var.network.subnet_ids : "${local.ec2}:subnet/${id}"]
}

data "aws_iam_policy_document" "job_network" {
  #checkov:skip=CKV_AWS_356:EC2's Describe actions take no resource.
  statement {
    sid = "SeeNetwork"
    actions = [
      "ec2:DescribeDhcpOptions",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcs",
    ]
    resources = ["*"]
  }

  statement {
    sid     = "EnterNetwork"
    actions = ["ec2:CreateNetworkInterface"]
    resources = concat(
      [local.interfaces],
      local.subnets,
      [for id in var.network.security_group_ids : "${local.ec2}:security-group/${id}"],
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
      values   = local.subnets
    }
  }
}
