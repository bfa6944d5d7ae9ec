"""A life without internet: before it, a private network and all packages; after it, whether anybody went out."""

from __future__ import annotations

import functools
import os
import shutil
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from mlproject import base_images, publish, vendor
from mlproject.errors import PlatformError
from mlproject.rehearsal import engines
from mlproject.rehearsal.environment import EnvironmentStack, make_state_bucket
from terraform_runner.terraform_install import ARCHIVE

if TYPE_CHECKING:
    import boto3

    from mlproject.console import Progress
    from mlproject.rehearsal.local import LocalAws
    from mlproject.rehearsal.report import Summary

FOLDER = publish.ROOT / "build/vendor"
"""Where packages are kept between rehearsals."""
NAME = "ml"
SETTINGS: Mapping[str, Any] = {
    "name": NAME,
    "create_studio": False,
    "create_data": False,
    # The usual ones without what only Studio and notebooks call, and IAM's for the runner.
    "network": {
        "endpoints": [
            *(
                "apigateway",
                "cloudformation",
                "codebuild",
                "codecommit",
                "codepipeline",
                "ecr.api",
                "ecr.dkr",
            ),
            *("events", "git-codecommit", "iam", "kms", "lambda", "logs", "monitoring"),
            *("sagemaker.api", "sagemaker.runtime", "sns", "sts"),
        ]
    },
}


def engine_options(engine: engines.Engine, contexts: Sequence[Path]) -> list[str]:
    """Return localaws's options for bare build images; Terraform is in them only where it cannot be vendored here."""
    words = engines.options(engine, contexts, tools=False)
    terraform = shutil.which("terraform")
    if engine is engines.Engine.PROCESSES or (FOLDER / ARCHIVE).is_file() or not terraform:
        return words
    return [*words, "--build-mount", f"{Path(terraform).resolve()}:{engines.TOOLS}/terraform"]


@dataclass
class Isolation:
    """The private network of a rehearsal, and who has left it.

    Parameters
    ----------
    local, session
        Where the account is, and its owner.
    summary
        Where steps are written.
    output
        Where Terraform's log goes.
    """

    local: LocalAws
    session: boto3.Session
    summary: Summary
    output: Path
    _before: Counter[str] = field(default_factory=Counter)

    def prepare(self) -> dict[str, Any]:
        """Make the network and collect the packages; return what to publish with."""
        with self.summary.step("collect packages for accounts without internet") as progress:
            check = _fill(FOLDER, progress)
        with self.summary.step("make a network without internet"):
            make_state_bucket(self.session)
            EnvironmentStack(self.local, self.output.resolve() / "network", SETTINGS).apply()
        self._before = self._tunnels()
        through = f"127.0.0.1:{urlsplit(self.local.endpoint).port}/"
        return {
            "vendored": FOLDER,
            "check_vendored": check,
            "copy_images": functools.partial(base_images.copy, through=through),
            "network": f"/{NAME}/network",
            "runner_in_network": True,
        }

    def judge(self) -> None:
        """Raise when anything that localaws ran has reached a host that is not AWS's."""
        with self.summary.step("nobody has left the network"):
            if reached := self._tunnels() - self._before:
                raise PlatformError(f"reached: {', '.join(sorted(reached))}")

    def _tunnels(self) -> Counter[str]:
        answer = requests.get(f"{self.local.endpoint}/_localaws/health", timeout=10)
        answer.raise_for_status()
        return Counter(answer.json()["tunnels"])


def _fill(folder: Path, progress: Progress) -> Any:
    """Fill the folder as an engineer does; return what checks it.

    A machine that does not reach HashiCorp's servers gives the provider of its own mirror, and Terraform itself.
    """
    try:
        vendor.prepare(folder, publish.ROOT, progress)
    except PlatformError as error:
        progress(f"Terraform comes from this machine: {error}")
        for mirror in engines.provider_mirrors(os.environ.get("TF_CLI_CONFIG_FILE", "")):
            _pack_providers(Path(mirror), folder / vendor.PROVIDERS)
        vendor.prepare_packages(folder, publish.ROOT, progress)
        return vendor.check_without_terraform
    return vendor.check


def _pack_providers(mirror: Path, to: Path) -> None:
    """Pack an unpacked mirror, ``<host>/<namespace>/<name>/<version>/<platform>/``, as registries pack providers."""
    for folder in mirror.glob("*/*/*/*/*"):
        version, platform, name = folder.parent.name, folder.name, folder.parents[1].name
        archive = (
            to / folder.parents[1].relative_to(mirror) / f"terraform-provider-{name}_{version}_{platform}.zip"
        )
        if folder.is_dir() and not archive.exists():
            archive.parent.mkdir(parents=True, exist_ok=True)
            part = archive.with_suffix(".part")
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
                for file in sorted(folder.iterdir()):
                    packed.write(file, file.name)
            part.rename(archive)
