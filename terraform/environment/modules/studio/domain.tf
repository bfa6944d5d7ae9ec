# The domain and its user profiles; apps that nobody uses are shut down, and projects come from the Service Catalog.

resource "aws_sagemaker_domain" "this" {
  domain_name             = var.name
  auth_mode               = var.studio.auth_mode
  vpc_id                  = var.network.vpc_id
  subnet_ids              = var.network.subnet_ids
  app_network_access_type = var.studio.vpc_only ? "VpcOnly" : "PublicInternetOnly"
  kms_key_id              = var.kms_key_arn
  tag_propagation         = "ENABLED"

  default_user_settings {
    execution_role    = aws_iam_role.persona["data-scientist"].arn
    security_groups   = var.network.security_group_ids
    studio_web_portal = "ENABLED"
    # Said aloud: what opens otherwise is not documented, and domains made by templates have opened Studio Classic.
    default_landing_uri = "studio::"

    jupyter_lab_app_settings {
      app_lifecycle_management {
        idle_settings {
          lifecycle_management    = "ENABLED"
          idle_timeout_in_minutes = var.studio.idle_minutes
        }
      }

      dynamic "custom_image" {
        for_each = aws_sagemaker_image_version.custom

        content {
          image_name            = custom_image.value.image_name
          image_version_number  = custom_image.value.version
          app_image_config_name = aws_sagemaker_app_image_config.custom[0].app_image_config_name
        }
      }
    }

    code_editor_app_settings {
      app_lifecycle_management {
        idle_settings {
          lifecycle_management    = "ENABLED"
          idle_timeout_in_minutes = var.studio.idle_minutes
        }
      }
    }
  }

  domain_settings {
    execution_role_identity_config = "USER_PROFILE_NAME"
  }

  retention_policy {
    home_efs_file_system = var.studio.keep_home_folders ? "Retain" : "Delete"
  }

  lifecycle {
    # `mlproject publish --studio-domain` says by this tag where Studio finds project templates.
    ignore_changes = [
      tags["sagemaker:projectS3TemplatesLocation"],
      tags_all["sagemaker:projectS3TemplatesLocation"],
    ]
  }

  depends_on = [aws_iam_role_policy_attachment.persona]
}

resource "aws_sagemaker_user_profile" "this" {
  for_each = var.users

  domain_id                      = aws_sagemaker_domain.this.id
  user_profile_name              = each.key
  single_sign_on_user_identifier = each.value.sso_user == null ? null : "UserName"
  single_sign_on_user_value      = each.value.sso_user

  user_settings {
    execution_role  = aws_iam_role.persona[each.value.persona].arn
    security_groups = var.network.security_group_ids
  }
}

# One setting per account and region: without it Studio shows no products of the organisation.
resource "aws_sagemaker_servicecatalog_portfolio_status" "this" {
  status = "Enabled"
}
