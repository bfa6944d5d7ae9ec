"""CloudFormation that executes: templates become resources of this server, custom resources call their function."""

from __future__ import annotations


def install() -> None:
    """Replace moto's CloudFormation by ours."""
    # Imported here: the package's own modules import each other through it.
    from localaws.services.cloudformation.api import replace_moto

    replace_moto()
