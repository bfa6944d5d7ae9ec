# What a build may read of the platform where it has no internet: packages, and the images that others begin with.

locals {
  sources = var.project.vendored == null ? [] : [{
    bucket_arn = "arn:${var.project.partition}:s3:::${split("/", var.project.vendored.packages_uri)[2]}"
    prefix     = join("/", slice(split("/", var.project.vendored.packages_uri), 3, length(split("/", var.project.vendored.packages_uri))))
    base_images_arn = format(
      "arn:%s:ecr:%s:%s:repository/%s",
      var.project.partition,
      var.project.region,
      split(".", var.project.vendored.base_image_repository)[0],
      join("/", slice(split("/", var.project.vendored.base_image_repository), 1, length(split("/", var.project.vendored.base_image_repository)))),
    )
  }]
}

data "aws_iam_policy_document" "vendored" {
  count = length(local.sources)

  statement {
    sid       = "ReadPackages"
    actions   = ["s3:GetObject"]
    resources = ["${local.sources[0].bucket_arn}/${local.sources[0].prefix}/*"]
  }

  statement {
    sid       = "FindPackages"
    actions   = ["s3:ListBucket"]
    resources = [local.sources[0].bucket_arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["${local.sources[0].prefix}/*"]
    }
  }

  dynamic "statement" {
    for_each = var.builds_images ? local.sources : []

    content {
      sid = "PullBaseImages"
      actions = [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:DescribeImages",
        "ecr:GetDownloadUrlForLayer",
      ]
      resources = [statement.value.base_images_arn]
    }
  }
}
