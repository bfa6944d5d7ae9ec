"""A checkout comes in; folders with what a variant's repositories are seeded with go out to rehearsals and tests."""

from __future__ import annotations

import io
from pathlib import Path

from mlproject.bundle import template_bundle
from terraform_runner.template_bundle import TemplateBundle, unpack


def unpack_bundle(root: Path, to: Path) -> TemplateBundle:
    """Bundle the checkout at ``root`` and unpack that to a folder."""
    archive = template_bundle(root)
    unpack(io.BytesIO(archive.content), to)
    return TemplateBundle(to, archive.version)


def write_seed(bundle: TemplateBundle, repository: str, variant: str, to: Path) -> Path:
    """Write what a repository is seeded with to a folder, and return it."""
    for name, file in bundle.seed(repository, variant).items():
        path = to / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        path.chmod(0o755 if file.executable else 0o644)
    return to
