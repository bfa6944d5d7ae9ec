# The three builds of the modeldeploy repository: what to deploy, whether staging answers, whether production does.

locals {
  # The stages' facts under the names that render the endpoint template's parameters.
  stage_environment = merge([
    for stage, facts in var.stages : {
      "${upper(stage)}_ENDPOINT_NAME"  = facts.endpoint_name
      "${upper(stage)}_FUNCTION_NAME"  = facts.function_name
      "${upper(stage)}_INSTANCE_TYPE"  = facts.instance_type
      "${upper(stage)}_INSTANCE_COUNT" = tostring(facts.instance_count)

      "${upper(stage)}_NOTIFICATIONS_TOPIC_ARN" = try(
        var.elsewhere[stage].notifications_topic_arn, module.stages[0].notification_topic_arns[stage]
      )
    }
  ]...)

  # What all stages of this account share.
  shared_environment = length(module.stages) == 0 ? {} : {
    MODEL_ROLE_ARN = module.stages[0].roles.model
    API_ROLE_ARN   = module.stages[0].roles.api
    REST_API_ID    = var.rest_api.id
  }

  # Where a stage may be a pipeline: in this account.
  batch_environment = merge([
    for stage in keys(local.stages_here) : {
      "${upper(stage)}_BATCH_ROLE_ARN"    = module.stages[0].roles.batch
      "${upper(stage)}_SCHEDULE_ROLE_ARN" = module.stages[0].roles.schedule
    }
  ]...)

  # A stage of another account stands on its own.
  other_environment = merge([
    for stage, facts in var.elsewhere : {
      "${upper(stage)}_TEST_ROLE_ARN"  = facts.test_role_arn
      "${upper(stage)}_MODEL_ROLE_ARN" = facts.model_role_arn
      "${upper(stage)}_API_ROLE_ARN"   = facts.api_role_arn
      "${upper(stage)}_REST_API_ID"    = facts.rest_api.id
      "${upper(stage)}_KMS_KEY_ARN"    = facts.kms_key_arn
    }
  ]...)

  tests = {
    staging = {
      name        = "modeldeploy-teststaging"
      actor       = "test-staging"
      buildspec   = "buildspec/test-staging.yml"
      description = "Tests the staged model and API and reports"
    }
    prod = {
      name        = "modeldeploy-smoketest"
      actor       = "smoke-test"
      buildspec   = "buildspec/smoke-test.yml"
      description = "Checks that production answers"
    }
  }
}

module "build" {
  source = "../build-project"

  project            = var.project
  bucket             = var.bucket
  name               = "modeldeploy-build"
  actor              = "deploy-build"
  description        = "Decides what to deploy, finds or builds the API image and renders the stacks' parameters"
  buildspec          = "buildspec/build.yml"
  builds_images      = true
  timeout_in_minutes = 30
  policy_json        = data.aws_iam_policy_document.build.json

  # The pipeline adds MODEL_PACKAGE_ARN.
  environment = merge(local.stage_environment, local.shared_environment, local.batch_environment, local.other_environment, {
    IMAGE_REPOSITORY_URI = var.api_image_repository.uri
    MODEL_PACKAGE_GROUP  = var.model_package_group.name
    PROJECT_NAME         = var.project.name
    PROJECT_ID           = var.project.id
    PROJECT_BUCKET       = var.bucket.name
    KMS_KEY_ARN          = var.project.kms_key_arn
  })
}

module "test" {
  source   = "../build-project"
  for_each = local.tests

  project     = var.project
  bucket      = var.bucket
  name        = each.value.name
  actor       = each.value.actor
  description = each.value.description
  buildspec   = each.value.buildspec
  policy_json = data.aws_iam_policy_document.test[each.key].json

  # They call the REST API, which is public. A network without a way out leads to none, and one with an endpoint for
  # private APIs answers 403 for all others.
  in_network = false

  # The pipeline adds MODEL_PACKAGE_ARN.
  environment = merge(
    {
      STAGE          = each.key
      API_URL        = try(var.elsewhere[each.key].rest_api.urls[each.key], var.rest_api.urls[each.key])
      ENDPOINT_NAME  = var.stages[each.key].endpoint_name
      FUNCTION_NAME  = var.stages[each.key].function_name
      PROJECT_BUCKET = var.bucket.name
      KMS_KEY_ARN    = var.project.kms_key_arn
    },
    !contains(keys(local.stages_here), each.key) ? {} : {
      BATCH_PIPELINE_NAME = module.stages[0].batch_pipelines[each.key]
    },
    !contains(keys(var.elsewhere), each.key) ? {} : {
      TEST_ROLE_ARN = var.elsewhere[each.key].test_role_arn
    },
  )
}
