# The deploy pipeline: what starts it and with which version, its stages and gates, and the environment of each build.

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_module {
  target  = module.stages[0].module.api_role
  outputs = { arn = "arn:aws:iam::111122223333:role/sagemaker-churn-p-1-api" }
}

override_module {
  target  = module.stages[0].module.cloudformation_role
  outputs = { arn = "arn:aws:iam::111122223333:role/sagemaker-churn-p-1-cloudformation" }
}

override_module {
  target  = module.stages[0].module.model_role
  outputs = { arn = "arn:aws:iam::111122223333:role/sagemaker-churn-p-1-model" }
}

variables {
  project = {
    name                     = "churn"
    id                       = "p-1"
    name_prefix              = "sagemaker-churn-p-1"
    short_prefix             = "sagemaker-churn-p-1"
    account_id               = "111122223333"
    partition                = "aws"
    dns_suffix               = "amazonaws.com"
    region                   = "eu-west-1"
    kms_key_arn              = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    permissions_boundary_arn = "arn:aws:iam::111122223333:policy/sagemaker-project-boundary"
  }
  repository = {
    name             = "sagemaker-churn-p-1-modeldeploy"
    arn              = "arn:aws:codecommit:eu-west-1:111122223333:sagemaker-churn-p-1-modeldeploy"
    read_policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
    key_services     = ["codecommit"]
    artifact_actions = []
    sends_events     = true
    source = {
      provider      = "CodeCommit"
      configuration = { RepositoryName = "sagemaker-churn-p-1-modeldeploy", BranchName = "main", PollForSourceChanges = "false" }
    }
  }
  bucket                 = { name = "sagemaker-churn-p-1-111122223333", arn = "arn:aws:s3:::sagemaker-churn-p-1-111122223333" }
  model_image_repository = { arn = "arn:aws:ecr:eu-west-1:111122223333:repository/sagemaker-churn-p-1/model" }
  api_image_repository   = { uri = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-churn-p-1/api", arn = "arn:aws:ecr:eu-west-1:111122223333:repository/sagemaker-churn-p-1/api" }
  model_package_group    = { name = "sagemaker-churn-p-1", arn = "arn:aws:sagemaker:eu-west-1:111122223333:model-package-group/sagemaker-churn-p-1" }
  approvals_topic_arn    = "arn:aws:sns:eu-west-1:111122223333:sagemaker-churn-p-1-approvals"
  stages = {
    staging = { endpoint_name = "sagemaker-churn-p-1-staging", function_name = "sagemaker-churn-p-1-staging", instance_type = "ml.m5.large", instance_count = 1 }
    prod    = { endpoint_name = "sagemaker-churn-p-1-prod", function_name = "sagemaker-churn-p-1-prod", instance_type = "ml.m5.xlarge", instance_count = 2 }
  }
  rest_api = {
    id            = "abc123"
    execution_arn = "arn:aws:execute-api:eu-west-1:111122223333:abc123"
    urls = {
      staging = "https://abc123.execute-api.eu-west-1.amazonaws.com/staging/predictions"
      prod    = "https://abc123.execute-api.eu-west-1.amazonaws.com/prod/predictions"
    }
    keys = {}
  }
}

run "leads_from_a_version_to_production_through_the_gate" {
  command = plan

  module {
    source = "./modules/model-deploy"
  }

  assert {
    condition     = aws_codepipeline.this.stage[*].name == tolist(["Source", "Build", "DeployStaging", "ApproveProduction", "DeployProduction", "SmokeTest"])
    error_message = "The stages are not those of the contract."
  }

  assert {
    condition     = module.build.environment.STAGING_NOTIFICATIONS_TOPIC_ARN == "arn:aws:sns:eu-west-1:111122223333:sagemaker-churn-p-1-staging-predictions"
    error_message = "The build is not told the stage's topic."
  }

  assert {
    condition = one([for statement in data.aws_iam_policy_document.pipeline.statement : statement.resources if statement.sid == "RunBuilds"]) == toset([
      for action in flatten(aws_codepipeline.this.stage[*].action) :
      "arn:aws:codebuild:eu-west-1:111122223333:project/${action.configuration.ProjectName}" if action.provider == "CodeBuild"
    ])
    error_message = "The pipeline may not run its builds, or others too."
  }

  assert {
    condition     = alltrue([for stack in local.stack : stack.RoleArn == "arn:aws:iam::111122223333:role/sagemaker-churn-p-1-cloudformation"])
    error_message = "The pipeline may not hand the stacks their role, or another too."
  }

  assert {
    condition     = aws_codepipeline.this.variable[0].name == "ModelPackageArn" && aws_codepipeline.this.variable[0].default_value == "none"
    error_message = "The version does not travel in the variable ModelPackageArn, or not as none without one."
  }

  assert {
    condition = alltrue([
      for index, stage in aws_codepipeline.this.stage : index < 2 ? length(stage.before_entry) == 0 : (
        stage.before_entry[0].condition[0].result == "SKIP" &&
        stage.before_entry[0].condition[0].rule[0].rule_type_id[0].provider == "VariableCheck" &&
        stage.before_entry[0].condition[0].rule[0].configuration == tomap({ Variable = "#{Build.DEPLOY}", Operator = "EQ", Value = "true" })
      )
    ])
    error_message = "A stage after Build is entered although there is nothing to deploy, or one before is not."
  }

  assert {
    condition = aws_codepipeline.this.stage[3].action[0].configuration == tomap({
      NotificationArn    = "arn:aws:sns:eu-west-1:111122223333:sagemaker-churn-p-1-approvals"
      ExternalEntityLink = "#{TestStaging.REPORT_URL}"
      CustomData         = "Deploy #{Build.MODEL_PACKAGE_ARN} to production? #{TestStaging.SUMMARY}"
    })
    error_message = "The approver is not told which version, with which report."
  }

  assert {
    condition     = aws_codepipeline.this.stage[4].action[*].configuration.ActionMode == tolist(["CHANGE_SET_REPLACE", "CHANGE_SET_EXECUTE"]) && aws_codepipeline.this.stage[4].action[*].run_order == tolist([1, 2])
    error_message = "Production is not changed by change set."
  }

  assert {
    condition     = aws_codepipeline.this.stage[2].action[*].name == tolist(["Deploy", "Test"]) && aws_codepipeline.this.stage[2].action[*].run_order == tolist([1, 2])
    error_message = "Another version may be deployed to staging while one is tested there."
  }

  assert {
    condition     = aws_codepipeline.this.stage[2].action[0].configuration.ActionMode == "REPLACE_ON_FAILURE"
    error_message = "A staging stack that failed when it was first made blocks every later run."
  }

  assert {
    condition = alltrue([
      for stage, at in { staging = 2, prod = 4 } :
      aws_codepipeline.this.stage[at].action[0].configuration.StackName == "sagemaker-churn-p-1-${stage}" &&
      aws_codepipeline.this.stage[at].action[0].configuration.TemplateConfiguration == "BuildArtifact::${stage}.json"
    ])
    error_message = "A stage's stack is not made from its own configuration."
  }

  assert {
    condition     = jsondecode(replace(aws_cloudwatch_event_target.this["approved"].input_transformer[0].input_template, "<arn>", "arn:x")) == { variables = [{ name = "ModelPackageArn", value = "arn:x" }] }
    error_message = "An approval does not hand its version to the pipeline."
  }

  assert {
    condition     = aws_cloudwatch_event_target.this["approved"].input_transformer[0].input_paths == tomap({ arn = "$.detail.ModelPackageArn" })
    error_message = "The version is not the event's."
  }

  assert {
    condition = { for key, rule in aws_cloudwatch_event_rule.this : key => jsondecode(rule.event_pattern).detail.ModelApprovalStatus if key != "push" } == {
      approved  = ["Approved"]
      withdrawn = [{ anything-but = ["Approved", "PendingManualApproval"] }]
    }
    error_message = "A version that waits for approval starts the pipeline, or another decision does not."
  }

  assert {
    condition     = alltrue([for key, target in aws_cloudwatch_event_target.this : key == "approved" || length(target.input_transformer) == 0])
    error_message = "Something else than an approval hands over a version."
  }

  assert {
    condition     = alltrue([for key, rule in aws_cloudwatch_event_rule.this : jsondecode(rule.event_pattern).detail.ModelPackageGroupName == ["sagemaker-churn-p-1"] if key != "push"])
    error_message = "Another project's model starts the pipeline."
  }

  assert {
    condition = toset(concat(
      keys(module.build.environment),
      jsondecode(aws_codepipeline.this.stage[1].action[0].configuration.EnvironmentVariables)[*].name,
      )) == toset(concat(
      [
        "IMAGE_REPOSITORY_URI", "MODEL_PACKAGE_ARN", "MODEL_PACKAGE_GROUP", "PROJECT_NAME", "PROJECT_ID",
        "PROJECT_BUCKET", "KMS_KEY_ARN", "MODEL_ROLE_ARN", "API_ROLE_ARN", "REST_API_ID",
      ],
      [for pair in setproduct(["STAGING", "PROD"], ["ENDPOINT_NAME", "FUNCTION_NAME", "INSTANCE_TYPE", "INSTANCE_COUNT", "NOTIFICATIONS_TOPIC_ARN", "BATCH_ROLE_ARN", "SCHEDULE_ROLE_ARN"]) : join("_", pair)],
    ))
    error_message = "The build's environment is not the contract's."
  }

  assert {
    condition     = module.build.environment.PROD_INSTANCE_TYPE == "ml.m5.xlarge" && module.build.environment.PROD_INSTANCE_COUNT == "2" && module.build.environment.STAGING_INSTANCE_COUNT == "1"
    error_message = "The stages' instances are mixed up."
  }

  assert {
    condition = alltrue([
      for stage, test in { staging = aws_codepipeline.this.stage[2].action[1], prod = aws_codepipeline.this.stage[5].action[0] } : jsonencode(merge(
        module.test[stage].environment,
        { for variable in jsondecode(test.configuration.EnvironmentVariables) : variable.name => variable.value },
        )) == jsonencode({
        STAGE = stage

        BATCH_PIPELINE_NAME = "sagemaker-churn-p-1-batch-${stage}"

        API_URL           = "https://abc123.execute-api.eu-west-1.amazonaws.com/${stage}/predictions"
        ENDPOINT_NAME     = "sagemaker-churn-p-1-${stage}"
        FUNCTION_NAME     = "sagemaker-churn-p-1-${stage}"
        MODEL_PACKAGE_ARN = "#{Build.MODEL_PACKAGE_ARN}"
        PROJECT_BUCKET    = "sagemaker-churn-p-1-111122223333"
        KMS_KEY_ARN       = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
      })
    ])
    error_message = "A test's environment is not the contract's."
  }

  assert {
    condition = alltrue([
      for stage, policy in data.aws_iam_policy_document.test :
      [for statement in jsondecode(policy.json).Statement : statement.Resource if statement.Sid == "CallStage"] == ["arn:aws:execute-api:eu-west-1:111122223333:abc123/${stage}/*"]
    ])
    error_message = "The tests of one stage may call the other."
  }

  assert {
    condition     = alltrue([for policy in data.aws_iam_policy_document.test : !strcontains(policy.json, "ReadStagesApiKey")])
    error_message = "Tests may read API keys although the API takes none."
  }
}

run "lets_a_stage_s_tests_read_that_stage_s_key_only" {
  command = plan

  module {
    source = "./modules/model-deploy"
  }

  variables {
    rest_api = {
      id            = "abc123"
      execution_arn = "arn:aws:execute-api:eu-west-1:111122223333:abc123"
      urls          = { staging = "https://staging", prod = "https://prod" }
      keys = {
        staging = { id = "key-s", usage_plan_id = "plan-s" }
        prod    = { id = "key-p", usage_plan_id = "plan-p" }
      }
    }
  }

  assert {
    condition = alltrue([
      for stage, policy in data.aws_iam_policy_document.test : toset(flatten([for statement in jsondecode(policy.json).Statement : statement.Resource if statement.Sid == "ReadStagesApiKey"])) == toset([
        "arn:aws:apigateway:eu-west-1::/apikeys/key-${substr(stage, 0, 1)}",
        "arn:aws:apigateway:eu-west-1::/usageplans",
        "arn:aws:apigateway:eu-west-1::/usageplans/plan-${substr(stage, 0, 1)}/keys",
      ])
    ])
    error_message = "The tests of one stage may read the key of the other."
  }
}

run "deploys_and_tests_a_stage_of_another_account_in_roles_of_that_account" {
  command = plan

  module {
    source = "./modules/model-deploy"
  }

  variables {
    elsewhere = {
      prod = {
        kms_key_arn             = "arn:aws:kms:eu-west-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        model_role_arn          = "arn:aws:iam::444455556666:role/sagemaker-churn-p-1-prod-model"
        api_role_arn            = "arn:aws:iam::444455556666:role/sagemaker-churn-p-1-prod-api"
        cloudformation_role_arn = "arn:aws:iam::444455556666:role/sagemaker-churn-p-1-prod-stack"
        deploy_role_arn         = "arn:aws:iam::444455556666:role/sagemaker-churn-p-1-prod-deploy"
        test_role_arn           = "arn:aws:iam::444455556666:role/sagemaker-churn-p-1-prod-test"
        notifications_topic_arn = "arn:aws:sns:eu-west-1:444455556666:sagemaker-churn-p-1-prod-predictions"
        rest_api                = { id = "def456", urls = { prod = "https://def456.execute-api.eu-west-1.amazonaws.com/prod/predictions" } }
      }
    }
  }

  assert {
    condition     = aws_codepipeline.this.stage[4].action[*].role_arn == tolist(["arn:aws:iam::444455556666:role/sagemaker-churn-p-1-prod-deploy", "arn:aws:iam::444455556666:role/sagemaker-churn-p-1-prod-deploy"])
    error_message = "Production is not changed by the role of its account."
  }

  assert {
    condition     = aws_codepipeline.this.stage[4].action[0].configuration.RoleArn == "arn:aws:iam::444455556666:role/sagemaker-churn-p-1-prod-stack"
    error_message = "Production's stack does not act as the role of its account."
  }

  assert {
    condition     = aws_codepipeline.this.stage[2].action[0].role_arn == null && aws_codepipeline.this.stage[2].action[0].configuration.RoleArn == "arn:aws:iam::111122223333:role/sagemaker-churn-p-1-cloudformation"
    error_message = "Staging has left the project's account."
  }

  assert {
    condition     = module.build.environment.PROD_MODEL_ROLE_ARN == "arn:aws:iam::444455556666:role/sagemaker-churn-p-1-prod-model" && module.build.environment.MODEL_ROLE_ARN == "arn:aws:iam::111122223333:role/sagemaker-churn-p-1-model"
    error_message = "The build mixes up the accounts."
  }

  assert {
    condition     = module.test["prod"].environment.TEST_ROLE_ARN == "arn:aws:iam::444455556666:role/sagemaker-churn-p-1-prod-test" && !contains(keys(module.test["staging"].environment), "TEST_ROLE_ARN")
    error_message = "The tests do not take on the role of the stage's account, or take one on at home."
  }

  assert {
    condition     = !strcontains(data.aws_iam_policy_document.test["prod"].json, "execute-api") && !strcontains(data.aws_iam_policy_document.test["staging"].json, "sts:AssumeRole")
    error_message = "A stage's tests have rights in the wrong account."
  }
}
