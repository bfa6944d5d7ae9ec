# What goes out: the bucket, image repositories and group, each known once it is safe to use.

output "bucket" {
  description = "Name and ARN of the project's bucket."
  value = {
    name = aws_s3_bucket.this.bucket
    arn  = aws_s3_bucket.this.arn
  }

  depends_on = [
    aws_s3_bucket_ownership_controls.this,
    aws_s3_bucket_policy.this,
    aws_s3_bucket_server_side_encryption_configuration.this,
    aws_s3_bucket_versioning.this,
  ]
}

output "image_repositories" {
  description = "URI and ARN of each image repository, by model and api."
  value = {
    for key, repository in aws_ecr_repository.this : key => {
      uri = repository.repository_url
      arn = repository.arn
    }
  }

  depends_on = [aws_ecr_repository_policy.api]
}

output "model_package_group" {
  description = "Name and ARN of the model package group."
  value = {
    name = aws_sagemaker_model_package_group.this.model_package_group_name
    arn  = aws_sagemaker_model_package_group.this.arn
  }
}
