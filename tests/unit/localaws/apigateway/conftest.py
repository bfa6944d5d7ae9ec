"""A deployed REST API with a real function behind it, and the means to call it as a client does."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest
import requests

from localaws.server import LocalAws

REGION = "eu-west-1"
ACCOUNT = "123456789012"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        ],
    }
)
ECHO = """
import json, time

def handler(event, context):
    body = event["body"] or "{}"
    try:
        order = json.loads(body)
    except ValueError:
        order = {}
    if isinstance(order, dict):
        if "sleep" in order:
            time.sleep(order["sleep"])
        if "raise" in order:
            raise RuntimeError(order["raise"])
        if "answer" in order:
            return order["answer"]
    return {"statusCode": 200, "headers": {"x-from": "function"}, "body": json.dumps(event)}
"""


def archive(source: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("echo.py", source)
    return content.getvalue()


@dataclass
class Api:
    """A REST API under construction; `deploy` makes it answer."""

    server: LocalAws
    id: str
    root: str
    resources: dict[str, str] = field(default_factory=dict)

    @cached_property
    def function_arn(self) -> str:
        """The ARN of a function that obeys the body or echoes its event, made when it is first wanted."""
        role = self.server.client("iam", REGION).create_role(RoleName="echo", AssumeRolePolicyDocument=TRUST)
        function = self.functions.create_function(
            FunctionName="echo",
            Runtime="python3.11",
            Handler="echo.handler",
            Role=role["Role"]["Arn"],
            Timeout=20,
            Code={"ZipFile": archive(ECHO)},
        )
        return str(function["FunctionArn"])

    @property
    def gateway(self) -> Any:
        return self.server.client("apigateway", REGION)

    @property
    def functions(self) -> Any:
        return self.server.client("lambda", REGION)

    def resource(self, path: str) -> str:
        """Return the id of a resource, made with its parents when missing."""
        if path in ("", "/"):
            return self.root
        if path not in self.resources:
            parent, _, part = path.rpartition("/")
            self.resources[path] = self.gateway.create_resource(
                restApiId=self.id, parentId=self.resource(parent), pathPart=part
            )["id"]
        return self.resources[path]

    def method(self, path: str, verb: str, function_arn: str = "", **settings: Any) -> None:
        """Put a method with a proxy integration."""
        where = {"restApiId": self.id, "resourceId": self.resource(path), "httpMethod": verb}
        self.gateway.put_method(**where, **({"authorizationType": "NONE"} | settings))
        uri = (
            f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/"
            f"{function_arn or self.function_arn}/invocations"
        )
        self.gateway.put_integration(**where, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)

    def permit(self, source: str = "*/*/*", qualifier: str = "") -> None:
        """Let the API call its function."""
        self.functions.add_permission(
            FunctionName="echo",
            StatementId=f"s{abs(hash((source, qualifier)))}",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{self.id}/{source}",
            **({"Qualifier": qualifier} if qualifier else {}),
        )

    def deploy(self, stage: str = "test") -> str:
        """Deploy to a stage and return the deployment's id."""
        answer = self.gateway.create_deployment(restApiId=self.id, stageName=stage)
        return str(answer["id"])

    def patch_stage(self, *patches: tuple[str, str], stage: str = "test") -> None:
        """Replace values of a stage."""
        self.gateway.update_stage(
            restApiId=self.id,
            stageName=stage,
            patchOperations=[{"op": "replace", "path": path, "value": value} for path, value in patches],
        )

    def url(self, path: str, stage: str = "test") -> str:
        return f"{self.server.endpoint}/_aws/execute-api/{self.id}/{stage}{path}"

    def call(
        self, verb: str, path: str, body: bytes | str = b"", stage: str = "test", **headers: str
    ) -> requests.Response:
        """Send a request without credentials; underscores in header names become hyphens."""
        data = body.encode() if isinstance(body, str) else body
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.request(verb, self.url(path, stage), data=data, headers=sent, timeout=30)

    def post(self, content: object, path: str = "/things", **headers: str) -> requests.Response:
        """POST JSON without credentials."""
        return self.call(
            "POST", path, json.dumps(content), **({"Content_Type": "application/json"} | headers)
        )


@pytest.fixture
def api(localaws: LocalAws) -> Api:
    made = localaws.client("apigateway", REGION).create_rest_api(name="things")
    return Api(localaws, made["id"], made["rootResourceId"])


@pytest.fixture
def things(api: Api) -> Api:
    """POST /things calls the function, without credentials."""
    api.method("/things", "POST")
    api.permit()
    api.deploy()
    return api
