# The VPC and its subnets: private ones for what works, public ones only where a NAT gateway needs them; endpoints.tf is next.

data "aws_availability_zones" "this" {
  #checkov:skip=CKV_AWS_394:The first zones by name are taken, and a new zone's name comes after them.
  state = "available"

  # Some services have no endpoints in these, and an endpoint is in all subnets or none.
  exclude_zone_ids = ["apne1-az3", "cac1-az3", "use1-az3", "usw1-az2"]

  # Local zones have no SageMaker.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }

  lifecycle {
    postcondition {
      condition     = length(self.names) >= var.zones
      error_message = "network.zones is ${var.zones}, and this account has ${length(self.names)} in this region: ask for fewer, or bring a network of your own."
    }
  }
}

locals {
  zones        = slice(data.aws_availability_zones.this.names, 0, var.zones)
  nat_zones    = { none = [], single = slice(local.zones, 0, 1), per-zone = local.zones }[var.nat]
  public_zones = toset(local.nat_zones)
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = {
    Name = var.name
  }
}

# Whoever forgets a security group gets one that lets nothing through.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
}

# Private subnets take three quarters of the addresses, one quarter of the VPC each; public ones small pieces of the last.
resource "aws_subnet" "private" {
  for_each = toset(local.zones)

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.cidr, 2, index(local.zones, each.key))

  tags = {
    Name = "${var.name}-private-${each.key}"
  }
}

resource "aws_route_table" "private" {
  for_each = aws_subnet.private

  vpc_id = aws_vpc.this.id

  tags = {
    Name = "${var.name}-private-${each.key}"
  }
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  subnet_id      = each.value.id
  route_table_id = aws_route_table.private[each.key].id
}

resource "aws_internet_gateway" "this" {
  count = length(local.nat_zones) > 0 ? 1 : 0

  vpc_id = aws_vpc.this.id

  tags = {
    Name = var.name
  }
}

resource "aws_subnet" "public" {
  for_each = local.public_zones

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(cidrsubnet(var.cidr, 2, 3), 4, index(local.zones, each.key))

  tags = {
    Name = "${var.name}-public-${each.key}"
  }
}

resource "aws_route_table" "public" {
  count = length(local.nat_zones) > 0 ? 1 : 0

  vpc_id = aws_vpc.this.id

  tags = {
    Name = "${var.name}-public"
  }
}

resource "aws_route" "internet" {
  count = length(local.nat_zones) > 0 ? 1 : 0

  route_table_id         = aws_route_table.public[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[0].id
}

resource "aws_route_table_association" "public" {
  for_each = aws_subnet.public

  subnet_id      = each.value.id
  route_table_id = aws_route_table.public[0].id
}

resource "aws_eip" "nat" {
  #checkov:skip=CKV2_AWS_19:The address is a NAT gateway's, below, and no instance's.
  for_each = aws_subnet.public

  domain = "vpc"

  tags = {
    Name = "${var.name}-nat-${each.key}"
  }
}

resource "aws_nat_gateway" "this" {
  for_each = aws_subnet.public

  subnet_id     = each.value.id
  allocation_id = aws_eip.nat[each.key].id

  tags = {
    Name = "${var.name}-${each.key}"
  }

  # It fails where the internet cannot be reached from its subnet yet.
  depends_on = [aws_route.internet]
}

resource "aws_route" "nat" {
  for_each = length(local.nat_zones) > 0 ? aws_route_table.private : {}

  route_table_id         = each.value.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[var.nat == "per-zone" ? each.key : local.zones[0]].id
}
