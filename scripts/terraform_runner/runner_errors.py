"""The runner's error tree: who must act when a project could not be created, updated or deleted."""


class RunnerError(Exception):
    """A failure with a message that a data science lead can act on."""


class UserError(RunnerError):
    """The lead, the template's author or somebody who holds a lock must change something."""


class PlatformError(RunnerError):
    """AWS or the network failed; the same request may work later."""
