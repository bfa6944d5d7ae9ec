"""What can go wrong in localaws outside of an AWS API call, by who must act; caught in ``localaws.cli``."""

from __future__ import annotations


class LocalAwsError(Exception):
    """Base of every error that localaws explains in one sentence."""


class UserError(LocalAwsError):
    """The input is wrong: an option, a Dockerfile, a folder."""


class PlatformError(LocalAwsError):
    """The machine failed: a port in use, a program missing, a download that broke."""
