# An image of one's own for JupyterLab, where one is given.

locals {
  custom_images = var.studio.custom_image == null ? [] : [var.studio.custom_image]
}

data "aws_iam_policy_document" "image" {
  statement {
    sid       = "PullTheImage"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = ["arn:${local.partition}:ecr:${local.region}:*:repository/*"]
  }

  statement {
    #checkov:skip=CKV_AWS_356:ecr:GetAuthorizationToken takes no resource.
    sid       = "LogInToTheRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }
}

resource "aws_iam_role" "image" {
  count = length(local.custom_images)

  name                 = "${var.name}-studio-image"
  description          = "Reads the image that JupyterLab offers"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.boundary_arn
}

resource "aws_iam_role_policy" "image" {
  count = length(local.custom_images)

  name   = "pull"
  role   = aws_iam_role.image[0].id
  policy = data.aws_iam_policy_document.image.json
}

resource "aws_sagemaker_image" "custom" {
  count = length(local.custom_images)

  image_name = local.custom_images[0].name
  role_arn   = aws_iam_role.image[0].arn

  depends_on = [aws_iam_role_policy.image]
}

resource "aws_sagemaker_image_version" "custom" {
  count = length(local.custom_images)

  image_name = aws_sagemaker_image.custom[0].image_name
  base_image = local.custom_images[0].uri
}

resource "aws_sagemaker_app_image_config" "custom" {
  count = length(local.custom_images)

  app_image_config_name = local.custom_images[0].name

  # SageMaker's own defaults, said aloud: the provider cannot say an empty configuration.
  jupyter_lab_image_config {
    file_system_config {
      default_gid = 100
      default_uid = 1000
      mount_path  = "/home/sagemaker-user"
    }
  }
}
