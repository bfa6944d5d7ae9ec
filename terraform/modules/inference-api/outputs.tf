# What goes out: the API, the URL to POST to at each stage, and where its requests are logged.

output "rest_api" {
  description = "Id and execution ARN of the API; of each stage the prediction URL and, with API_KEY, the ids of key and plan."
  value = {
    id            = aws_api_gateway_rest_api.this.id
    execution_arn = aws_api_gateway_rest_api.this.execution_arn
    urls          = { for stage, facts in aws_api_gateway_stage.this : stage => "${facts.invoke_url}/${aws_api_gateway_resource.predictions.path_part}" }
    keys = {
      for stage, link in aws_api_gateway_usage_plan_key.this : stage => {
        id            = link.key_id
        usage_plan_id = link.usage_plan_id
      }
    }
  }
}

output "access_log_groups" {
  description = "Name of the group of each stage's access log."
  value       = { for stage, group in aws_cloudwatch_log_group.access : stage => group.name }
}
