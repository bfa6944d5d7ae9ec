"""What localaws takes from its own environment: the host's proxy, certificates and folders, read at start."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class HostSettings(BaseSettings):
    """The host's environment, as far as localaws looks at it; an empty variable is as none."""

    model_config = SettingsConfigDict(env_ignore_empty=True)

    path: str = "/usr/local/bin:/usr/bin:/bin"
    lang: str = "C.UTF-8"
    https_proxy: str = Field(default="", validation_alias=AliasChoices("https_proxy", "HTTPS_PROXY"))
    no_proxy: str = Field(default="", validation_alias=AliasChoices("no_proxy", "NO_PROXY"))
    ca_bundle: Path | None = Field(
        default=None, validation_alias=AliasChoices("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    )
    build_image: str = Field(default="", validation_alias="LOCALAWS_BUILD_IMAGE")
    """The image that stands for CodeBuild's own in Docker; empty for the one that is made here."""
    strict: bool = Field(default=False, validation_alias="LOCALAWS_STRICT")
    """Whether an answer that botocore's model does not allow is a failure (see ``localaws.strict``)."""
    find_links: str = Field(default="", validation_alias="PIP_FIND_LINKS")
    """Folders of wheels that this machine's pip is told of."""
    cache_home: Path = Field(
        default_factory=lambda: Path.home() / ".cache", validation_alias=AliasChoices("XDG_CACHE_HOME")
    )

    def images(self) -> Path:
        """Return the folder of prepared images that all servers of this user share."""
        return self.cache_home / "localaws" / "images"

    def contexts(self) -> Path:
        """Return the folder of what stand-ins of AWS's images are made from."""
        return self.cache_home / "localaws" / "contexts"

    @staticmethod
    def variables() -> dict[str, str]:
        """Return all variables, for options that name one of them."""
        return dict(os.environ)
