# The three builds of the modelbuild repository: its tests, its image, and the training run that it starts.

locals {
  sagemaker_pipelines = "${var.project.name_prefix}-*"

  # Where the jobs of pipelines work, too.
  network = var.project.network == null ? {} : {
    SUBNETS         = join(",", var.project.network.subnet_ids)
    SECURITY_GROUPS = join(",", var.project.network.security_group_ids)
  }
}

module "test" {
  source = "../build-project"

  project     = var.project
  bucket      = var.bucket
  name        = "modelbuild-test"
  actor       = "build-test"
  description = "Runs the tests of the modelbuild repository"
  buildspec   = "buildspec/test.yml"
}

module "image" {
  source = "../build-project"

  project            = var.project
  bucket             = var.bucket
  name               = "modelbuild-image"
  actor              = "build-image"
  description        = "Finds or builds the image that trains and serves"
  buildspec          = "buildspec/image.yml"
  builds_images      = true
  compute_type       = "BUILD_GENERAL1_MEDIUM"
  timeout_in_minutes = 60
  policy_json        = data.aws_iam_policy_document.image.json

  environment = {
    IMAGE_REPOSITORY_URI = var.image_repository.uri
  }
}

module "train" {
  source = "../build-project"

  project            = var.project
  bucket             = var.bucket
  name               = "modelbuild-train"
  actor              = "build-train"
  description        = "Writes the SageMaker pipelines, starts those that changed, and waits for their end"
  buildspec          = "buildspec/train.yml"
  timeout_in_minutes = 240
  policy_json        = data.aws_iam_policy_document.train.json

  # The pipeline adds IMAGE_URI and COMMIT_ID.
  environment = merge(local.network, {
    PROJECT_NAME         = var.project.name
    PROJECT_ID           = var.project.id
    PIPELINE_PREFIX      = var.project.name_prefix
    GROUP_PREFIX         = var.project.short_prefix
    MODEL_PACKAGE_GROUP  = var.model_package_group.name
    PIPELINE_ROLE_ARN    = module.training_role.arn
    PROJECT_BUCKET       = var.bucket.name
    KMS_KEY_ARN          = var.project.kms_key_arn
    DATA_LOCATION        = var.data_location
    IMAGE_REPOSITORY_URI = var.image_repository.uri
  })
}
