# The REST API: POST /predictions takes records, one or a list, and hands them to the function of the stage.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

locals {
  # What a record holds is said in the modeldeploy repository, where its team can change it, and checked by the function.
  request = {
    "$schema"   = "http://json-schema.org/draft-04/schema#"
    title       = "PredictionRequest"
    description = "One raw record, or a list of 1 to 100."
    type        = ["object", "array"]
    items       = { type = "object" }
    minItems    = 1
    maxItems    = 100
  }

  # API Gateway replaces the stage variable, so each stage calls its own function and the alias that its stack moves.
  function_arn = "arn:${var.project.partition}:lambda:${var.project.region}:${var.project.account_id}:function:$${stageVariables.function}:live"
}

resource "aws_api_gateway_rest_api" "this" {
  #checkov:skip=CKV_AWS_237:A change that would replace the API replaces its URL, which callers and stacks hold; there is no second one to create before.
  name                     = var.project.name_prefix
  description              = "Predictions of project ${var.project.name}"
  minimum_compression_size = "1024"

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_resource" "predictions" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = "predictions"
}

resource "aws_api_gateway_model" "request" {
  rest_api_id  = aws_api_gateway_rest_api.this.id
  name         = "PredictionRequest"
  description  = local.request.description
  content_type = "application/json"
  schema       = jsonencode(local.request)
}

resource "aws_api_gateway_request_validator" "body" {
  rest_api_id           = aws_api_gateway_rest_api.this.id
  name                  = "body"
  validate_request_body = true
}

resource "aws_api_gateway_method" "predict" {
  #checkov:skip=CKV_AWS_59:With API_KEY the key is the credential; with AWS_IAM, the default, the request is signed.
  rest_api_id          = aws_api_gateway_rest_api.this.id
  resource_id          = aws_api_gateway_resource.predictions.id
  http_method          = "POST"
  authorization        = var.authorization == "AWS_IAM" ? "AWS_IAM" : "NONE"
  api_key_required     = var.authorization == "API_KEY"
  request_validator_id = aws_api_gateway_request_validator.body.id

  request_models = {
    "application/json" = aws_api_gateway_model.request.name
  }
}

# A proxy integration passes every content type on; the function answers 415 to those that it does not take.
resource "aws_api_gateway_integration" "predict" {
  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = aws_api_gateway_resource.predictions.id
  http_method             = aws_api_gateway_method.predict.http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = "arn:${var.project.partition}:apigateway:${var.project.region}:lambda:path/2015-03-31/functions/${local.function_arn}/invocations"
  timeout_milliseconds    = 29000
}
