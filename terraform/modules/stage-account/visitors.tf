# The roles that the project's pipeline and builds take on in this account, to deploy the stage and to try it.

data "aws_iam_policy_document" "deploy" {
  source_policy_documents = [module.stages.deploy_policy_json]

  statement {
    sid       = "ReadArtifacts"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${var.bucket.arn}/sagemaker-*"]
  }

  statement {
    sid       = "FindArtifacts"
    actions   = ["s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:ListBucket"]
    resources = [var.bucket.arn]
  }
}

module "deploy_role" {
  source = "../role"

  project           = local.project
  actor             = local.actors.deploy
  description       = "Deploys ${var.stage} of project ${var.project.name} for its pipeline"
  trusted_role_arns = ["${local.home_role_arn}-deploy-pipeline"]
  policy_json       = data.aws_iam_policy_document.deploy.json
  key_services      = ["s3"]
  key_actions       = ["kms:Decrypt"]
  key_arns          = [var.project.kms_key_arn]
}

module "test_role" {
  source = "../role"

  project           = local.project
  actor             = local.actors.test
  description       = "Looks at and tests ${var.stage} of project ${var.project.name} for its builds"
  trusted_role_arns = [for build in ["deploy-build", var.test_actor] : "${local.home_role_arn}-${build}"]
  policy_json       = module.stages.test_policies_json[var.stage]
}
