"""KMS keys and aliases, ECR repositories, SSM parameters."""

from __future__ import annotations

from localaws.services.cloudformation.resources.table import Aspect, Call, Declaration

_KEY_ID = {"KeyId": "id"}
_ON = "to_string(p.{}) == 'true'"
_OFF = "to_string(p.{}) == 'false'"

KEY = Declaration(
    type="AWS::KMS::Key",
    service="kms",
    create=(
        Call(
            "create_key",
            {
                "Policy": "p.KeyPolicy",
                "Description": "p.Description",
                "KeyUsage": "p.KeyUsage",
                "KeySpec": "p.KeySpec",
                "MultiRegion": "p.MultiRegion",
                "Origin": "p.Origin",
                "BypassPolicyLockoutSafetyCheck": "p.BypassPolicyLockoutSafetyCheck",
                "Tags": "p.Tags[].{TagKey: Key, TagValue: Value}",
            },
        ),
    ),
    physical_id="made.KeyMetadata.KeyId",
    delete=(
        Call(
            "schedule_key_deletion",
            {**_KEY_ID, "PendingWindowInDays": "p.PendingWindowInDays"},
            tolerate=("KMSInvalidStateException",),
        ),
    ),
    read=Call("describe_key", _KEY_ID),
    attributes={"Arn": "read.KeyMetadata.Arn", "KeyId": "id"},
    # Counts when the key is deleted.
    ignored=("PendingWindowInDays", "BypassPolicyLockoutSafetyCheck"),
    aspects=(
        Aspect(
            ("Description",),
            put=(Call("update_key_description", {**_KEY_ID, "Description": "p.Description"}),),
            remove=(Call("update_key_description", {**_KEY_ID, "Description": "''"}),),
            on_create=False,
        ),
        Aspect(
            ("KeyPolicy",),
            put=(Call("put_key_policy", {**_KEY_ID, "PolicyName": "'default'", "Policy": "p.KeyPolicy"}),),
            on_create=False,
        ),
        Aspect(
            ("EnableKeyRotation", "RotationPeriodInDays"),
            put=(
                Call(
                    "enable_key_rotation",
                    {**_KEY_ID, "RotationPeriodInDays": "p.RotationPeriodInDays"},
                    when=_ON.format("EnableKeyRotation"),
                ),
                Call("disable_key_rotation", _KEY_ID, when=_OFF.format("EnableKeyRotation")),
            ),
            remove=(Call("disable_key_rotation", _KEY_ID),),
        ),
        Aspect(
            ("Enabled",),
            put=(
                Call("enable_key", _KEY_ID, when=_ON.format("Enabled")),
                Call("disable_key", _KEY_ID, when=_OFF.format("Enabled")),
            ),
            remove=(Call("enable_key", _KEY_ID),),
        ),
        Aspect(
            ("Tags",),
            key="Key",
            whole=True,
            put=(Call("tag_resource", {**_KEY_ID, "Tags": "p.Tags[].{TagKey: Key, TagValue: Value}"}),),
            remove=(Call("untag_resource", {**_KEY_ID, "TagKeys": "gone"}),),
            on_create=False,
        ),
    ),
)

KEY_ALIAS = Declaration(
    type="AWS::KMS::Alias",
    service="kms",
    create=(Call("create_alias", spread=True),),
    physical_id="p.AliasName",
    update=(Call("update_alias", spread=True),),
    delete=(Call("delete_alias", {"AliasName": "id"}),),
)

_REPOSITORY = {"repositoryName": "id"}

REPOSITORY = Declaration(
    type="AWS::ECR::Repository",
    service="ecr",
    name="RepositoryName",
    name_limit=256,
    lower=True,
    create=(Call("create_repository", spread=True),),
    physical_id="made.repository.repositoryName",
    delete=(Call("delete_repository", {**_REPOSITORY, "force": "p.EmptyOnDelete"}),),
    read=Call("describe_repositories", {"repositoryNames": "[id]"}),
    attributes={
        "Arn": "read.repositories[0].repositoryArn",
        "RepositoryUri": "read.repositories[0].repositoryUri",
    },
    # Counts when the repository is deleted.
    ignored=("EmptyOnDelete",),
    aspects=(
        Aspect(
            ("LifecyclePolicy",),
            put=(
                Call(
                    "put_lifecycle_policy",
                    {**_REPOSITORY, "lifecyclePolicyText": "p.LifecyclePolicy.LifecyclePolicyText"},
                ),
            ),
            remove=(Call("delete_lifecycle_policy", _REPOSITORY),),
        ),
        Aspect(
            ("RepositoryPolicyText",),
            put=(Call("set_repository_policy", {**_REPOSITORY, "policyText": "p.RepositoryPolicyText"}),),
            remove=(Call("delete_repository_policy", _REPOSITORY),),
        ),
        Aspect(
            ("ImageTagMutability",),
            put=(
                Call(
                    "put_image_tag_mutability", {**_REPOSITORY, "imageTagMutability": "p.ImageTagMutability"}
                ),
            ),
            remove=(Call("put_image_tag_mutability", {**_REPOSITORY, "imageTagMutability": "'MUTABLE'"}),),
            on_create=False,
        ),
        Aspect(
            ("ImageScanningConfiguration",),
            put=(
                Call(
                    "put_image_scanning_configuration",
                    {**_REPOSITORY, "imageScanningConfiguration": "p.ImageScanningConfiguration"},
                ),
            ),
            on_create=False,
        ),
        Aspect(
            ("Tags",),
            key="Key",
            whole=True,
            put=(Call("tag_resource", {"resourceArn": "attributes.Arn", "tags": "p.Tags"}),),
            remove=(Call("untag_resource", {"resourceArn": "attributes.Arn", "tagKeys": "gone"}),),
            on_create=False,
        ),
    ),
)

_PARAMETER = {"ResourceType": "'Parameter'", "ResourceId": "id"}

SSM_PARAMETER = Declaration(
    type="AWS::SSM::Parameter",
    service="ssm",
    name="Name",
    name_limit=1011,
    create=(Call("put_parameter", spread=True),),
    physical_id="p.Name",
    update=(Call("put_parameter", {"Overwrite": "`true`"}, spread=True),),
    delete=(Call("delete_parameter", {"Name": "id"}),),
    attributes={"Type": "p.Type", "Value": "p.Value"},
    aspects=(
        # PutParameter takes no tags when it overwrites, so they always travel by themselves.
        Aspect(
            ("Tags",),
            key="Key",
            whole=True,
            put=(Call("add_tags_to_resource", {**_PARAMETER, "Tags": "p.Tags"}),),
            remove=(Call("remove_tags_from_resource", {**_PARAMETER, "TagKeys": "gone"}),),
        ),
    ),
)

DECLARATIONS = (KEY, KEY_ALIAS, REPOSITORY, SSM_PARAMETER)
