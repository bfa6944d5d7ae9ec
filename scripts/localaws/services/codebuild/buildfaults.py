"""What goes wrong in CodeBuild: answers to API calls, and the contexts of phases that fail."""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class CodeBuildError(ServiceException):
    """An error answer of the CodeBuild API."""


class PhaseFailed(Exception):
    """A phase cannot go on; becomes the phase's context.

    Parameters
    ----------
    code
        AWS's status code, such as ``CLIENT_ERROR``.
    message
        What the person who reads the build should know.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid_input(message: str) -> CodeBuildError:
    """Return InvalidInputException."""
    return CodeBuildError("InvalidInputException", message)


def not_found(message: str) -> CodeBuildError:
    """Return ResourceNotFoundException."""
    return CodeBuildError("ResourceNotFoundException", message)
