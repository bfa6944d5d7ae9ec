# What each persona may do, put together from abilities; abilities.tf says what those are, domain.tf who has them.

locals {
  abilities = {
    lead           = ["studio", "observe", "experiment", "create-projects"]
    data-scientist = ["studio", "observe", "experiment"]
    approver       = ["studio", "observe", "approve"]
  }
  grants = merge([
    for persona, names in local.abilities : { for ability in names : "${persona}/${ability}" => { persona = persona, ability = ability } }
  ]...)
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

# The domain passes on who somebody is (execution_role_identity_config), which a role must let itself be told.
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole", "sts:SetSourceIdentity"]

    principals {
      type        = "Service"
      identifiers = ["sagemaker.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "persona" {
  for_each = local.abilities

  name                 = "${var.name}-studio-${each.key}"
  description          = "Studio's execution role of every ${each.key}"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.boundary_arn
}

resource "aws_iam_policy" "ability" {
  for_each = local.ability_documents

  name        = "${var.name}-studio-${each.key}"
  description = "Studio: what it takes to ${replace(each.key, "-", " ")}"
  policy      = each.value
}

resource "aws_iam_role_policy_attachment" "persona" {
  for_each = local.grants

  role       = aws_iam_role.persona[each.value.persona].name
  policy_arn = aws_iam_policy.ability[each.value.ability].arn
}

# A job that somebody starts by hand runs in that person's role, or in the one that a project trains with (abilities.tf).
data "aws_iam_policy_document" "pass_itself" {
  for_each = toset(["lead", "data-scientist"])

  statement {
    sid       = "RunJobsAsOneself"
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.persona[each.key].arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["sagemaker.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "pass_itself" {
  for_each = data.aws_iam_policy_document.pass_itself

  name   = "pass-itself"
  role   = aws_iam_role.persona[each.key].id
  policy = each.value.json
}
