# The role that the SageMaker pipeline and its jobs run as; the train build passes it on.

module "training_role" {
  source = "../role"

  project      = var.project
  actor        = "training"
  description  = "Pipelines ${local.sagemaker_pipelines} and their jobs"
  service      = "sagemaker"
  policy_json  = data.aws_iam_policy_document.training.json
  key_services = ["s3", "sagemaker"]
  in_network   = true
}
