"""What is wrong with a flow or its data; the message becomes the job's FailureReason (to `__main__`)."""

from __future__ import annotations


class FlowError(Exception):
    """The flow cannot be run; whoever knows which node it is says so."""
