# API Gateway's own errors in the words and shape of the function's, so that a caller reads one kind of error.

locals {
  gateway_responses = {
    ACCESS_DENIED                = { status = "403", code = "forbidden", message = "These credentials may not call this API." }
    API_CONFIGURATION_ERROR      = { status = "503", code = "not_deployed", message = "No model is deployed to this stage yet." }
    BAD_REQUEST_BODY             = { status = "400", code = "invalid_request", message = "The body is neither a record nor a list of 1 to 100." }
    BAD_REQUEST_PARAMETERS       = { status = "400", code = "invalid_request", message = "A parameter of the request is missing or wrong." }
    EXPIRED_TOKEN                = { status = "403", code = "forbidden", message = "The credentials have expired." }
    INTEGRATION_FAILURE          = { status = "503", code = "unavailable", message = "The prediction service is not available; try again." }
    INTEGRATION_TIMEOUT          = { status = "504", code = "too_slow", message = "The prediction took too long; try again." }
    INVALID_API_KEY              = { status = "403", code = "forbidden", message = "The x-api-key header is missing or unknown to this stage." }
    INVALID_SIGNATURE            = { status = "403", code = "forbidden", message = "The request's signature is wrong." }
    MISSING_AUTHENTICATION_TOKEN = { status = "403", code = "forbidden", message = "The request has no credentials, or there is nothing at this path and method." }
    QUOTA_EXCEEDED               = { status = "429", code = "throttled", message = "The quota is used up; try again later." }
    REQUEST_TOO_LARGE            = { status = "413", code = "too_large", message = "The body is too large; send at most 100 records." }
    RESOURCE_NOT_FOUND           = { status = "404", code = "not_found", message = "There is nothing at this path." }
    THROTTLED                    = { status = "429", code = "throttled", message = "Too many requests; try again later." }
    UNAUTHORIZED                 = { status = "403", code = "forbidden", message = "The request has no valid credentials." }
    UNSUPPORTED_MEDIA_TYPE       = { status = "415", code = "unsupported_media_type", message = "Send the body as application/json." }
    WAF_FILTERED                 = { status = "403", code = "forbidden", message = "The request was filtered." }
    DEFAULT_4XX                  = { status = null, code = "invalid_request", message = "The request was refused." }
    DEFAULT_5XX                  = { status = null, code = "internal", message = "The API failed; try again." }
  }
}

resource "aws_api_gateway_gateway_response" "this" {
  for_each = local.gateway_responses

  rest_api_id   = aws_api_gateway_rest_api.this.id
  response_type = each.key
  status_code   = each.value.status

  response_parameters = {
    "gatewayresponse.header.x-correlation-id" = "context.requestId"
  }

  response_templates = {
    "application/json" = jsonencode({
      error = merge(
        { code = each.value.code, message = each.value.message, correlation_id = "$context.requestId" },
        each.key == "BAD_REQUEST_BODY" ? { details = [{ message = "$context.error.validationErrorString" }] } : {},
      )
    })
  }
}
