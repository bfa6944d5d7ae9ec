"""EC2's networks, which moto keeps: templates make them, and no packet passes through them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.services.cloudformation.resources.table import Aspect, Call, Declaration

_TAGS = Aspect(
    ("Tags",),
    key="Key",
    put=(Call("create_tags", {"Resources": "[id]", "Tags": "[item]"}),),
    remove=(Call("delete_tags", {"Resources": "[id]", "Tags": "[item]"}),),
)


def _flag(name: str, operation: str, identifier: str) -> Aspect:
    """Return an attribute of a VPC or subnet that has a call of its own."""
    return Aspect(
        (name,),
        put=(Call(operation, {identifier: "id", name: f"{{Value: to_string(p.{name}) == 'true'}}"}),),
    )


VPC = Declaration(
    type="AWS::EC2::VPC",
    service="ec2",
    create=(Call("create_vpc", {"CidrBlock": "p.CidrBlock", "InstanceTenancy": "p.InstanceTenancy"}),),
    physical_id="made.Vpc.VpcId",
    delete=(Call("delete_vpc", {"VpcId": "id"}),),
    read=Call(
        "describe_security_groups",
        {"Filters": "[{Name: 'vpc-id', Values: [id]}, {Name: 'group-name', Values: ['default']}]"},
    ),
    attributes={
        "VpcId": "id",
        "CidrBlock": "p.CidrBlock",
        "DefaultSecurityGroup": "read.SecurityGroups[0].GroupId",
    },
    aspects=(
        _flag("EnableDnsSupport", "modify_vpc_attribute", "VpcId"),
        _flag("EnableDnsHostnames", "modify_vpc_attribute", "VpcId"),
        _TAGS,
    ),
)

SUBNET = Declaration(
    type="AWS::EC2::Subnet",
    service="ec2",
    create=(
        Call(
            "create_subnet",
            {"VpcId": "p.VpcId", "CidrBlock": "p.CidrBlock", "AvailabilityZone": "p.AvailabilityZone"},
        ),
    ),
    physical_id="made.Subnet.SubnetId",
    delete=(Call("delete_subnet", {"SubnetId": "id"}),),
    attributes={"SubnetId": "id", "VpcId": "p.VpcId"},
    aspects=(_flag("MapPublicIpOnLaunch", "modify_subnet_attribute", "SubnetId"), _TAGS),
)


def _rules(name: str, put: str, remove: str) -> Aspect:
    return Aspect(
        (name,),
        key="to_string(@)",
        put=(Call(put, {"GroupId": "id", "IpPermissions": _PERMISSION}),),
        remove=(Call(remove, {"GroupId": "id", "IpPermissions": _PERMISSION}),),
    )


# One rule of a template holds one peer; the API takes lists of peers by kind.
_PERMISSION = (
    "[{IpProtocol: to_string(item.IpProtocol), FromPort: item.FromPort, ToPort: item.ToPort, "
    "IpRanges: item.CidrIp && [{CidrIp: item.CidrIp, Description: item.Description || ''}] || `[]`, "
    "Ipv6Ranges: item.CidrIpv6 && [{CidrIpv6: item.CidrIpv6, Description: item.Description || ''}] || `[]`, "
    "PrefixListIds: [(item.SourcePrefixListId || item.DestinationPrefixListId)][?@].{PrefixListId: @}, "
    "UserIdGroupPairs: [(item.SourceSecurityGroupId || item.DestinationSecurityGroupId)][?@].{GroupId: @}}]"
)


def _without_group_names(properties: Mapping[str, Any]) -> str:
    """Tell of what only EC2's classic networks had: groups by name and owner."""
    rules = [properties, *(properties.get("SecurityGroupIngress") or ())]
    named = any(f"SourceSecurityGroup{key}" in rule for rule in rules for key in ("Name", "OwnerId"))
    return "localaws supports SourceSecurityGroupId only, not a group's name or owner" if named else ""


def _rule(direction: str) -> Declaration:
    """Return a rule that stands beside its group, so that two groups can name each other."""
    call = {"GroupId": "p.GroupId", "IpPermissions": _PERMISSION.replace("item.", "p.")}
    noun = direction.lower()
    return Declaration(
        type=f"AWS::EC2::SecurityGroup{direction}",
        service="ec2",
        check=_without_group_names,
        create=(Call(f"authorize_security_group_{noun}", call),),
        physical_id="unique",
        delete=(Call(f"revoke_security_group_{noun}", call),),
        attributes={"Id": "id"},
    )


INGRESS, EGRESS = _rule("Ingress"), _rule("Egress")

SECURITY_GROUP = Declaration(
    type="AWS::EC2::SecurityGroup",
    service="ec2",
    name="GroupName",
    name_limit=255,
    create=(
        Call(
            "create_security_group",
            {"GroupName": "p.GroupName", "Description": "p.GroupDescription", "VpcId": "p.VpcId"},
        ),
    ),
    physical_id="made.GroupId",
    delete=(Call("delete_security_group", {"GroupId": "id"}),),
    attributes={"GroupId": "id", "Id": "id", "VpcId": "p.VpcId"},
    check=_without_group_names,
    aspects=(
        _rules("SecurityGroupIngress", "authorize_security_group_ingress", "revoke_security_group_ingress"),
        _rules("SecurityGroupEgress", "authorize_security_group_egress", "revoke_security_group_egress"),
        _TAGS,
    ),
)

