# Where the source lies: two repositories in CodeCommit, or the team's own by a connection and none made.

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  name_prefix          = "sagemaker-churn-p-1"
  kms_key_arn          = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  connection_arn       = ""
  build_repository_id  = ""
  deploy_repository_id = ""
  repository_host      = ""
}

run "makes_two_encrypted_repositories_without_a_connection" {
  command = plan

  module {
    source = "./modules/repositories"
  }

  assert {
    condition     = { for kind, repository in output.repositories : kind => [repository.source.provider, repository.source.configuration.RepositoryName, repository.sends_events] } == { modelbuild = ["CodeCommit", "sagemaker-churn-p-1-modelbuild", true], modeldeploy = ["CodeCommit", "sagemaker-churn-p-1-modeldeploy", true] }
    error_message = "A pipeline does not read its repository in CodeCommit."
  }

  assert {
    condition     = alltrue([for repository in aws_codecommit_repository.this : repository.kms_key_id == var.kms_key_arn])
    error_message = "A repository is not encrypted with the platform's key."
  }
}

run "reads_the_teams_repositories_by_the_connection" {
  command = plan

  module {
    source = "./modules/repositories"
  }

  variables {
    connection_arn       = "arn:aws:codeconnections:eu-west-1:111122223333:connection/1234abcd-12ab-34cd-56ef-1234567890ab"
    build_repository_id  = "team/churn-build"
    deploy_repository_id = "team/apps/churn-deploy"
    repository_host      = "https://gitlab.com"
  }

  assert {
    condition     = length(aws_codecommit_repository.this) == 0
    error_message = "Repositories are made although the team has its own."
  }

  assert {
    condition     = { for kind, repository in output.repositories : kind => repository.clone_url } == { modelbuild = "https://gitlab.com/team/churn-build.git", modeldeploy = "https://gitlab.com/team/apps/churn-deploy.git" }
    error_message = "People are told to clone something else than the team's repositories."
  }

  assert {
    condition     = { for kind, repository in output.repositories : kind => [repository.source.provider, repository.source.configuration.FullRepositoryId, repository.source.configuration.DetectChanges, repository.sends_events] } == { modelbuild = ["CodeStarSourceConnection", "team/churn-build", "true", false], modeldeploy = ["CodeStarSourceConnection", "team/apps/churn-deploy", "true", false] }
    error_message = "A pipeline does not read the team's repository, or is not started by pushes."
  }

  assert {
    condition = alltrue([
      for kind, repository in output.repositories : [
        for statement in jsondecode(repository.read_policy_json).Statement : [statement.Resource, statement.Condition["ForAllValues:StringEquals"]["codeconnections:FullRepositoryId"]]
      ] == [[var.connection_arn, repository.name]]
    ])
    error_message = "A pipeline's role may use more than its own repository by the connection."
  }
}
