"""A checkout and an account come in; the platform stack, the archives and a new product version are there after.

The platform's function needs its archive in a bucket that the same stack makes. So the stack is deployed twice
the first time: without archives it makes its key and buckets only, with them it makes the rest.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from mlproject import stack_deploy
from mlproject.bundle import VERSION_DIGITS, Archive, function_archive, runner_archive, template_bundle
from mlproject.errors import PlatformError, UserError

if TYPE_CHECKING:
    import boto3
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import TagTypeDef
    from types_boto3_servicecatalog import ServiceCatalogClient

    from mlproject.console import Progress

PRODUCT_NAME = "Churn project with Terraform"
STACK_NAME = "mlproject-platform"
MOST_STUDIO_ROLES = 5

_ROOT = Path(__file__).resolve().parents[2]
_POLL_SECONDS = 1.0
# Studio shows the templates of a bucket that have this tag, as it shows products that have it.
_VISIBLE_IN_STUDIO: TagTypeDef = {"Key": "sagemaker:studio-visibility", "Value": "true"}
_COMMENTS = re.compile(r"^ *#.*\n", re.MULTILINE)
_PRINCIPAL = re.compile(r"arn:(aws[a-z-]*):(iam|sts)::(\d{12}):(role|user|group|assumed-role)/(.+)")


@dataclass(frozen=True)
class Published:
    """What `publish` left behind.

    Attributes
    ----------
    version
        The template's version: the name of the product's artifact.
    """

    version: str
    product_name: str
    product_id: str
    artifact_id: str
    portfolio_id: str
    artifact_bucket: str
    state_bucket: str
    template_url: str


def publish(
    session: boto3.Session,
    studio_roles: Sequence[str],
    *,
    vendor: Path | None = None,
    progress: Progress,
    root: Path = _ROOT,
    stack_name: str = STACK_NAME,
) -> Published:
    """Publish the checkout at ``root``; doing it again changes nothing.

    Parameters
    ----------
    session
        Whose account and region is published into.
    studio_roles
        ARNs of those who may create projects; none leaves the ones that are.
    vendor
        A folder for accounts without internet: Terraform's zip, ``providers/`` (a provider mirror) and
        ``wheels/`` (the runner's Python packages).
    """
    if "sagemaker" in stack_name.lower():
        # AmazonSageMakerFullAccess lets every Studio user write to any bucket with that word in its name.
        raise UserError(f"stack name {stack_name!r} must not contain `sagemaker`")
    bundle, runner, function = template_bundle(root), runner_archive(root), function_archive(root)
    template = (root / "cloudformation" / "platform.yaml").read_text(encoding="utf-8")
    product = rendered_product((root / "cloudformation" / "project.yaml").read_text(encoding="utf-8"), bundle)

    stack = stack_deploy.read(session, stack_name)
    if stack is None:
        progress("making the key and the buckets")
        # There is no bucket yet to put the template in, and a request takes less than the template with its comments.
        bare = _COMMENTS.sub("", template)
        stack = stack_deploy.deploy(session, stack_name, {"TemplateBody": bare}, {}, progress)
    bucket = stack.outputs["ArtifactBucket"]

    progress(f"uploading template {bundle.version}")
    keys = {
        "RunnerArchiveKey": f"runner/{runner.version}.zip",
        "FunctionArchiveKey": f"lambda/{function.version}.zip",
    }
    product_key = f"products/{bundle.version}.yaml"
    s3 = session.client("s3")
    _upload(s3, bucket, f"bundles/{bundle.version}.zip", bundle.content)
    _upload(s3, bucket, keys["RunnerArchiveKey"], runner.content)
    _upload(s3, bucket, keys["FunctionArchiveKey"], function.content)
    _upload(s3, bucket, product_key, product.encode())
    s3.put_object_tagging(Bucket=bucket, Key=product_key, Tagging={"TagSet": [_VISIBLE_IN_STUDIO]})
    platform_key = f"platform/{hashlib.sha256(template.encode()).hexdigest()[:VERSION_DIGITS]}.yaml"
    _upload(s3, bucket, platform_key, template.encode())
    if vendor is not None:
        _upload_folder(s3, bucket, vendor, progress)

    progress("deploying the platform")
    parameters = _parameters(stack.parameters, bundle.version, studio_roles, vendor is not None) | keys
    platform: stack_deploy.TemplateSource = {
        "TemplateURL": f"{stack.outputs['ProductTemplates'].removesuffix('/products')}/{platform_key}"
    }
    outputs = stack_deploy.deploy(session, stack_name, platform, parameters, progress).outputs
    template_url = f"{outputs['ProductTemplates']}/{bundle.version}.yaml"
    artifact_id = _add_version(
        session.client("servicecatalog"), outputs["ProductId"], bundle.version, template_url, progress
    )
    return Published(
        version=bundle.version,
        product_name=PRODUCT_NAME,
        product_id=outputs["ProductId"],
        artifact_id=artifact_id,
        portfolio_id=outputs["PortfolioId"],
        artifact_bucket=bucket,
        state_bucket=outputs["StateBucket"],
        template_url=template_url,
    )


def rendered_product(template: str, bundle: Archive) -> str:
    """Return the product's template with the bundle's version and digest where zeros stand at rest."""
    for name, zeros, value in (
        ("Version", "0" * VERSION_DIGITS, bundle.version),
        ("Sha256", "0" * len(bundle.sha256), bundle.sha256),
    ):
        template, count = re.subn(rf'(?m)^( +{name}: ")({zeros})("\s*)$', rf"\g<1>{value}\g<3>", template)
        if count != 1:
            raise UserError(f'cloudformation/project.yaml must have exactly one line `{name}: "{zeros}"`')
    return template


def principal(arn: str) -> str:
    """Return the ARN that Service Catalog wants for ``arn``: a session of a role stands for its role.

    Raises
    ------
    UserError
        If it is no role, user or group.
    """
    found = _PRINCIPAL.fullmatch(arn)
    if found is None:
        raise UserError(f"{arn!r} is not the ARN of a role, user or group that may create projects")
    partition, _, account, kind, name = found.groups()
    if kind == "assumed-role":
        kind, name = "role", name.split("/")[0]
    return f"arn:{partition}:iam::{account}:{kind}/{name}"


def _parameters(
    current: Mapping[str, str], version: str, studio_roles: Sequence[str], vendored: bool
) -> dict[str, str]:
    """Return the stack's parameters: what is there stays, except for what this publishing says anew."""
    if len(studio_roles) > MOST_STUDIO_ROLES:
        raise UserError(f"at most {MOST_STUDIO_ROLES} Studio roles can be given")
    parameters = dict(current)
    # The product's first version is CloudFormation's; were it to change, living projects would lose theirs.
    parameters["FirstTemplateVersion"] = current.get("FirstTemplateVersion") or version
    if studio_roles:
        wanted = [principal(arn) for arn in studio_roles]
        parameters["StudioRoleArns"] = ",".join(_placed(current.get("StudioRoleArns", "").split(","), wanted))
    if vendored:
        parameters["TerraformSource"] = "bucket"
    return parameters


def _placed(current: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Return ``wanted`` with everyone who stays in the place where they are.

    A role that moved to another place would lose its access: CloudFormation gives it to the new place's resource
    first and takes it away with the old place's afterwards.
    """
    places = [arn if arn in wanted else "" for arn in current[:MOST_STUDIO_ROLES]]
    places += [""] * (MOST_STUDIO_ROLES - len(places))
    for arn in wanted:
        if arn not in places:
            places[places.index("")] = arn
    return ",".join(places).rstrip(",").split(",")


def _upload(s3: S3Client, bucket: str, key: str, content: bytes) -> None:
    """Put an object whose key says its content, once."""
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=content, IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("PreconditionFailed", "ConditionalRequestConflict"):
            raise


def _upload_folder(s3: S3Client, bucket: str, folder: Path, progress: Progress) -> None:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    if not any(path.parent == folder and path.name.startswith("terraform_") for path in files):
        raise UserError(f"{folder} holds no terraform_<version>_linux_amd64.zip")
    for path in files:
        name = path.relative_to(folder).as_posix()
        progress(f"uploading {name}")
        s3.upload_file(str(path), bucket, f"vendor/{name}")


def _add_version(
    catalog: ServiceCatalogClient, product_id: str, version: str, template_url: str, progress: Progress
) -> str:
    """Return the id of the product's version of this name, made if it is new; the others are left alone."""
    known = catalog.list_provisioning_artifacts(ProductId=product_id)["ProvisioningArtifactDetails"]
    artifact_id = next((artifact["Id"] for artifact in known if artifact["Name"] == version), None)
    if artifact_id is None:
        progress(f"adding version {version} to the product")
        artifact_id = catalog.create_provisioning_artifact(
            ProductId=product_id,
            Parameters={
                "Name": version,
                "Description": f"Template {version}",
                "Info": {"LoadTemplateFromURL": template_url},
                "Type": "CLOUD_FORMATION_TEMPLATE",
            },
            IdempotencyToken=f"{product_id}-{version}",
        )["ProvisioningArtifactDetail"]["Id"]
    _wait_available(catalog, product_id, artifact_id)
    return artifact_id


def _wait_available(catalog: ServiceCatalogClient, product_id: str, artifact_id: str) -> None:
    while True:
        status = catalog.describe_provisioning_artifact(
            ProductId=product_id, ProvisioningArtifactId=artifact_id
        )["Status"]
        if status == "AVAILABLE":
            return
        if status == "FAILED":
            raise PlatformError(
                f"Service Catalog does not take version {artifact_id} of product {product_id}"
            )
        time.sleep(_POLL_SECONDS)
