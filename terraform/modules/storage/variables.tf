# What comes in: the project's names, and whether its data outlives it.

variable "project" {
  description = "The project's names and the platform's facts."
  type = object({
    name_prefix  = string
    short_prefix = string
    account_id   = string
    partition    = string
    region       = string
    kms_key_arn  = string
  })
}

variable "keep_data_on_delete" {
  description = "Whether the bucket outlives the project; written on it as a tag."
  type        = bool
}

variable "stage_account_ids" {
  description = "Accounts of the stages that are not in the project's own, by stage."
  type        = map(string)
  default     = {}
}
