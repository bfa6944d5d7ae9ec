"""The environment of a build: project settings, buildspec and secrets come in, variables by name go out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from localaws.runtime import runtime
from localaws.services.codebuild.buildfaults import PhaseFailed
from localaws.services.codebuild.builds import Build
from localaws.services.codebuild.buildspec import Buildspec

# git runs the CLI's helper with the role's credentials, as env.git-credential-helper promises.
GIT_CREDENTIAL_HELPER = {
    "GIT_CONFIG_COUNT": "2",
    "GIT_CONFIG_KEY_0": "credential.helper",
    "GIT_CONFIG_VALUE_0": "!aws codecommit credential-helper $@",
    "GIT_CONFIG_KEY_1": "credential.UseHttpPath",
    "GIT_CONFIG_VALUE_1": "true",
}


def service_variables(build: Build, source_folder: str, secondary: Mapping[str, str]) -> dict[str, str]:
    """Return the CODEBUILD_ variables that are known before the source is there."""
    source = build.settings["source"]
    values = {
        "CI": "true",
        "CODEBUILD_CI": "true",
        "CODEBUILD_BUILD_ARN": build.arn,
        "CODEBUILD_BUILD_ID": build.build_id,
        "CODEBUILD_BUILD_IMAGE": build.settings["environment"]["image"],
        "CODEBUILD_BUILD_NUMBER": str(build.number),
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_INITIATOR": build.initiator,
        "CODEBUILD_KMS_KEY_ID": build.settings["encryptionKey"],
        "CODEBUILD_LOG_PATH": build.log_stream,
        "CODEBUILD_PROJECT_ARN": build.project_arn,
        "CODEBUILD_SOURCE_REPO_URL": source.get("location", ""),
        "CODEBUILD_SRC_DIR": source_folder,
        "CODEBUILD_START_TIME": str(int(build.start.timestamp() * 1000)),
    }
    return values | {f"CODEBUILD_SRC_DIR_{name}": folder for name, folder in secondary.items()}


def build_variables(build: Build, spec: Buildspec) -> dict[str, str]:
    """Return the variables of buildspec and project; the project (with the request's overrides) wins.

    Raises
    ------
    PhaseFailed
        When a parameter or secret cannot be read.
    """
    values = dict(spec.variables)
    values |= _parameters(build, spec.parameters)
    values |= {name: _secret(build, reference) for name, reference in spec.secrets.items()}
    if spec.git_credential_helper:
        values |= GIT_CREDENTIAL_HELPER
    configured = build.settings["environment"]["environmentVariables"]
    values |= {one["name"]: one["value"] for one in configured if one["type"] == "PLAINTEXT"}
    values |= _parameters(build, _typed(configured, "PARAMETER_STORE"))
    secrets = _typed(configured, "SECRETS_MANAGER")
    values |= {name: _secret(build, reference) for name, reference in secrets.items()}
    return values | {
        "CODEBUILD_RESOLVED_SOURCE_VERSION": build.resolved_source_version,
        "CODEBUILD_SOURCE_VERSION": build.source_version,
    }


def _typed(configured: Iterable[Mapping[str, str]], kind: str) -> dict[str, str]:
    return {one["name"]: one["value"] for one in configured if one["type"] == kind}


def _parameters(build: Build, names: Mapping[str, str]) -> dict[str, str]:
    client = runtime().client("ssm", build.region, build.role)
    values = {}
    for variable, name in names.items():
        try:
            values[variable] = client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
        except ClientError as error:
            raise PhaseFailed("DECRYPTED_VARIABLES_ERROR", f"parameter {name}: {error}") from error
    return values


def _secret(build: Build, reference: str) -> str:
    """Read ``secret-id:json-key:version-stage:version-id``, all but the first optional; the id may be an ARN."""
    parts = reference.split(":")
    length = 7 if reference.startswith("arn:") else 1
    identifier = ":".join(parts[:length])
    key, stage, version = [*parts[length:], "", "", ""][:3]
    arguments: dict[str, Any] = {"SecretId": identifier}
    arguments |= {"VersionStage": stage} if stage else {}
    arguments |= {"VersionId": version} if version else {}
    client = runtime().client("secretsmanager", build.region, build.role)
    try:
        text = str(client.get_secret_value(**arguments)["SecretString"])
        return str(json.loads(text)[key]) if key else text
    except (ClientError, KeyError, ValueError) as error:
        raise PhaseFailed("Secrets Manager Error Message", f"secret {reference}: {error}") from error
