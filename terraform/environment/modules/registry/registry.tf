# The central model registry: its groups, and the accounts that may take models from it.

data "aws_partition" "current" {}

resource "aws_sagemaker_model_package_group" "this" {
  for_each = var.groups

  model_package_group_name        = each.key
  model_package_group_description = each.value
}

data "aws_iam_policy_document" "group" {
  for_each = length(var.reader_account_ids) > 0 ? aws_sagemaker_model_package_group.this : {}

  statement {
    sid       = "OtherAccountsFindVersions"
    actions   = ["sagemaker:DescribeModelPackageGroup"]
    resources = [each.value.arn]

    principals {
      type        = "AWS"
      identifiers = [for id in var.reader_account_ids : "arn:${data.aws_partition.current.partition}:iam::${id}:root"]
    }
  }

  statement {
    sid       = "OtherAccountsDeployVersions"
    actions   = ["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages", "sagemaker:CreateModel"]
    resources = ["${replace(each.value.arn, ":model-package-group/", ":model-package/")}/*"]

    principals {
      type        = "AWS"
      identifiers = [for id in var.reader_account_ids : "arn:${data.aws_partition.current.partition}:iam::${id}:root"]
    }
  }
}

resource "aws_sagemaker_model_package_group_policy" "this" {
  for_each = data.aws_iam_policy_document.group

  model_package_group_name = aws_sagemaker_model_package_group.this[each.key].model_package_group_name
  resource_policy          = jsonencode(jsondecode(each.value.json))
}
