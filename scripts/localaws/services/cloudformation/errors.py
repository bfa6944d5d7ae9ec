"""Errors of CloudFormation as clients see them, and the failure of one resource."""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class ValidationError(ServiceException):
    """The request or its template is wrong."""

    code = "ValidationError"


class AlreadyExists(ServiceException):
    """A living stack has this name."""

    code = "AlreadyExistsException"


class InsufficientCapabilities(ServiceException):
    """The template makes IAM resources and the caller did not acknowledge it."""

    code = "InsufficientCapabilitiesException"


class ChangeSetNotFound(ServiceException):
    """There is no such change set."""

    code = "ChangeSetNotFound"


class InvalidChangeSetStatus(ServiceException):
    """The change set cannot be used in its present status."""

    code = "InvalidChangeSetStatus"


class ResourceFailure(Exception):
    """A resource could not be made, changed or deleted; the message becomes its status reason.

    Attributes
    ----------
    physical_id
        The id that the half-made resource has, so that rollback can delete it; empty when nothing exists.
    """

    def __init__(self, reason: str, physical_id: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.physical_id = physical_id
