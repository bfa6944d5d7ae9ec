"""Secrets Manager's secrets, whose content may be made up, and their policies."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from localaws.services.cloudformation.errors import ResourceFailure
from localaws.services.cloudformation.intrinsics import text_of
from localaws.services.cloudformation.resources.contract import Job, Made
from localaws.services.cloudformation.resources.table import Call, Declaration, TableProvider

_FLAGS = (
    "ExcludeLowercase",
    "ExcludeNumbers",
    "ExcludePunctuation",
    "ExcludeUppercase",
    "IncludeSpace",
    "RequireEachIncludedType",
)

SECRET = Declaration(
    type="AWS::SecretsManager::Secret",
    service="secretsmanager",
    name="Name",
    name_limit=512,
    create=(
        Call(
            "create_secret",
            {
                "Name": "p.Name",
                "Description": "p.Description",
                "KmsKeyId": "p.KmsKeyId",
                "SecretString": "p.SecretString",
                "Tags": "p.Tags",
            },
        ),
    ),
    physical_id="made.ARN",
    update=(
        Call(
            "update_secret",
            {
                "SecretId": "id",
                "Description": "p.Description",
                "KmsKeyId": "p.KmsKeyId",
                "SecretString": "p.SecretString",
            },
        ),
    ),
    delete=(Call("delete_secret", {"SecretId": "id", "ForceDeleteWithoutRecovery": "`true`"}),),
    attributes={"Id": "id"},
    # Becomes the first content in `SecretProvider`; an update keeps what was made up.
    ignored=("GenerateSecretString",),
)

POLICY = Declaration(
    type="AWS::SecretsManager::ResourcePolicy",
    service="secretsmanager",
    create=(
        Call(
            "put_resource_policy",
            {
                "SecretId": "p.SecretId",
                "ResourcePolicy": "p.ResourcePolicy",
                "BlockPublicPolicy": "p.BlockPublicPolicy",
            },
        ),
    ),
    physical_id="p.SecretId",
    update=(Call("put_resource_policy", {"SecretId": "p.SecretId", "ResourcePolicy": "p.ResourcePolicy"}),),
    delete=(Call("delete_resource_policy", {"SecretId": "p.SecretId"}),),
    attributes={"Id": "id"},
)


class SecretProvider(TableProvider):
    """Makes a secret, with a password of its own where the template asks for one."""

    def __init__(self) -> None:
        super().__init__(SECRET)

    def create(self, job: Job) -> Made:
        """Make up the content, then make the secret."""
        wanted = job.properties.get("GenerateSecretString")
        if wanted is None:
            return super().create(job)
        made_up = {**job.properties, "SecretString": _content(job, wanted)}
        return super().create(dataclasses.replace(job, properties=made_up))


def _content(job: Job, wanted: Mapping[str, Any]) -> str:
    arguments: dict[str, Any] = {name: text_of(wanted[name]) == "true" for name in _FLAGS if name in wanted}
    if "PasswordLength" in wanted:
        arguments["PasswordLength"] = int(text_of(wanted["PasswordLength"]))
    if "ExcludeCharacters" in wanted:
        arguments["ExcludeCharacters"] = text_of(wanted["ExcludeCharacters"])
    password = str(job.client("secretsmanager").get_random_password(**arguments)["RandomPassword"])
    template, key = wanted.get("SecretStringTemplate"), wanted.get("GenerateStringKey")
    if (template is None) != (key is None):
        raise ResourceFailure("SecretStringTemplate and GenerateStringKey go together")
    if template is None:
        return password
    try:
        return json.dumps({**json.loads(text_of(template)), str(key): password})
    except (TypeError, ValueError) as error:
        raise ResourceFailure(f"SecretStringTemplate is not a JSON object: {error}") from error


DECLARATIONS = (POLICY,)
