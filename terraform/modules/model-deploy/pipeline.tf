# The pipeline from an approved model version to production; without one it ends after Build, green.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

locals {
  pipeline_name = "${var.project.name_prefix}-modeldeploy"
  stack_names   = { for stage in keys(var.stages) : stage => "${var.project.name_prefix}-${stage}" }

  categories = { CloudFormation = "Deploy", CodeBuild = "Test", Manual = "Approval" }

  # Every test gets the very version that Build resolved.
  model_package = jsonencode([{ name = "MODEL_PACKAGE_ARN", type = "PLAINTEXT", value = "#{Build.MODEL_PACKAGE_ARN}" }])

  stack = {
    for stage in keys(var.stages) : stage => {
      StackName             = local.stack_names[stage]
      RoleArn               = try(var.elsewhere[stage].cloudformation_role_arn, module.stages[0].roles.cloudformation)
      TemplatePath          = "BuildArtifact::endpoint.yaml"
      TemplateConfiguration = "BuildArtifact::${stage}.json"
    }
  }

  # Who changes the stacks: in another account a role there.
  deploy_role_arns = { for stage in keys(var.stages) : stage => try(var.elsewhere[stage].deploy_role_arn, null) }

  # Entered only when there is something to deploy.
  deployment = {
    # Staging is there to be tried: a stack that never came up is made again, where production would wait for a person.
    # One stage with its tests: a stage is held by one run, so that no other version is deployed below the tests.
    DeployStaging = [
      {
        name          = "Deploy"
        provider      = "CloudFormation"
        role_arn      = local.deploy_role_arns.staging
        artifacts     = ["BuildArtifact"]
        configuration = merge(local.stack.staging, { ActionMode = "REPLACE_ON_FAILURE" })
      },
      {
        name          = "Test"
        provider      = "CodeBuild"
        artifacts     = ["SourceArtifact"]
        namespace     = "TestStaging"
        configuration = { ProjectName = module.test["staging"].name, EnvironmentVariables = local.model_package }
      },
    ]
    ApproveProduction = [{
      name     = "Approve"
      provider = "Manual"
      configuration = {
        NotificationArn    = var.approvals_topic_arn
        ExternalEntityLink = "#{TestStaging.REPORT_URL}"
        CustomData         = "Deploy #{Build.MODEL_PACKAGE_ARN} to production? #{TestStaging.SUMMARY}"
      }
    }]
    DeployProduction = [
      {
        name          = "Prepare"
        provider      = "CloudFormation"
        role_arn      = local.deploy_role_arns.prod
        artifacts     = ["BuildArtifact"]
        configuration = merge(local.stack.prod, { ActionMode = "CHANGE_SET_REPLACE", ChangeSetName = local.change_set_name })
      },
      {
        name     = "Deploy"
        provider = "CloudFormation"
        role_arn = local.deploy_role_arns.prod
        configuration = {
          ActionMode    = "CHANGE_SET_EXECUTE"
          ChangeSetName = local.change_set_name
          StackName     = local.stack_names.prod
        }
      },
    ]
    SmokeTest = [{
      name          = "Test"
      provider      = "CodeBuild"
      artifacts     = ["SourceArtifact"]
      configuration = { ProjectName = module.test["prod"].name, EnvironmentVariables = local.model_package }
    }]
  }

  # A map has no order, and a pipeline is nothing but.
  deployment_order = ["DeployStaging", "ApproveProduction", "DeployProduction", "SmokeTest"]

  change_set_name = "${local.stack_names.prod}-pipeline"
}

resource "aws_codepipeline" "this" {
  name           = local.pipeline_name
  role_arn       = module.pipeline_role.arn
  pipeline_type  = "V2"
  execution_mode = "SUPERSEDED"

  variable {
    name          = "ModelPackageArn"
    default_value = "none"
    description   = "Approved model version to deploy; none: the newest approved one"
  }

  artifact_store {
    location = var.bucket.name
    type     = "S3"

    encryption_key {
      id   = var.project.kms_key_arn
      type = "KMS"
    }
  }

  stage {
    name = "Source"

    action {
      name             = "Source"
      namespace        = "Source"
      category         = "Source"
      owner            = "AWS"
      provider         = var.repository.source.provider
      version          = "1"
      output_artifacts = ["SourceArtifact"]
      configuration    = var.repository.source.configuration
    }
  }

  stage {
    name = "Build"

    action {
      name             = "Build"
      namespace        = "Build"
      category         = "Build"
      owner            = "AWS"
      provider         = "CodeBuild"
      version          = "1"
      input_artifacts  = ["SourceArtifact"]
      output_artifacts = ["BuildArtifact"]

      configuration = {
        ProjectName = module.build.name
        EnvironmentVariables = jsonencode([
          { name = "MODEL_PACKAGE_ARN", type = "PLAINTEXT", value = "#{variables.ModelPackageArn}" },
        ])
      }
    }
  }

  dynamic "stage" {
    for_each = local.deployment_order

    content {
      name = stage.value

      before_entry {
        condition {
          result = "SKIP"

          rule {
            name = "SomethingToDeploy"

            rule_type_id {
              category = "Rule"
              owner    = "AWS"
              provider = "VariableCheck"
              version  = "1"
            }

            configuration = {
              Variable = "#{Build.DEPLOY}"
              Operator = "EQ"
              Value    = "true"
            }
          }
        }
      }

      dynamic "action" {
        for_each = local.deployment[stage.value]

        content {
          name            = action.value.name
          namespace       = try(action.value.namespace, null)
          category        = local.categories[action.value.provider]
          owner           = "AWS"
          provider        = action.value.provider
          version         = "1"
          run_order       = action.key + 1
          input_artifacts = try(action.value.artifacts, [])
          role_arn        = try(action.value.role_arn, null)
          configuration   = action.value.configuration
        }
      }
    }
  }
}
