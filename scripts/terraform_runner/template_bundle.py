"""A template version comes in; its checked and unpacked bundle goes out to Terraform and the seeding."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from botocore.exceptions import ClientError

from terraform_runner.project_request import DEFAULT_VARIANT, TemplateReference
from terraform_runner.runner_errors import UserError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


@dataclass(frozen=True)
class SeedFile:
    """One file of a repository as the template has it."""

    content: bytes
    executable: bool


@dataclass(frozen=True)
class TemplateBundle:
    """An unpacked bundle (contract "Bundle")."""

    root: Path
    version: str

    @property
    def terraform_dir(self) -> Path:
        """The stack's root module."""
        return self.root / "terraform"

    @property
    def variants(self) -> tuple[str, ...]:
        """What a project made from this bundle can be."""
        folder = self.root / "variants"
        if not folder.is_dir():
            # Published before there was a choice.
            return (DEFAULT_VARIANT,)
        return tuple(sorted(path.name for path in folder.iterdir()))

    def check_variant(self, variant: str) -> None:
        """Raise `UserError`, naming the choices, if the bundle has no such variant."""
        if variant not in self.variants:
            raise UserError(
                f"Template version {self.version} has no project variant {variant!r}: "
                f"choose one of {', '.join(self.variants)}."
            )

    def seed(self, repository: str, variant: str) -> dict[str, SeedFile]:
        """Return the files that ``repository`` (``modelbuild`` ...) is seeded with, by path.

        They are those that every variant has, and the variant's own.
        """
        shared = _files(self.root / "repositories" / repository)
        return shared | _files(self.root / "variants" / variant / repository)


def fetch_bundle(s3: S3Client, bucket: str, reference: TemplateReference, to: Path) -> TemplateBundle:
    """Fetch, check and unpack the bundle of ``reference``.

    Raises
    ------
    UserError
        If the version was never published or its bytes are not those that were published.
    """
    archive = to / f"{reference.template_version}.zip"
    archive.parent.mkdir(parents=True, exist_ok=True)
    try:
        s3.download_file(bucket, reference.bundle_key, str(archive))
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
            raise
        raise UserError(
            f"Template version {reference.template_version} is not in the artifact bucket: publish it again, "
            "or choose another version of the product."
        ) from error
    _check(archive, reference)
    root = to / reference.template_version
    unpack(archive, root)
    return TemplateBundle(root, reference.template_version)


def _files(folder: Path) -> dict[str, SeedFile]:
    return {
        path.relative_to(folder).as_posix(): SeedFile(
            path.read_bytes(), bool(path.stat().st_mode & stat.S_IXUSR)
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _check(archive: Path, reference: TemplateReference) -> None:
    with archive.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    expected = reference.template_sha256
    if actual != expected or not expected.startswith(reference.template_version):
        raise UserError(
            f"The bundle of template version {reference.template_version} has SHA-256 {actual}, but {expected} "
            "was published. It was changed or damaged after publishing; nothing of it was run."
        )


def unpack(archive: Path | IO[bytes], root: Path) -> None:
    """Unpack a bundle with the modes of its files."""
    with zipfile.ZipFile(archive) as bundle:
        for entry in bundle.infolist():
            # `extract` keeps the path inside root, but forgets the mode.
            path = Path(bundle.extract(entry, root))
            if mode := entry.external_attr >> 16 & 0o777:
                path.chmod(mode | stat.S_IWUSR)
