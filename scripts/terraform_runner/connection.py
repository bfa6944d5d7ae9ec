"""A project's connection comes in; whether it can be used, where people clone from and where git reaches goes out."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

from terraform_runner.runner_errors import PlatformError, UserError

if TYPE_CHECKING:
    import boto3

_ARN = re.compile(
    r"arn:(?P<partition>[a-z-]+):(?P<service>codeconnections|codestar-connections):(?P<region>[a-z0-9-]+):"
    r"(?P<account>\d{12}):connection/(?P<id>[0-9a-f-]{36})"
)
_HOSTS: Mapping[str, str] = {
    "AzureDevOps": "https://dev.azure.com",
    "Bitbucket": "https://bitbucket.org",
    "GitHub": "https://github.com",
    "GitLab": "https://gitlab.com",
}
# AWS takes the signature of CodeCommit's credential helper for repositories behind connections, too.
_SIGNED_AS = "codecommit"


@dataclass(frozen=True)
class Connection:
    """A connection of CodeConnections, used in the runner's name."""

    session: boto3.Session
    arn: str

    def host(self) -> str:
        """Return where people clone from; raise `UserError` if the connection cannot be used."""
        client = self.session.client("codeconnections", region_name=self._part("region"))
        try:
            found = client.get_connection(ConnectionArn=self.arn)["Connection"]
            own = (
                client.get_host(HostArn=found["HostArn"])["ProviderEndpoint"] if found.get("HostArn") else ""
            )
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            raise UserError(
                f"The connection {self.arn} cannot be used ({code}: {message}). Platform engineers publish the "
                "template with the connections that projects may use: `mlproject publish --connection`."
            ) from error
        if (status := found["ConnectionStatus"]) != "AVAILABLE":
            raise UserError(
                f"The connection {found['ConnectionName']} is {status}: somebody must complete it in the console "
                "(Developer tools, Settings, Connections), which lets AWS reach the provider."
            )
        return own.rstrip("/") or _HOSTS[found["ProviderType"]]

    def git_url(self, repository: str) -> str:
        """Return where git reaches a repository (``owner/name``) by the connection."""
        suffix = "amazonaws.com.cn" if self._part("partition") == "aws-cn" else "amazonaws.com"
        host = f"{self._part('service')}.{self._part('region')}.{suffix}"
        place = f"{self._part('account')}/{self._part('region')}/{self._part('id')}"
        return f"https://{host}/git-http/{place}/{repository}.git"

    def authorization(self, url: str) -> str:
        """Return the value of the header that lets git in at ``url`` for the next minutes."""
        given = self.session.get_credentials()
        if given is None:
            raise PlatformError("The build has no credentials to reach the team's repositories with.")
        frozen = given.get_frozen_credentials()
        parts, timestamp = urlsplit(url), f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
        signer = SigV4Auth(frozen, _SIGNED_AS, self._part("region"))
        request = AWSRequest(method="GIT", url=url)
        request.context["timestamp"] = timestamp
        canonical = f"GIT\n{parts.path}\n\nhost:{parts.hostname}\n\nhost\n"
        signature = signer.signature(signer.string_to_sign(request, canonical), request)
        user = f"{frozen.access_key}%{frozen.token}" if frozen.token else frozen.access_key
        return f"Basic {base64.b64encode(f'{user}:{timestamp}Z{signature}'.encode()).decode()}"

    def _part(self, name: str) -> str:
        found = _ARN.fullmatch(self.arn)
        if found is None:
            raise UserError(f"{self.arn!r} is not the ARN of a connection.")
        return found[name]
