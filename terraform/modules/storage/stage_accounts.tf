# What stages of other accounts may take from here: artifacts, models and images. Their own accounts' policies must
# allow it, too, and name the roles.

locals {
  # By role, so that nothing else of those accounts gets in.
  stage_role_arns = {
    for stage, account in var.stage_account_ids : stage => {
      for actor in ["deploy", "model", "stack"] :
      actor => "arn:${var.project.partition}:iam::${account}:role/${var.project.short_prefix}-${stage}-${actor}"
    }
  }

  stage_accounts = distinct([for account in values(var.stage_account_ids) : "arn:${var.project.partition}:iam::${account}:root"])

  has_stage_accounts = length(var.stage_account_ids) > 0
}

data "aws_iam_policy_document" "stage_access" {
  for_each = var.stage_account_ids

  # Each statement's principal is the account with the role as a condition: S3 refuses a role that does not exist yet.
  dynamic "statement" {
    for_each = {
      "Deployment" = { actor = "deploy", actions = ["s3:GetObject", "s3:GetObjectVersion"], prefixes = ["sagemaker-*"] }
      "Inputs"     = { actor = "model", actions = ["s3:GetObject"], prefixes = ["training/*", "asynchronous/${each.key}/input/*"] }
      "Answers" = { actor = "model", actions = ["s3:PutObject"], prefixes = [
        "asynchronous/${each.key}/failures/*", "asynchronous/${each.key}/output/*", "data-capture/${each.key}/*",
      ] }
    }

    content {
      sid       = "${title(each.key)}${statement.key}"
      actions   = statement.value.actions
      resources = [for prefix in statement.value.prefixes : "${local.bucket_arn}/${prefix}"]

      principals {
        type        = "AWS"
        identifiers = ["arn:${var.project.partition}:iam::${each.value}:root"]
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:PrincipalArn"
        values   = [local.stage_role_arns[each.key][statement.value.actor]]
      }
    }
  }

  statement {
    sid       = "${title(each.key)}Find"
    actions   = ["s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:ListBucket"]
    resources = [local.bucket_arn]

    principals {
      type        = "AWS"
      identifiers = ["arn:${var.project.partition}:iam::${each.value}:root"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:PrincipalArn"
      values   = [for actor in ["deploy", "model"] : local.stage_role_arns[each.key][actor]]
    }
  }
}

data "aws_iam_policy_document" "model_image" {
  count = local.has_stage_accounts ? 1 : 0

  statement {
    sid     = "EndpointsOfStageAccountsPull"
    actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]

    principals {
      type        = "AWS"
      identifiers = local.stage_accounts
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:PrincipalArn"
      values   = [for roles in values(local.stage_role_arns) : roles.model]
    }
  }
}

resource "aws_ecr_repository_policy" "model" {
  count = local.has_stage_accounts ? 1 : 0

  repository = aws_ecr_repository.this["model"].name
  policy     = data.aws_iam_policy_document.model_image[0].json
}

# What SageMaker asks of a group whose versions are deployed from another account: its guide on cross-account deployment.
data "aws_iam_policy_document" "group" {
  count = local.has_stage_accounts ? 1 : 0

  statement {
    sid       = "StageAccountsFindVersions"
    actions   = ["sagemaker:DescribeModelPackageGroup"]
    resources = [aws_sagemaker_model_package_group.this.arn]

    principals {
      type        = "AWS"
      identifiers = local.stage_accounts
    }
  }

  statement {
    sid       = "StageAccountsDeployVersions"
    actions   = ["sagemaker:CreateModel", "sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"]
    resources = ["${replace(aws_sagemaker_model_package_group.this.arn, ":model-package-group/", ":model-package/")}/*"]

    principals {
      type        = "AWS"
      identifiers = local.stage_accounts
    }
  }
}

resource "aws_sagemaker_model_package_group_policy" "this" {
  count = local.has_stage_accounts ? 1 : 0

  model_package_group_name = aws_sagemaker_model_package_group.this.model_package_group_name
  # Without the blanks that the document has, as SageMaker gives it back.
  resource_policy = jsonencode(jsondecode(data.aws_iam_policy_document.group[0].json))
}
