"""Publishing: what is uploaded and deployed the first time, what never again, and whose ARN is whose."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import boto3
import pytest
import yaml
from cfnlint.decode import cfn_yaml
from moto import mock_aws

from mlproject import publish, stack_deploy
from mlproject.bundle import Archive
from mlproject.errors import PlatformError, UserError
from mlproject.platform_parameters import MOST_STUDIO_ROLES, Place
from mlproject.publish import Published, rendered_product

ROOT = Path(__file__).resolve().parents[3]
REGION: Final = "eu-central-1"


@dataclass
class FakeStacks:
    """Stands for CloudFormation: one stack whose parameters and outputs are remembered."""

    parameters: dict[str, str] = field(default_factory=dict)
    deployments: list[dict[str, str]] = field(default_factory=list)
    templates: list[stack_deploy.TemplateSource] = field(default_factory=list)

    def read(self, _: Any, __: str) -> stack_deploy.Stack | None:
        return self._stack() if self.deployments else None

    def deploy(
        self,
        _: Any,
        __: str,
        template: stack_deploy.TemplateSource,
        parameters: dict[str, str],
        ___: Any,
    ) -> stack_deploy.Stack:
        self.templates.append(template)
        self.deployments.append(dict(parameters))
        self.parameters |= parameters
        return self._stack()

    def _stack(self) -> stack_deploy.Stack:
        outputs = {
            "ArtifactBucket": "artifacts",
            "StateBucket": "states",
            "LaunchRoleArn": "arn:aws:iam::123456789012:role/launch",
            "ProductTemplates": "https://artifacts.s3.eu-central-1.amazonaws.com/products",
        }
        if self.parameters.get("TerraformSource") == "bucket":
            outputs["BaseImageRepository"] = (
                "123456789012.dkr.ecr.eu-central-1.amazonaws.com/platform/base-images"
            )
        if self.parameters.get("RunnerArchiveKey") and self.parameters["ServiceCatalog"] == "true":
            outputs |= {"ProductId": "prod-1", "PortfolioId": "port-1"}
        return stack_deploy.Stack(outputs, dict(self.parameters))


@dataclass
class FakeCatalog:
    """Stands for Service Catalog: one product; its first version is CloudFormation's."""

    stacks: FakeStacks
    added: list[str] = field(default_factory=list)
    status: str = "AVAILABLE"

    def list_provisioning_artifacts(self, ProductId: str) -> dict[str, Any]:
        names = [self.stacks.parameters["FirstTemplateVersion"], *self.added]
        return {"ProvisioningArtifactDetails": [{"Id": f"pa-{name}", "Name": name} for name in names]}

    def create_provisioning_artifact(self, **arguments: Any) -> dict[str, Any]:
        name = arguments["Parameters"]["Name"]
        assert arguments["Parameters"]["Info"]["LoadTemplateFromURL"].endswith(f"/products/{name}.yaml")
        self.added.append(name)
        return {"ProvisioningArtifactDetail": {"Id": f"pa-{name}"}}

    def describe_provisioning_artifact(self, **_: Any) -> dict[str, Any]:
        return {"Status": self.status}


