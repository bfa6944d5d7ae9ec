# What goes out: the bucket, image repositories and group, each known once it is safe to use.

output "bucket" {
  description = "Name and ARN of the project's bucket."
  value = {
    name = module.bucket.name
    arn  = module.bucket.arn
  }
}

output "image_repositories" {
  description = "URI and ARN of each image repository, by model and api."
  value = {
    for key, repository in aws_ecr_repository.this : key => {
      uri = repository.repository_url
      arn = repository.arn
    }
  }

  depends_on = [aws_ecr_repository_policy.api, aws_ecr_repository_policy.model]
}

output "model_package_group" {
  description = "Name and ARN of the model package group."
  value = {
    name = aws_sagemaker_model_package_group.this.model_package_group_name
    arn  = aws_sagemaker_model_package_group.this.arn
  }
}
