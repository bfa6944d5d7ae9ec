"""Who must act when a command fails: the caller (`UserError`) or time (`PlatformError`); all else is a bug here."""


class MlprojectError(Exception):
    """A failure that is told in one sentence, without a traceback."""


class UserError(MlprojectError):
    """What was asked for cannot be done: change the input."""


class PlatformError(MlprojectError):
    """AWS or the network failed, or something there did: look there, then try again."""
