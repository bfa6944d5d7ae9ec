# One page to look at: pipelines, then API and endpoint of each stage, side by side.

locals {
  stage_names = sort(keys(var.stages))

  # Each graph: what it is called, and its metrics at a stage (namespace, metric, statistic).
  graphs = {
    "API: requests and errors" = [
      ["AWS/ApiGateway", "Count", "Sum"],
      ["AWS/ApiGateway", "4XXError", "Sum"],
      ["AWS/ApiGateway", "5XXError", "Sum"],
      [local.metric_namespace, "Throttles", "Sum"],
    ]
    "API: latency (ms)" = [
      ["AWS/ApiGateway", "Latency", "p50"],
      ["AWS/ApiGateway", "Latency", "p99"],
    ]
    "Endpoint: invocations and errors" = [
      ["AWS/SageMaker", "Invocations", "Sum"],
      ["AWS/SageMaker", "Invocation4XXErrors", "Sum"],
      ["AWS/SageMaker", "Invocation5XXErrors", "Sum"],
    ]
    "Endpoint: model latency (us)" = [
      ["AWS/SageMaker", "ModelLatency", "p50"],
      ["AWS/SageMaker", "ModelLatency", "p99"],
    ]
  }

  graph_widgets = flatten([
    for row, title in keys(local.graphs) : [
      for column, stage in local.stage_names : {
        type   = "metric"
        x      = column * 12
        y      = 3 + row * 6
        width  = 12
        height = 6
        properties = {
          title  = "${stage} / ${title}"
          region = var.project.region
          view   = "timeSeries"
          period = 300
          metrics = [
            for metric in local.graphs[title] : concat(
              [metric[0], metric[1]],
              flatten([for name, value in local.dimensions[stage][metric[0]] : [name, value]]),
              [{ stat = metric[2] }],
            )
          ]
        }
      }
    ]
  ])

  console = "https://${var.project.region}.console.aws.amazon.com"

  heading = {
    type   = "text"
    x      = 0
    y      = 0
    width  = 24
    height = 3
    properties = {
      markdown = join("\n", concat(
        ["## ${var.name}", "${var.project_variant}, template version ${var.template_version}.${length(var.pipelines) > 0 ? " Pipelines:" : ""}"],
        [
          for kind, name in var.pipelines :
          "[${kind}](${local.console}/codesuite/codepipeline/pipelines/${name}/view?region=${var.project.region})"
        ],
      ))
    }
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({ widgets = concat([local.heading], local.graph_widgets) })
}
