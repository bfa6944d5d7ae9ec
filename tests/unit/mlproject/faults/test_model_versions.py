"""A damaged artefact has all its files, and only its model is none."""

from __future__ import annotations

import io
import tarfile

from mlproject.faults.model_versions import damaged


def packed(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return made.getvalue()


def test_only_the_model_itself_is_damaged() -> None:
    archive = damaged(packed({"model.ubj": b"good", "features.json": b"{}"}))
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as found:
        contents = {name: found.extractfile(name).read() for name in found.getnames()}  # type: ignore[union-attr]
    assert contents == {"model.ubj": b"this is no model", "features.json": b"{}"}
