"""A checkout and an account come in; the platform stack, the archives and a new version for leads are there after.

The platform's function needs its archive in a bucket that the same stack makes. So the stack is deployed twice
the first time: without archives it makes its key and buckets only, with them it makes the rest.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from mlproject import (
    base_images,
    catalog,
    platform_network,
    platform_parameters,
    s3_templates,
    stack_deploy,
    vendor,
    workload_accounts,
)
from mlproject.bundle import VERSION_DIGITS, Archive, function_archive, runner_archive, template_bundle
from mlproject.errors import UserError
from mlproject.platform_parameters import Place

if TYPE_CHECKING:
    import boto3
    from types_boto3_s3 import S3Client

    from mlproject.console import Progress

PRODUCT_NAME = "Machine learning project with Terraform"
STACK_NAME = "mlproject-platform"

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Published:
    """What `publish` left behind.

    Attributes
    ----------
    version
        The template's version: the name of the product's artifact, and of the template in the bucket.
    product_id, artifact_id, portfolio_id
        Service Catalog's; empty where the version is not published there.
    launch_role_arn
        What projects are created with.
    template_url
        Where the product's template is.
    """

    version: str
    product_name: str
    product_id: str
    artifact_id: str
    portfolio_id: str
    artifact_bucket: str
    state_bucket: str
    launch_role_arn: str
    template_url: str


def publish(
    session: boto3.Session,
    studio_roles: Sequence[str],
    *,
    to: Collection[Place] = (),
    studio_domains: Sequence[str] = (),
    vendored: Path | None = None,
    network: str = "",
    runner_in_network: bool = False,
    staging_account: str = "",
    production_account: str = "",
    check_vendored: Callable[[Path, Path], None] = vendor.check,
    copy_images: base_images.Copy = base_images.copy,
    connections: Collection[str] = (),
    progress: Progress,
    root: Path = ROOT,
    stack_name: str = STACK_NAME,
) -> Published:
    """Publish the checkout at ``root``; doing it again changes nothing.

    Parameters
    ----------
    session
        Whose account and region is published into.
    studio_roles
        ARNs of those who may create projects; none leaves the ones that are.
    to
        Where leads shall find this version; empty for where they found the last one.
    studio_domains
        Ids of domains whose Studio shall show the templates in the bucket.
    connections
        ARNs of connections that projects may reach their teams' repositories by; none leaves the ones that are.
    vendored
        A folder for accounts without internet, as `vendor.prepare` fills it.
    network
        Where Parameter Store tells of the network that builds and jobs shall work in; empty leaves the one that is.
    runner_in_network
        Whether Terraform runs there, too.
    staging_account, production_account
        Accounts that staging and production of new projects are in; empty leaves them where they are.
    check_vendored, copy_images
        How the folder is checked and images get into the account, with ``vendored``.

    Raises
    ------
    UserError
        Something that was asked for cannot be, or does not go together.
    PlatformError
        AWS failed; publishing again goes on from there.
    """
    if "sagemaker" in stack_name.lower():
        # AmazonSageMakerFullAccess lets every Studio user write to any bucket with that word in its name.
        raise UserError(f"stack name {stack_name!r} must not contain `sagemaker`")
    if runner_in_network and not network:
        raise UserError("--runner-in-network goes with --network: name the place of the network, too")
    if vendored is not None:
        check_vendored(vendored, root)
    found_network = platform_network.read(session, network, runner_in_network) if network else {}
    release = Release.of(root)

    stack = stack_deploy.read(session, stack_name)
    current = stack.parameters if stack else {}
    if vendored is None and current.get("TerraformSource") == "bucket":
        raise UserError(
            "this platform has no internet: fill a folder with `mlproject vendor FOLDER`, and publish it with"
            " --vendor FOLDER"
        )
    places = platform_parameters.places(current, to)
    if studio_domains and Place.S3 not in places:
        raise UserError("--studio-domain shows templates in S3: publish them there with --to s3, too")
    parameters = platform_parameters.parameters(
        current,
        release.version,
        studio_roles,
        places,
        vendored=vendored is not None,
        network=found_network,
        connections=connections,
    )
    parameters |= workload_accounts.parameters(session, current, staging_account, production_account)
    if stack is None:
        progress("making the key and the buckets")
        # There is no bucket yet to put the template in, and a request takes less than the template as it is written.
        bare: stack_deploy.TemplateSource = {"TemplateBody": compact(release.platform)}
        stack = stack_deploy.deploy(session, stack_name, bare, {}, progress)

    bucket, s3 = stack.outputs["ArtifactBucket"], session.client("s3")
    progress(f"uploading template {release.version}")
    release.upload(s3, bucket)
    if vendored is not None:
        _upload_vendored(s3, bucket, vendored, progress)

    progress("deploying the platform")
    templates = stack.outputs["ProductTemplates"]
    platform: stack_deploy.TemplateSource = {
        "TemplateURL": f"{templates.removesuffix('/products')}/{release.platform_key}"
    }
    parameters = {**stack.parameters, **parameters, **release.archive_keys}
    outputs = stack_deploy.deploy(session, stack_name, platform, parameters, progress).outputs
    if vendored is not None:
        copy_images(session, outputs["BaseImageRepository"], base_images.of_template(root), progress)
    template_url, artifact_id = f"{templates}/{release.version}.yaml", ""
    if Place.CATALOG in places:
        product_id = outputs["ProductId"]
        artifact_id = catalog.add_version(session, product_id, release.version, template_url, progress)
    if Place.S3 in places:
        s3_templates.show(s3, bucket, release.product_key)
        s3_templates.show_in_domains(session, studio_domains, bucket)
    return Published(
        version=release.version,
        product_name=PRODUCT_NAME,
        product_id=outputs.get("ProductId", ""),
        artifact_id=artifact_id,
        portfolio_id=outputs.get("PortfolioId", ""),
        artifact_bucket=bucket,
        state_bucket=outputs["StateBucket"],
        launch_role_arn=outputs["LaunchRoleArn"],
        template_url=template_url,
    )


@dataclass(frozen=True)
class Release:
    """What a checkout is published as.

    Attributes
    ----------
    bundle, runner, function
        The archives.
    platform, product
        The templates of the platform and of its product.
    """

    bundle: Archive
    runner: Archive
    function: Archive
    platform: str
    product: str

    @classmethod
    def of(cls, root: Path) -> Release:
        """Return what the checkout at ``root`` makes."""
        templates = root / "cloudformation"
        bundle = template_bundle(root)
        return cls(
            bundle=bundle,
            runner=runner_archive(root),
            function=function_archive(root),
            platform=(templates / "platform.yaml").read_text(encoding="utf-8"),
            product=rendered_product((templates / "project.yaml").read_text(encoding="utf-8"), bundle),
        )

    @property
    def version(self) -> str:
        """The template's version: its bundle's."""
        return self.bundle.version

    @property
    def archive_keys(self) -> dict[str, str]:
        """Where runner and function are in the artifact bucket, by the platform's parameters."""
        return {
            "RunnerArchiveKey": f"runner/{self.runner.version}.zip",
            "FunctionArchiveKey": f"lambda/{self.function.version}.zip",
        }

    @property
    def platform_key(self) -> str:
        """Where the platform's template is in the artifact bucket."""
        digest = hashlib.sha256(self.platform.encode()).hexdigest()
        return f"platform/{digest[:VERSION_DIGITS]}.yaml"

    @property
    def product_key(self) -> str:
        """Where the product's template is in the artifact bucket."""
        return f"{s3_templates.PREFIX}{self.version}.yaml"

    def upload(self, s3: S3Client, bucket: str) -> None:
        """Put everything into the artifact bucket; what is there is left alone."""
        _upload(s3, bucket, f"bundles/{self.version}.zip", self.bundle.content)
        _upload(s3, bucket, self.archive_keys["RunnerArchiveKey"], self.runner.content)
        _upload(s3, bucket, self.archive_keys["FunctionArchiveKey"], self.function.content)
        _upload(s3, bucket, self.product_key, self.product.encode())
        _upload(s3, bucket, self.platform_key, self.platform.encode())


