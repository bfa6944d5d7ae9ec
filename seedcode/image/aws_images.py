"""A Dockerfile in, where AWS keeps the image that it begins with in this region out (to `build`).

A Dockerfile that stands on one of AWS's Deep Learning Containers begins with
`ARG AWS_IMAGES=763104351884.dkr.ecr.us-east-1.amazonaws.com` and `FROM ${AWS_IMAGES}/<repository>:<tag>`.
"""

from __future__ import annotations

import re

from failures import UserError

ARGUMENT = "AWS_IMAGES"
DECLARED = re.compile(rf"^ARG\s+{ARGUMENT}=", re.MULTILINE)
USUAL_ACCOUNT = "763104351884"
REGIONS = (
    "ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1",
    "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2",
    "us-west-1", "us-west-2",
)  # fmt: skip
"""Those whose images are in the usual account."""
ACCOUNTS = {
    "af-south-1": "626614931356",
    "ap-east-1": "871362719292",
    "ap-east-2": "975050140332",
    "ap-northeast-3": "364406365360",
    "ap-south-2": "772153158452",
    "ap-southeast-3": "907027046896",
    "ap-southeast-4": "457447274322",
    "ap-southeast-5": "550225433462",
    "ap-southeast-6": "633930458069",
    "ap-southeast-7": "590183813437",
    "ca-west-1": "204538143572",
    "cn-north-1": "727897471807",
    "cn-northwest-1": "727897471807",
    "eu-central-2": "380420809688",
    "eu-south-1": "692866216735",
    "eu-south-2": "503227376785",
    "il-central-1": "780543022126",
    "me-central-1": "914824155844",
    "me-south-1": "217643126080",
    "mx-central-1": "637423239942",
    "us-gov-east-1": "446045086412",
    "us-gov-west-1": "442386744353",
    **dict.fromkeys(REGIONS, USUAL_ACCOUNT),
}


def registry(dockerfile: str, region: str) -> str:
    """Return the host of the region's registry of AWS's images, empty when the Dockerfile does not ask for it.

    Raises
    ------
    UserError
        When it is not known where AWS has them in the region.
    """
    if not DECLARED.search(dockerfile):
        return ""
    if region not in ACCOUNTS:
        raise UserError(
            f"it is not known which account has AWS's images in {region}: see image/aws_images.py"
        )
    suffix = ".cn" if region.startswith("cn-") else ""
    return f"{ACCOUNTS[region]}.dkr.ecr.{region}.amazonaws.com{suffix}"
