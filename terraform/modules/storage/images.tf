# The repositories of the two images, which the image builds push to by content hash; SageMaker and Lambda pull from them.

locals {
  # ECR takes lower case only and no two hyphens in a row, which a project's name may have.
  image_prefix = replace(lower(var.project.name_prefix), "/-+/", "-")
}

resource "aws_ecr_repository" "this" {
  for_each = toset(["model", "api"])

  name                 = "${local.image_prefix}/${each.key}"
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.project.kms_key_arn
  }
}

# ECR cannot know which images model packages and functions still name, so age alone must never expire one: only a
# count that a team does not reach while an image is in use. A new image is made when the container's content changes.
resource "aws_ecr_lifecycle_policy" "this" {
  for_each = aws_ecr_repository.this

  repository = each.value.name
  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Forget images that lost their tag"
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 14 }
        action       = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "Keep the last 100 images"
        selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 100 }
        action       = { type = "expire" }
      },
    ]
  })
}

# With this policy in place Lambda needs no right to write one when a function is made from the image.
data "aws_iam_policy_document" "api_image" {
  statement {
    sid     = "LambdaPullsForTheProjectsFunctions"
    actions = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values = [
        for account in distinct(concat([var.project.account_id], values(var.stage_account_ids))) :
        "arn:${var.project.partition}:lambda:${var.project.region}:${account}:function:${var.project.short_prefix}-*"
      ]
    }
  }

  # Who makes a function in another account must be let in besides.
  dynamic "statement" {
    for_each = local.has_stage_accounts ? [local.stage_role_arns] : []

    content {
      sid     = "StacksOfStageAccountsPull"
      actions = ["ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer", "ecr:GetRepositoryPolicy"]

      principals {
        type        = "AWS"
        identifiers = local.stage_accounts
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:PrincipalArn"
        values   = [for roles in values(statement.value) : roles.stack]
      }
    }
  }
}

resource "aws_ecr_repository_policy" "api" {
  repository = aws_ecr_repository.this["api"].name
  policy     = data.aws_iam_policy_document.api_image.json
}
