"""Errors that say who must act; `command_line` catches them and ends the build with their words."""

from __future__ import annotations


class UserError(Exception):
    """Something in this repository, the registry or the pipeline's input must be changed."""


class PlatformError(Exception):
    """AWS or the network failed; try again."""
