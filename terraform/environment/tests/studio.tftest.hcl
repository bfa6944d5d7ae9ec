# Studio: what each persona may and may not do, and that apps end when nobody uses them.

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_data {
  target = data.aws_caller_identity.current
  values = {
    account_id = "111122223333"
  }
}

variables {
  name        = "ml"
  kms_key_arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  network = {
    vpc_id             = "vpc-1"
    subnet_ids         = ["subnet-1", "subnet-2"]
    security_group_ids = ["sg-1"]
  }
  studio = {
    auth_mode         = "IAM"
    vpc_only          = true
    idle_minutes      = 120
    keep_home_folders = false
  }
  users = {
    anna = { persona = "lead" }
    carl = { persona = "approver" }
  }
  data = {
    buckets_readable  = ["arn:aws:s3:::ml-data"]
    buckets_writeable = ["arn:aws:s3:::ml-artifacts"]
  }
  boundary_arn = "arn:aws:iam::111122223333:policy/boundary"
}

run "keeps_apps_in_the_vpc_and_ends_idle_ones" {
  command = plan

  module {
    source = "./modules/studio"
  }

  assert {
    condition     = aws_sagemaker_domain.this.app_network_access_type == "VpcOnly"
    error_message = "Apps reach the internet past the VPC."
  }

  assert {
    condition = one(one(one(one(aws_sagemaker_domain.this.default_user_settings).jupyter_lab_app_settings).app_lifecycle_management).idle_settings).idle_timeout_in_minutes == 120 && (
      one(one(one(one(aws_sagemaker_domain.this.default_user_settings).code_editor_app_settings).app_lifecycle_management).idle_settings).lifecycle_management == "ENABLED"
    )
    error_message = "An app that nobody uses goes on."
  }

  assert {
    condition     = one(aws_sagemaker_domain.this.default_user_settings).default_landing_uri == "studio::"
    error_message = "Users land in Studio Classic, which knows neither spaces nor the idle shutdown."
  }

  assert {
    condition     = one(aws_sagemaker_domain.this.retention_policy).home_efs_file_system == "Delete" && aws_sagemaker_servicecatalog_portfolio_status.this.status == "Enabled"
    error_message = "Home folders stay although they were not to be kept, or projects cannot be made from the catalog."
  }

  assert {
    condition     = alltrue([for role in aws_iam_role.persona : role.permissions_boundary == var.boundary_arn])
    error_message = "A role is without the boundary."
  }
}

run "gives_each_persona_its_own_abilities" {
  command = plan

  module {
    source = "./modules/studio"
  }

  assert {
    condition     = contains(keys(aws_iam_role_policy_attachment.persona), "lead/create-projects") && !contains(keys(aws_iam_role_policy_attachment.persona), "data-scientist/create-projects")
    error_message = "Leads, and only they, create projects."
  }

  assert {
    condition     = [for grant in keys(aws_iam_role_policy_attachment.persona) : grant if endswith(grant, "/approve")] == ["approver/approve"]
    error_message = "Approvers, and only they, decide."
  }

  assert {
    condition     = !strcontains(data.aws_iam_policy_document.experiment.json, "UpdateModelPackage") && !strcontains(data.aws_iam_policy_document.experiment.json, "CreateEndpoint")
    error_message = "Who experiments can approve or deploy."
  }

  assert {
    condition     = strcontains(data.aws_iam_policy_document.studio.json, "user-profile/$${sagemaker:DomainId}/$${sagemaker:UserProfileName}")
    error_message = "Users are not kept to spaces of their own."
  }

  assert {
    condition     = alltrue([for document in local.ability_documents : length(jsonencode(jsondecode(document))) <= 6144])
    error_message = "A policy is longer than IAM takes (6,144 characters without white space)."
  }
}