@dataclass
class Account:
    """Where a test publishes to."""

    session: Any
    stacks: FakeStacks
    catalog: FakeCatalog

    def client(self, service: str) -> Any:
        return self.catalog if service == "servicecatalog" else self.session.client(service)

    def publish(self, root: Path, *roles: str, **options: Any) -> Published:
        return publish.publish(self, roles, progress=lambda _: None, root=root, **options)  # type: ignore[arg-type]

    def uploaded(self) -> set[str]:
        listed = self.session.client("s3").list_objects_v2(Bucket="artifacts")
        return {item["Key"] for item in listed.get("Contents", [])}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give an account in which nothing was ever published."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        session = boto3.Session("testing", "testing", region_name=REGION)
        session.client("s3").create_bucket(
            Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        stacks = FakeStacks()
        monkeypatch.setattr(stack_deploy, "read", stacks.read)
        monkeypatch.setattr(stack_deploy, "deploy", stacks.deploy)
        yield Account(session, stacks, FakeCatalog(stacks))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Give a small checkout: the real form, platform, runner and function, and an empty stack and seeds."""
    root = tmp_path / "checkout"
    for folder in (
        "terraform",
        "seedcode/model-build",
        "seedcode/variants/config-only/model-build",
        "seedcode/model-deploy",
        "seedcode/image",
        "containers/xgboost-daal4py",
        "lambda/inference",
    ):
        (root / folder).mkdir(parents=True)
        (root / folder / "README.md").write_text(folder)
    for part in ("cloudformation", "scripts", "lambda/terraform-runner", "requirements"):
        (root / part).symlink_to(ROOT / part)
    return root


def change(root: Path) -> None:
    (root / "terraform" / "README.md").write_text("changed")


def test_the_first_publishing_makes_buckets_then_the_rest(account: Account, checkout: Path) -> None:
    published = account.publish(checkout, "arn:aws:iam::123456789012:role/Studio")
    bare, full = account.stacks.deployments
    assert bare == {}
    assert full["FirstTemplateVersion"] == published.version
    assert full["StudioRoleArns"] == "arn:aws:iam::123456789012:role/Studio"
    assert account.uploaded() == {
        f"bundles/{published.version}.zip",
        f"products/{published.version}.yaml",
        account.stacks.templates[1]["TemplateURL"].partition(".com/")[2],
        full["RunnerArchiveKey"],
        full["FunctionArchiveKey"],
    }
    assert account.catalog.added == []
    assert published.artifact_id == f"pa-{published.version}"


def test_publishing_again_changes_nothing(account: Account, checkout: Path) -> None:
    first = account.publish(checkout, "arn:aws:iam::123456789012:role/Studio")
    keys = account.uploaded()
    assert account.publish(checkout) == first
    assert account.stacks.deployments[-1] == account.stacks.deployments[-2]
    assert account.uploaded() == keys
    assert account.catalog.added == []


def test_a_new_version_stands_beside_the_old_ones(account: Account, checkout: Path) -> None:
    first = account.publish(checkout)
    change(checkout)
    second = account.publish(checkout)
    assert second.version != first.version
    assert account.catalog.added == [second.version]
    assert account.stacks.parameters["FirstTemplateVersion"] == first.version
    assert {f"bundles/{v}.zip" for v in (first.version, second.version)} < account.uploaded()


def test_what_an_operator_set_stays(account: Account, checkout: Path) -> None:
    account.publish(checkout)
    account.stacks.parameters["LogRetentionDays"] = "30"
    account.publish(checkout)
    assert account.stacks.deployments[-1]["LogRetentionDays"] == "30"


def test_a_version_that_service_catalog_does_not_take_is_told(account: Account, checkout: Path) -> None:
    account.catalog.status = "FAILED"
    with pytest.raises(PlatformError, match="does not take version"):
        account.publish(checkout)


def test_vendoring_uploads_the_folder_and_turns_the_runner_to_the_bucket(
    account: Account, checkout: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "vendor"
    (folder / "providers" / "registry.terraform.io").mkdir(parents=True)
    (folder / "terraform_1.11.4_linux_amd64.zip").write_bytes(b"zip")
    (folder / "providers" / "registry.terraform.io" / "aws.zip").write_bytes(b"zip")
    (checkout / "containers/xgboost-daal4py/Dockerfile").write_text("ARG BASE=python:3.11\nFROM ${BASE}\n")
    copied: list[tuple[str, ...]] = []

    def copy(_: Any, repository: str, images: Sequence[str], __: Any) -> None:
        copied.append((repository, *images))

    account.publish(checkout, vendored=folder, check_vendored=lambda *_: None, copy_images=copy)
    assert copied == [(account.stacks.read(None, "").outputs["BaseImageRepository"], "python:3.11")]  # type: ignore[union-attr]
    with pytest.raises(UserError, match="this platform has no internet"):
        account.publish(checkout)
    assert {"vendor/terraform_1.11.4_linux_amd64.zip", "vendor/providers/registry.terraform.io/aws.zip"} < (
        account.uploaded()
    )
    assert account.stacks.parameters["TerraformSource"] == "bucket"


def test_the_network_is_that_of_the_parameter_store(account: Account, checkout: Path) -> None:
    ssm = account.session.client("ssm")
    told = {"vpc-id": "vpc-1", "subnet-ids": "subnet-1,subnet-2", "security-group-ids": "sg-1"}
    ssm.put_parameter(Name="/ml/network/vpc-id", Value="vpc-1", Type="String")
    with pytest.raises(
        UserError, match="has no /ml/network/security-group-ids, /ml/network/subnet-ids: name the place"
    ):
        account.publish(checkout, network="/ml/network")
    assert account.stacks.deployments == []
    for name, value in told.items():
        ssm.put_parameter(Name=f"/ml/network/{name}", Value=value, Type="StringList", Overwrite=True)
    account.publish(checkout, network="/ml/network/")
    assert account.stacks.parameters["RunnerInVpc"] == "false"
    account.publish(checkout, network="/ml/network", runner_in_network=True)
    account.publish(checkout)
    assert account.stacks.parameters["RunnerInVpc"] == "true"
    assert account.stacks.parameters["VpcId"] == "vpc-1"
    assert account.stacks.parameters["SubnetIds"] == "subnet-1,subnet-2"
    assert account.stacks.parameters["SecurityGroupIds"] == "sg-1"


@pytest.mark.parametrize(
    ("roles", "options", "told"),
    [
        (["arn:aws:s3:::Studio"], {}, "not the ARN of a role, user or group"),
        ([], {"connections": ["arn:aws:s3:::bucket"]}, "not the ARN of a connection"),
        ([], {"staging_account": "12345"}, "'12345' is no account for staging"),
        ([], {"runner_in_network": True}, "--runner-in-network goes with --network"),
        ([], {"studio_domains": ["d-1"]}, "publish them there with --to s3"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(
    account: Account, checkout: Path, roles: list[str], options: dict[str, Any], told: str
) -> None:
    with pytest.raises(UserError, match=told):
        account.publish(checkout, *roles, **options)
    assert account.stacks.deployments == []
    assert account.uploaded() == set()


def test_an_incomplete_vendor_folder_is_refused_before_anything_is_done(
    account: Account, checkout: Path, tmp_path: Path
) -> None:
    def refuse(*_: Path) -> None:
        raise UserError("is not complete")

    with pytest.raises(UserError, match="is not complete"):
        account.publish(checkout, vendored=tmp_path, check_vendored=refuse)
    assert account.stacks.deployments == []


def test_too_many_roles_are_refused(account: Account, checkout: Path) -> None:
    roles = [f"arn:aws:iam::123456789012:role/r{n}" for n in range(6)]
    with pytest.raises(UserError, match="at most 5"):
        account.publish(checkout, *roles)


def test_a_stack_that_studio_users_could_write_to_is_refused(account: Account, checkout: Path) -> None:
    with pytest.raises(UserError, match="must not contain `sagemaker`"):
        account.publish(checkout, stack_name="my-SageMaker-platform")


def test_the_product_template_is_told_its_bundle() -> None:
    bundle = Archive(b"bundle")
    rendered = rendered_product((ROOT / "cloudformation" / "project.yaml").read_text(), bundle)
    digest = hashlib.sha256(b"bundle").hexdigest()
    assert f'Version: "{digest[:16]}"' in rendered
    assert f'Sha256: "{digest}"' in rendered
    assert "0000000000000000" not in rendered


@pytest.mark.parametrize("template", ["", '  Version: "0000000000000000"\n' * 2])
def test_a_form_that_cannot_be_told_its_bundle_is_refused(template: str) -> None:
    with pytest.raises(UserError, match="exactly one line"):
        rendered_product(template, Archive(b""))


def test_the_product_is_named_alike_in_the_platform_and_here() -> None:
    assert f"\n      Name: {publish.PRODUCT_NAME}\n" in (ROOT / "cloudformation/platform.yaml").read_text()


def test_as_many_roles_as_the_platform_has_places_for() -> None:
    places = (ROOT / "cloudformation/platform.yaml").read_text().count("PortfolioPrincipalAssociation")
    assert places == MOST_STUDIO_ROLES


def test_the_first_deployment_fits_into_a_request_and_lacks_nothing(account: Account, checkout: Path) -> None:
    account.publish(checkout)
    bare = account.stacks.templates[0]["TemplateBody"]
    assert len(bare.encode()) <= 51_200
    whole = cfn_yaml.load(str(ROOT / "cloudformation/platform.yaml"))
    # For people and checks alone.
    for described in (whole, *whole["Resources"].values()):
        described.pop("Metadata", None)
    assert cfn_yaml.loads(bare) == whole


def visible(account: Account, version: str) -> bool:
    tags = account.session.client("s3").get_object_tagging(Bucket="artifacts", Key=f"products/{version}.yaml")
    return {"Key": "sagemaker:studio-visibility", "Value": "true"} in tags["TagSet"]


def test_a_version_for_s3_is_shown_there_and_not_added_to_a_catalog(account: Account, checkout: Path) -> None:
    published = account.publish(checkout, "arn:aws:iam::123456789012:role/a/Studio", to=[Place.S3])
    assert visible(account, published.version)
    assert (published.product_id, published.artifact_id) == ("", "")
    assert account.stacks.parameters["ServiceCatalog"] == "false"
    assert account.stacks.parameters["LeadRoleNames"] == "Studio"


def test_a_later_version_goes_where_the_first_went(account: Account, checkout: Path) -> None:
    account.publish(checkout, to=[Place.S3])
    change(checkout)
    second = account.publish(checkout)
    assert visible(account, second.version)
    assert second.artifact_id == ""


def test_a_version_for_s3_leaves_the_product_that_is_there(account: Account, checkout: Path) -> None:
    first = account.publish(checkout)
    assert not visible(account, first.version)
    change(checkout)
    second = account.publish(checkout, to=[Place.S3])
    assert account.stacks.parameters["ServiceCatalog"] == "true"
    assert account.catalog.added == []
    assert visible(account, second.version)
    assert not visible(account, first.version)


def test_no_alias_of_yaml_is_used() -> None:
    """CloudFormation refuses them, though every other reader of YAML takes them."""
    for name in ("platform", "project"):
        events = yaml.parse((ROOT / f"cloudformation/{name}.yaml").read_text())
        assert not any(isinstance(event, yaml.AliasEvent) for event in events)
