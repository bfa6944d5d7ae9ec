"""REST APIs' keys, usage plans and gateway responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.services.cloudformation.resources.table import Call, Declaration

KEY = Declaration(
    type="AWS::ApiGateway::ApiKey",
    service="apigateway",
    name="Name",
    name_limit=128,
    create=(
        Call(
            "create_api_key",
            {"stageKeys": "p.StageKeys[].{restApiId: RestApiId, stageName: StageName}"},
            spread=True,
        ),
    ),
    physical_id="made.id",
    delete=(Call("delete_api_key", {"apiKey": "id"}),),
    attributes={"APIKeyId": "id"},
)


def _plan(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """Name the plan as the API does; everything else has the same names there."""
    made = dict(properties)
    if "UsagePlanName" in made:
        made["Name"] = made.pop("UsagePlanName")
    return made


PLAN = Declaration(
    type="AWS::ApiGateway::UsagePlan",
    service="apigateway",
    prepare=_plan,
    create=(Call("create_usage_plan", {"name": "p.Name || unique"}, spread=True),),
    physical_id="made.id",
    delete=(Call("delete_usage_plan", {"usagePlanId": "id"}),),
    attributes={"Id": "id"},
    # Renamed by `_plan`.
    ignored=("UsagePlanName",),
)

PLAN_KEY = Declaration(
    type="AWS::ApiGateway::UsagePlanKey",
    service="apigateway",
    create=(Call("create_usage_plan_key", spread=True),),
    physical_id="join(':', [p.KeyId, p.UsagePlanId])",
    delete=(Call("delete_usage_plan_key", {"usagePlanId": "p.UsagePlanId", "keyId": "p.KeyId"}),),
    attributes={"Id": "id"},
)

RESPONSE = Declaration(
    type="AWS::ApiGateway::GatewayResponse",
    service="apigateway",
    create=(Call("put_gateway_response", spread=True),),
    physical_id="unique",
    update=(Call("put_gateway_response", spread=True),),
    delete=(Call("delete_gateway_response", {"restApiId": "p.RestApiId", "responseType": "p.ResponseType"}),),
    attributes={"Id": "id"},
)

DECLARATIONS = (KEY, PLAN, PLAN_KEY, RESPONSE)
