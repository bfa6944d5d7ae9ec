"""The errors of the image build, by who must act; `build` catches them."""


class ImageError(Exception):
    """Anything that the image build reports in words."""


class UserError(ImageError):
    """The context, the arguments or the settings must be changed."""


class PlatformError(ImageError):
    """AWS or the Docker engine failed or is not there."""
