# What others put into the network.

output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "subnet_ids" {
  description = "The private subnets, one in each zone."
  value       = [for zone in local.zones : aws_subnet.private[zone].id]

  # Nothing can work in them before they lead somewhere.
  depends_on = [aws_route_table_association.private, aws_route.nat, aws_vpc_endpoint.s3, aws_vpc_endpoint.interface]
}

output "security_group_ids" {
  description = "The security group of what works in the subnets."
  value       = [aws_security_group.workloads.id]

  depends_on = [
    aws_vpc_security_group_ingress_rule.among_workloads,
    aws_vpc_security_group_egress_rule.among_workloads,
    aws_vpc_security_group_egress_rule.to_endpoints,
    aws_vpc_security_group_egress_rule.to_s3,
    aws_vpc_security_group_ingress_rule.from_workloads,
  ]
}
