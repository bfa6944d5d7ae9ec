"""S3 buckets and their policies, SSM parameters."""

from __future__ import annotations

from localaws.services.cloudformation.resources.table import Aspect, Call, Declaration

SSM_PARAMETER = Declaration(
    type="AWS::SSM::Parameter",
    service="ssm",
    name="Name",
    name_limit=2048,
    create=(Call("put_parameter", spread=True),),
    physical_id="p.Name",
    update=(Call("put_parameter", {"Overwrite": "`true`"}, spread=True),),
    delete=(Call("delete_parameter", {"Name": "id"}),),
    attributes={"Type": "p.Type", "Value": "p.Value"},
    aspects=(
        Aspect(
            ("Tags",),
            key="Key",
            whole=True,
            put=(
                Call(
                    "add_tags_to_resource",
                    {"ResourceType": "'Parameter'", "ResourceId": "id", "Tags": "p.Tags"},
                ),
            ),
            remove=(
                Call(
                    "remove_tags_from_resource",
                    {"ResourceType": "'Parameter'", "ResourceId": "id", "TagKeys": "gone"},
                ),
            ),
        ),
    ),
)

DECLARATIONS = (SSM_PARAMETER,)