def compact(template: str) -> str:
    """Return a CloudFormation template as JSON without blanks, comments and what only the console and checks read."""
    # Only the first publishing needs it, and it takes a second to import.
    from cfnlint.decode import cfn_yaml

    return json.dumps(_without_metadata(cfn_yaml.loads(template)), separators=(",", ":"))


def _without_metadata(template: dict[str, Any]) -> dict[str, Any]:
    resources = {
        name: {key: value for key, value in resource.items() if key != "Metadata"}
        for name, resource in template["Resources"].items()
    }
    return {key: value for key, value in template.items() if key != "Metadata"} | {"Resources": resources}


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


def _upload(s3: S3Client, bucket: str, key: str, content: bytes) -> None:
    """Put an object whose key says its content, once."""
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=content, IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("PreconditionFailed", "ConditionalRequestConflict"):
            raise


def _upload_vendored(s3: S3Client, bucket: str, folder: Path, progress: Progress) -> None:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=vendor.PREFIX)
    there = {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", [])}
    for path in vendor.files(folder):
        # What was checked is the same under the same name: a package's, and an archive's, says its version.
        if there.get(vendor.key(folder, path)) == path.stat().st_size:
            continue
        progress(f"uploading {path.relative_to(folder)}")
        s3.upload_file(str(path), bucket, vendor.key(folder, path))
