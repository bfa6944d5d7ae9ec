# What only projects may do whose pipelines let AutoML search; policies.tf adds it to the training role.

data "aws_iam_policy_document" "automl" {
  count = var.automl ? 1 : 0

  statement {
    sid       = "StartSearches"
    actions   = ["sagemaker:AddTags", "sagemaker:CreateAutoMLJob"]
    resources = ["${local.sagemaker_arn}:automl-job/*"] # Named by SageMaker; the tag says whose it is.

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/sagemaker:project-id"
      values   = [var.project.id]
    }
  }

  statement {
    sid = "FollowSearches"
    actions = [
      "sagemaker:DescribeAutoMLJob",
      "sagemaker:ListCandidatesForAutoMLJob",
      "sagemaker:ListTags",
      "sagemaker:StopAutoMLJob",
    ]
    resources = ["${local.sagemaker_arn}:automl-job/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/sagemaker:project-id"
      values   = [var.project.id]
    }
  }
}