# The domain says who somebody is, and AWS refuses jobs and apps in roles that do not take it.
run "lets_roles_be_told_who_acts" {
  command = plan

  module {
    source = "./modules/studio"
  }

  assert {
    condition = alltrue([
      for role in aws_iam_role.persona : one(aws_sagemaker_domain.this.domain_settings).execution_role_identity_config != "USER_PROFILE_NAME" ||
      contains(jsondecode(role.assume_role_policy).Statement[0].Action, "sts:SetSourceIdentity")
    ])
    error_message = "A persona's role does not take the name of its user."
  }
}

run "lets_volumes_be_encrypted_and_jobs_enter_the_network" {
  command = plan

  module {
    source = "./modules/studio"
  }

  assert {
    condition = alltrue([
      for json in [data.aws_iam_policy_document.studio.json, data.aws_iam_policy_document.experiment.json] :
      [for statement in jsondecode(json).Statement : statement.Condition.Bool["kms:GrantIsForAWSResource"] if statement.Action == "kms:CreateGrant"] == ["true"]
    ])
    error_message = "A space or a job has no volume under the key, or keys may be given to anybody."
  }

  assert {
    condition = one([for statement in jsondecode(data.aws_iam_policy_document.experiment.json).Statement : toset(statement.Resource) if statement.Sid == "EnterNetwork"]) == toset([
      "arn:aws:ec2:eu-west-1:111122223333:network-interface/*",
      "arn:aws:ec2:eu-west-1:111122223333:security-group/sg-1",
      "arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-1",
      "arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-2",
    ])
    error_message = "A job in one's own role does not get into the network, or gets into others."
  }
}

run "lets_notebooks_of_projects_work" {
  command = plan

  module {
    source = "./modules/studio"
  }

  assert {
    condition = [
      for statement in jsondecode(data.aws_iam_policy_document.experiment.json).Statement : statement.Resource if statement.Action == "iam:PassRole"
    ] == ["arn:aws:iam::111122223333:role/sagemaker-*-training"]
    error_message = "Nobody can run a job in a project's role, or jobs run in roles that deploy."
  }

  assert {
    condition     = strcontains(data.aws_iam_policy_document.observe.json, "codebuild:BatchGetProjects") && strcontains(data.aws_iam_policy_document.observe.json, "ecr:DescribeImages")
    error_message = "Notebooks do not find their project or its image."
  }

  assert {
    condition = toset([
      for arn in one([for statement in jsondecode(data.aws_iam_policy_document.experiment.json).Statement : statement.Resource if statement.Sid == "WriteData"]) : arn if startswith(arn, "arn:aws:s3:::sagemaker-")
    ]) == toset([for folder in ["code/notebooks", "data/notebooks", "experiments"] : "arn:aws:s3:::sagemaker-*/${folder}/*"])
    error_message = "Notebooks cannot put code and data where jobs read them, or can overwrite what pipelines use."
  }
}

run "offers_an_image_of_one_s_own_in_jupyterlab" {
  command = plan

  module {
    source = "./modules/studio"
  }

  variables {
    studio = {
      auth_mode         = "IAM"
      vpc_only          = true
      idle_minutes      = 120
      keep_home_folders = false
      custom_image      = { name = "lab", uri = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/lab@sha256:0" }
    }
  }

  assert {
    condition     = aws_sagemaker_image_version.custom[0].base_image == "111122223333.dkr.ecr.eu-west-1.amazonaws.com/lab@sha256:0"
    error_message = "The image is not the one that was named."
  }

  assert {
    condition     = one(one(aws_sagemaker_domain.this.default_user_settings).jupyter_lab_app_settings).custom_image[0].image_name == "lab"
    error_message = "JupyterLab does not offer the image."
  }

  # An empty configuration is no configuration to the provider, and every plan would change it.
  assert {
    condition     = one(one(aws_sagemaker_app_image_config.custom[0].jupyter_lab_image_config).file_system_config).default_uid == 1000
    error_message = "The image's configuration says nothing."
  }
}
