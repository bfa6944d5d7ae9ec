"""What goes wrong in CodePipeline: answers to API calls, and how actions end other than well."""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class CodePipelineError(ServiceException):
    """An error answer of the CodePipeline API."""


class ActionFailed(Exception):
    """An action fails; the code and message reach GetPipelineState and ListActionExecutions."""

    def __init__(self, message: str, code: str = "JobFailed") -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ApprovalRejected(Exception):
    """A person said no; the summary is theirs."""


class Abandoned(Exception):
    """The execution was stopped and what it does abandoned, or its pipeline was deleted."""


def fault(name: str, message: str) -> CodePipelineError:
    """Return the error ``<name>Exception``."""
    return CodePipelineError(f"{name}Exception", message)
