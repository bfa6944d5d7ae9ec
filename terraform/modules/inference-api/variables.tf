# What comes in: the project, how callers prove who they are, and which function answers at each stage.

variable "project" {
  description = "The project's names and the platform's facts."
  type = object({
    name        = string
    name_prefix = string
    account_id  = string
    partition   = string
    region      = string
    kms_key_arn = string
  })
}

variable "authorization" {
  description = "AWS_IAM or API_KEY."
  type        = string
}

variable "stages" {
  description = "The function that answers at staging and prod."
  type = map(object({
    function_name = string
  }))
}
