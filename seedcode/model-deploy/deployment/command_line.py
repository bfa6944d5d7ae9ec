"""The edge of every command: runs it, and turns an error into one sentence and a failed build."""

from __future__ import annotations

import sys
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from deployment.deployment_errors import PlatformError, UserError


def run(command: Callable[[], None]) -> None:
    """Run ``command``; exit with status 1 and a sentence when the user or the platform must act."""
    try:
        command()
    except UserError as error:
        sys.exit(f"Error: {error}")
    except (PlatformError, ClientError, BotoCoreError) as error:
        sys.exit(f"Error: AWS did not answer as expected, try again: {error}")
    except ValidationError as error:
        faults = "; ".join(f"{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        sys.exit(f"Error: the environment variables of this build are not as they should be: {faults}")
