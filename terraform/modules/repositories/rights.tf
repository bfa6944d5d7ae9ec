# What a pipeline's role needs to read its repository; outputs.tf hands it on.

data "aws_iam_policy_document" "codecommit" {
  for_each = aws_codecommit_repository.this

  statement {
    sid = "ReadRepository"
    actions = [
      "codecommit:CancelUploadArchive",
      "codecommit:GetBranch",
      "codecommit:GetCommit",
      "codecommit:GetRepository",
      "codecommit:GetUploadArchiveStatus",
      "codecommit:UploadArchive",
    ]
    resources = [each.value.arn]
  }
}

data "aws_iam_policy_document" "by_connection" {
  for_each = { for key, name in local.full_names : key => name if local.by_connection }

  # The service has had two names, and a connection keeps the one that it was made under.
  statement {
    sid       = "ReadRepository"
    actions   = ["codeconnections:UseConnection", "codestar-connections:UseConnection"]
    resources = [var.connection_arn]

    # Calls about no repository in particular carry no such key.
    condition {
      test     = "ForAllValues:StringEquals"
      variable = "codeconnections:FullRepositoryId"
      values   = [each.value]
    }

    condition {
      test     = "ForAllValues:StringEquals"
      variable = "codestar-connections:FullRepositoryId"
      values   = [each.value]
    }
  }
}
