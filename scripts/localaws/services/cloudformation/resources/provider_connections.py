"""CodeConnections' connections, under their present name and the one that older templates use."""

from __future__ import annotations

from localaws.services.cloudformation.resources.table import TAGS_OF_ARN, Call, Declaration


def _connection(service: str) -> Declaration:
    return Declaration(
        type=f"AWS::{service}::Connection",
        service="codeconnections",
        create=(Call("create_connection", spread=True),),
        physical_id="made.ConnectionArn",
        delete=(Call("delete_connection", {"ConnectionArn": "id"}),),
        read=Call("get_connection", {"ConnectionArn": "id"}),
        attributes={
            "ConnectionArn": "id",
            "ConnectionStatus": "read.Connection.ConnectionStatus",
            "OwnerAccountId": "read.Connection.OwnerAccountId",
        },
        aspects=(TAGS_OF_ARN,),
    )


DECLARATIONS = (_connection("CodeConnections"), _connection("CodeStarConnections"))
