"""The bill of materials is valid, and of the lock that the image is made from."""

from __future__ import annotations

import json

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from make_sbom import SBOM, make_sbom


def test_it_is_of_this_lock() -> None:
    assert SBOM.read_text(encoding="utf-8") == make_sbom(), (
        "requirements.txt has changed: python make_sbom.py"
    )


def test_it_is_valid_cyclonedx() -> None:
    text = SBOM.read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_every_package_is_named_once_and_has_the_hashes_that_pip_demands() -> None:
    components = json.loads(SBOM.read_text(encoding="utf-8"))["components"]
    names = [component["name"] for component in components]
    assert len(set(names)) == len(names) > 20
    for component in components:
        hashes = [item for reference in component["externalReferences"] for item in reference["hashes"]]
        assert hashes
        assert {item["alg"] for item in hashes} == {"SHA-256"}
