"""The errors of the train build, by who must act; `run_pipeline` catches them."""


class BuildError(Exception):
    """Anything that the train build reports in words."""


class UserError(BuildError):
    """The data, the configuration or the model must be changed."""


class PlatformError(BuildError):
    """AWS failed, or refuses what it should let through."""