INTERNET_GATEWAY = Declaration(
    type="AWS::EC2::InternetGateway",
    service="ec2",
    create=(Call("create_internet_gateway"),),
    physical_id="made.InternetGateway.InternetGatewayId",
    delete=(Call("delete_internet_gateway", {"InternetGatewayId": "id"}),),
    attributes={"InternetGatewayId": "id"},
    aspects=(_TAGS,),
)

_ATTACHMENT = {"VpcId": "p.VpcId", "InternetGatewayId": "p.InternetGatewayId"}

GATEWAY_ATTACHMENT = Declaration(
    type="AWS::EC2::VPCGatewayAttachment",
    service="ec2",
    create=(Call("attach_internet_gateway", _ATTACHMENT),),
    physical_id="join('|', ['IGW', p.VpcId])",
    delete=(Call("detach_internet_gateway", _ATTACHMENT, tolerate=("Gateway.NotAttached",)),),
)

ROUTE_TABLE = Declaration(
    type="AWS::EC2::RouteTable",
    service="ec2",
    create=(Call("create_route_table", {"VpcId": "p.VpcId"}),),
    physical_id="made.RouteTable.RouteTableId",
    delete=(Call("delete_route_table", {"RouteTableId": "id"}),),
    attributes={"RouteTableId": "id"},
    aspects=(_TAGS,),
)

ROUTE = Declaration(
    type="AWS::EC2::Route",
    service="ec2",
    create=(Call("create_route", spread=True),),
    physical_id="join('|', [p.RouteTableId, p.DestinationCidrBlock || p.DestinationIpv6CidrBlock])",
    delete=(
        Call(
            "delete_route",
            {
                "RouteTableId": "p.RouteTableId",
                "DestinationCidrBlock": "p.DestinationCidrBlock",
                "DestinationIpv6CidrBlock": "p.DestinationIpv6CidrBlock",
            },
        ),
    ),
)

ROUTE_TABLE_ASSOCIATION = Declaration(
    type="AWS::EC2::SubnetRouteTableAssociation",
    service="ec2",
    create=(Call("associate_route_table", {"RouteTableId": "p.RouteTableId", "SubnetId": "p.SubnetId"}),),
    physical_id="made.AssociationId",
    delete=(Call("disassociate_route_table", {"AssociationId": "id"}),),
    attributes={"Id": "id"},
)

ENDPOINT = Declaration(
    type="AWS::EC2::VPCEndpoint",
    service="ec2",
    create=(Call("create_vpc_endpoint", spread=True),),
    physical_id="made.VpcEndpoint.VpcEndpointId",
    delete=(Call("delete_vpc_endpoints", {"VpcEndpointIds": "[id]"}),),
    attributes={"Id": "id"},
    aspects=(_TAGS,),
)

ADDRESS = Declaration(
    type="AWS::EC2::EIP",
    service="ec2",
    create=(Call("allocate_address", {"Domain": "p.Domain || 'vpc'"}),),
    physical_id="made.PublicIp",
    read=Call("describe_addresses", {"PublicIps": "[id]"}),
    delete=(Call("release_address", {"AllocationId": "attributes.AllocationId"}),),
    attributes={"AllocationId": "read.Addresses[0].AllocationId", "PublicIp": "id"},
    aspects=(
        Aspect(
            ("Tags",),
            key="Key",
            put=(Call("create_tags", {"Resources": "[attributes.AllocationId]", "Tags": "[item]"}),),
            remove=(Call("delete_tags", {"Resources": "[attributes.AllocationId]", "Tags": "[item]"}),),
        ),
    ),
)

NAT_GATEWAY = Declaration(
    type="AWS::EC2::NatGateway",
    service="ec2",
    create=(
        Call(
            "create_nat_gateway",
            {
                "SubnetId": "p.SubnetId",
                "AllocationId": "p.AllocationId",
                "ConnectivityType": "p.ConnectivityType",
            },
        ),
    ),
    physical_id="made.NatGateway.NatGatewayId",
    delete=(Call("delete_nat_gateway", {"NatGatewayId": "id"}),),
    attributes={"NatGatewayId": "id"},
    aspects=(_TAGS,),
)

FLOW_LOG = Declaration(
    type="AWS::EC2::FlowLog",
    service="ec2",
    create=(Call("create_flow_logs", {"ResourceIds": "[p.ResourceId]"}, spread=True),),
    physical_id="made.FlowLogIds[0]",
    delete=(Call("delete_flow_logs", {"FlowLogIds": "[id]"}),),
    attributes={"Id": "id"},
    aspects=(_TAGS,),
)

DECLARATIONS = (
    VPC,
    SUBNET,
    SECURITY_GROUP,
    INGRESS,
    EGRESS,
    ADDRESS,
    NAT_GATEWAY,
    FLOW_LOG,
    INTERNET_GATEWAY,
    GATEWAY_ATTACHMENT,
    ROUTE_TABLE,
    ROUTE,
    ROUTE_TABLE_ASSOCIATION,
    ENDPOINT,
)
