# The REST API: what it takes, who may call it, which function answers, and one shape for every error.

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
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
  authorization = "AWS_IAM"
  stages = {
    staging = { function_name = "sagemaker-churn-p-1-staging" }
    prod    = { function_name = "sagemaker-churn-p-1-prod" }
  }
}

run "takes_signed_records_and_answers_every_error_in_one_shape" {
  command = plan

  module {
    source = "./modules/inference-api"
  }

  assert {
    condition     = aws_api_gateway_method.predict.authorization == "AWS_IAM" && !aws_api_gateway_method.predict.api_key_required
    error_message = "The API does not ask for a signature."
  }

  assert {
    condition     = length(aws_api_gateway_api_key.this) + length(aws_api_gateway_usage_plan.this) == 0
    error_message = "There are keys to an API that takes none."
  }

  assert {
    condition     = aws_api_gateway_method.predict.request_models == tomap({ "application/json" = "PredictionRequest" }) && aws_api_gateway_request_validator.body.validate_request_body
    error_message = "Bodies are not validated."
  }

  assert {
    condition     = jsondecode(aws_api_gateway_model.request.schema).type == ["object", "array"] && jsondecode(aws_api_gateway_model.request.schema).items.type == "object"
    error_message = "The model takes something else than a record or a list of records."
  }

  assert {
    condition     = jsondecode(aws_api_gateway_model.request.schema).minItems == 1 && jsondecode(aws_api_gateway_model.request.schema).maxItems == 100
    error_message = "The list is not one of 1 to 100."
  }

  assert {
    condition     = !contains(keys(jsondecode(aws_api_gateway_model.request.schema)), "properties")
    error_message = "API Gateway judges columns, which are the modeldeploy repository's to say."
  }

  assert {
    condition     = aws_api_gateway_integration.predict.uri == "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:111122223333:function:$${stageVariables.function}:live/invocations"
    error_message = "The integration does not call the alias live of the stage's function."
  }

  assert {
    condition     = { for stage, facts in aws_api_gateway_stage.this : stage => facts.variables.function } == { staging = "sagemaker-churn-p-1-staging", prod = "sagemaker-churn-p-1-prod" }
    error_message = "A stage calls another stage's function."
  }

  assert {
    condition = alltrue([
      for response in aws_api_gateway_gateway_response.this :
      length(setsubtract(["code", "message", "correlation_id"], keys(jsondecode(response.response_templates["application/json"]).error))) == 0 &&
      response.response_parameters == tomap({ "gatewayresponse.header.x-correlation-id" = "context.requestId" })
    ])
    error_message = "An error of API Gateway has another shape than the function's."
  }

  assert {
    condition = { for type in ["BAD_REQUEST_BODY", "MISSING_AUTHENTICATION_TOKEN", "REQUEST_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "THROTTLED", "API_CONFIGURATION_ERROR", "INTEGRATION_TIMEOUT"] : type => aws_api_gateway_gateway_response.this[type].status_code } == {
      BAD_REQUEST_BODY             = "400"
      MISSING_AUTHENTICATION_TOKEN = "403"
      REQUEST_TOO_LARGE            = "413"
      UNSUPPORTED_MEDIA_TYPE       = "415"
      THROTTLED                    = "429"
      API_CONFIGURATION_ERROR      = "503"
      INTEGRATION_TIMEOUT          = "504"
    }
    error_message = "A status code is not the contract's."
  }

  assert {
    condition     = contains(keys(aws_api_gateway_gateway_response.this), "DEFAULT_4XX") && contains(keys(aws_api_gateway_gateway_response.this), "DEFAULT_5XX")
    error_message = "Errors without a name of their own keep API Gateway's shape."
  }

  assert {
    condition     = alltrue([for settings in aws_api_gateway_method_settings.this : !settings.settings[0].data_trace_enabled && settings.settings[0].throttling_rate_limit > 0])
    error_message = "A stage logs customers' data, or takes requests without limit."
  }
}

run "takes_a_key_for_each_stage_when_asked" {
  command = plan

  module {
    source = "./modules/inference-api"
  }

  variables {
    authorization = "API_KEY"
  }

  assert {
    condition     = aws_api_gateway_method.predict.authorization == "NONE" && aws_api_gateway_method.predict.api_key_required
    error_message = "The API does not ask for a key."
  }

  assert {
    condition     = alltrue([for stage, plan in aws_api_gateway_usage_plan.this : one(plan.api_stages).stage == stage])
    error_message = "A key opens another stage than its own."
  }

  assert {
    condition     = keys(aws_api_gateway_usage_plan_key.this) == ["prod", "staging"]
    error_message = "A stage has no key."
  }
}
