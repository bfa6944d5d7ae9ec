"""The image's lock in, its bill of materials out: sbom.cdx.json (CycloneDX), which the Dockerfile puts into the image.

Run it with the environment of requirements-dev.txt whenever requirements.txt has changed: `python make_sbom.py`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.requirements import Requirement

HERE = Path(__file__).parent
SBOM = HERE / "sbom.cdx.json"
IMAGE = {
    "platform_machine": "x86_64",
    "platform_system": "Linux",
    "python_full_version": "3.11.0",
    "python_version": "3.11",
    "sys_platform": "linux",
}
"""What the lock's markers are asked for: the lock is for every machine, the image is one."""


def make_sbom() -> str:
    """Return the bill of materials: what is installed into the image, with the hashes that are demanded."""
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / "requirements.txt"
        lock.write_text(_select((HERE / "requirements.txt").read_text(encoding="utf-8")), encoding="utf-8")
        command = ["-m", "cyclonedx_py", "requirements", "--pyproject", str(HERE / "pyproject.toml")]
        done = subprocess.run(  # noqa: S603 - no shell, nothing of it from outside
            [sys.executable, "-W", "ignore", *command, "--output-reproducible", str(lock)],
            check=True,
            capture_output=True,
            text=True,
        )
    document = json.loads(done.stdout)
    document["metadata"]["component"]["type"] = "container"
    for tool in document["metadata"]["tools"]["components"]:
        del tool["externalReferences"]
    for component in document["components"]:
        # It repeats the hashes, and the index is each machine's own.
        del component["description"]
        for reference in component["externalReferences"]:
            reference["url"] = component["purl"]
    return json.dumps(document, indent=1) + "\n"


def _select(lock: str) -> str:
    """Leave the lock's entries that are for the image."""
    entries = lock.replace("\\\n", " ").splitlines()
    chosen = [entry for entry in entries if "==" in entry and not entry.lstrip().startswith("#")]
    return "".join(f"{_plain(entry)}\n" for entry in chosen if _is_wanted(entry))


def _is_wanted(entry: str) -> bool:
    marker = Requirement(entry.partition(" --hash")[0]).marker
    return marker is None or marker.evaluate(IMAGE)


def _plain(entry: str) -> str:
    """Leave the marker out, which has been obeyed."""
    requirement, _, hashes = entry.partition(" --hash")
    return f"{requirement.partition(';')[0].strip()} --hash{hashes}"


if __name__ == "__main__":
    SBOM.write_text(make_sbom(), encoding="utf-8")
    print(f"written: {SBOM.name}")
