# What goes out: the pipeline's name.

output "pipeline_name" {
  description = "Name of the pipeline that trains and registers the model."
  value       = aws_codepipeline.this.name
}
