# What goes out: the pipeline's name.

output "pipeline_name" {
  description = "Name of the pipeline that deploys approved models."
  value       = aws_codepipeline.this.name
}
