"""The source files that a processing step runs, addressed by their content in S3, so that equal code is a cache hit."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent
DIGITS = 16
COMMON_FILES = ("__init__.py",)


@dataclass(frozen=True)
class StepCode:
    """Files of this package and the module that is run in the container."""

    module: str
    files: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The first 16 digits of a SHA-256 over the files' names and bytes."""
        total = hashlib.sha256()
        for name in self._names:
            content = hashlib.sha256((PACKAGE / name).read_bytes()).hexdigest()
            total.update(f"{name}\0{content}\n".encode())
        return total.hexdigest()[:DIGITS]

    def upload(self, s3: Any, bucket: str, kms_key_arn: str) -> str:
        """Put the files there and return their S3 prefix, which a step mounts as a folder."""
        prefix = f"code/{self.digest}"
        for name in self._names:
            s3.put_object(
                Bucket=bucket,
                Key=f"{prefix}/{PACKAGE.name}/{name}",
                Body=(PACKAGE / name).read_bytes(),
                ServerSideEncryption="aws:kms",
                SSEKMSKeyId=kms_key_arn,
            )
        return f"s3://{bucket}/{prefix}/"

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(sorted((*COMMON_FILES, *self.files)))


PREPROCESS = StepCode("preprocess", ("preprocess.py", "features.toml"))
EVALUATE = StepCode("evaluate", ("evaluate.py", "metrics.py", "report.py", "report.html"))
