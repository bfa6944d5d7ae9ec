"""A catalog with one product on a running localaws, and someone who may launch it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from moto.moto_api._internal.models import moto_api_backend

from localaws.server import LocalAws

REGION = "us-east-1"
TEMPLATE = """
Description: Makes a parameter
Parameters:
  SageMakerProjectName: {Type: String, Default: none}
  SageMakerProjectId: {Type: String, Default: none}
  Value: {Type: String, Default: small, AllowedPattern: "[a-z]+", Description: What to store}
Conditions: {Fits: %s}
Resources:
  Stored:
    Type: AWS::SSM::Parameter
    # Parameter Store reserves names that begin with aws.
    Properties: {Name: !If [Fits, !Sub "/${AWS::StackName}", aws-reserved], Type: String, Value: !Ref Value}
Outputs:
  Stored: {Value: !Ref Stored, Description: Where}
  Project: {Value: !Sub "${SageMakerProjectName}/${SageMakerProjectId}"}
"""


@dataclass
class Shop:
    """A portfolio with one product of two versions, and a role that may launch it.

    The second version's stack fails unless ``Value`` is ``large``.
    """

    server: LocalAws
    portfolio: str
    product: str
    versions: tuple[str, str]
    role: str

    @property
    def admin(self) -> Any:
        """Service Catalog, as nobody's principal."""
        return self.server.client("servicecatalog", REGION)

    @property
    def user(self) -> Any:
        """Service Catalog, as the role that may launch."""
        return self.server.client("servicecatalog", REGION, self.role)

    def provision(self, name: str = "mine", version: int = 0, **parameters: str) -> dict[str, Any]:
        """Launch the product and return the settled record."""
        answer = self.user.provision_product(
            ProductId=self.product,
            ProvisioningArtifactId=self.versions[version],
            ProvisionedProductName=name,
            ProvisionToken=str(uuid.uuid4()),
            ProvisioningParameters=[{"Key": key, "Value": value} for key, value in parameters.items()],
            Tags=[{"Key": "team", "Value": "churn"}],
        )
        return self.settled(answer["RecordDetail"]["RecordId"])

    def settled(self, record_id: str) -> dict[str, Any]:
        """Wait for an operation on a provisioned product."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            record: dict[str, Any] = self.user.describe_record(Id=record_id)["RecordDetail"]
            if record["Status"] in ("SUCCEEDED", "FAILED"):
                return record
            time.sleep(0.05)
        raise TimeoutError(record_id)

    def stored(self) -> list[str]:
        """Return the values that launched products have stored."""
        client = self.server.client("ssm", REGION)
        names = [item["Name"] for item in client.describe_parameters()["Parameters"]]
        return [client.get_parameter(Name=name)["Parameter"]["Value"] for name in names]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """Serve for all tests of a module."""
    folder = tmp_path_factory.mktemp("servicecatalog")
    made = LocalAws(folder / "localaws", image_cache=folder / "images")
    made.start()
    yield made
    made.close()
    moto_api_backend.reset()


@pytest.fixture
def shop(server: LocalAws) -> Iterator[Shop]:
    """Open a shop on a localaws that has nothing else in it."""
    yield open_shop(server)
    moto_api_backend.reset()


def open_shop(server: LocalAws) -> Shop:
    """Make template, portfolio, product, constraint and role."""
    s3, admin = server.client("s3", REGION), server.client("servicecatalog", REGION)
    iam = server.client("iam", REGION)
    suffix = uuid.uuid4().hex[:8]
    # Role names differ from test to test: the server keeps credentials by role.
    roles = [
        iam.create_role(RoleName=f"{name}-{suffix}", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        for name in ("studio", "launch")
    ]
    s3.create_bucket(Bucket="templates")
    for name, condition in (("one", "!Equals [1, 1]"), ("two", "!Equals [!Ref Value, large]")):
        s3.put_object(Bucket="templates", Key=f"{name}.yaml", Body=(TEMPLATE % condition).encode())
    portfolio = admin.create_portfolio(
        DisplayName="Projects",
        ProviderName="Platform",
        IdempotencyToken="p",
        Tags=[{"Key": "cost", "Value": "ml"}],
    )["PortfolioDetail"]["Id"]
    made = admin.create_product(
        Name="Churn project",
        Owner="Platform",
        ProductType="CLOUD_FORMATION_TEMPLATE",
        ProvisioningArtifactParameters=artifact("one"),
        IdempotencyToken="q",
        Tags=[{"Key": "sagemaker:studio-visibility", "Value": "true"}],
    )
    product = made["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
    second = admin.create_provisioning_artifact(
        ProductId=product, Parameters=artifact("two"), IdempotencyToken="r"
    )["ProvisioningArtifactDetail"]["Id"]
    admin.associate_product_with_portfolio(ProductId=product, PortfolioId=portfolio)
    admin.associate_principal_with_portfolio(
        PortfolioId=portfolio, PrincipalARN=roles[0], PrincipalType="IAM"
    )
    admin.create_constraint(
        PortfolioId=portfolio,
        ProductId=product,
        Type="LAUNCH",
        Parameters=f'{{"RoleArn": "{roles[1]}"}}',
        IdempotencyToken="s",
    )
    versions = (made["ProvisioningArtifactDetail"]["Id"], second)
    return Shop(server, portfolio, product, versions, roles[0])


def artifact(name: str) -> dict[str, Any]:
    """Return the parameters of a version."""
    url = f"https://templates.s3.us-east-1.amazonaws.com/{name}.yaml"
    return {"Name": name, "Type": "CLOUD_FORMATION_TEMPLATE", "Info": {"LoadTemplateFromURL": url}}
