# What goes out: of each repository how people reach it, how a pipeline reads it, and what the pipeline's role needs for that.

output "repositories" {
  description = "Name, clone URL, source action, rights and push events of each repository, by modelbuild and modeldeploy."
  value = merge({
    for key, name in local.full_names : key => {
      name             = name
      clone_url        = "${var.repository_host}/${name}.git"
      read_policy_json = data.aws_iam_policy_document.by_connection[key].json
      key_services     = []
      artifact_actions = ["s3:PutObjectAcl"] # CodeConnections itself stores the artifact, as the bucket owner's.
      sends_events     = false
      arn              = null

      source = {
        provider = "CodeStarSourceConnection"
        configuration = {
          ConnectionArn        = var.connection_arn
          FullRepositoryId     = name
          BranchName           = "main"
          OutputArtifactFormat = "CODE_ZIP"
          DetectChanges        = "true"
        }
      }
    } if local.by_connection
    }, {
    for key, repository in aws_codecommit_repository.this : key => {
      name             = repository.repository_name
      clone_url        = repository.clone_url_http
      read_policy_json = data.aws_iam_policy_document.codecommit[key].json
      key_services     = ["codecommit"]
      artifact_actions = []
      sends_events     = true
      arn              = repository.arn

      source = {
        provider = "CodeCommit"
        configuration = {
          RepositoryName       = repository.repository_name
          BranchName           = "main"
          PollForSourceChanges = "false"
        }
      }
    }
  })
}
