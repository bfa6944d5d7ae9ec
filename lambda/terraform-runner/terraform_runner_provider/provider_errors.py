"""The provider's error tree: who must act when a request cannot be carried out."""


class ProviderError(Exception):
    """A request that cannot be carried out; the message is told to CloudFormation."""


class UserError(ProviderError):
    """The template's author or the lead who filled in the form must change something."""


class PlatformError(ProviderError):
    """AWS or the network failed; the same request may work later."""
