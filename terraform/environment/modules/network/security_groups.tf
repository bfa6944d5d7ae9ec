# Who may talk to whom: workloads to one another and to AWS by TLS, and, with a NAT gateway, to the internet by TLS.

resource "aws_security_group" "workloads" {
  #checkov:skip=CKV2_AWS_5:Studio's apps, jobs and builds take it when they start.
  name_prefix = "${var.name}-workloads-"
  description = "Studio apps, jobs, endpoints and builds"
  vpc_id      = aws_vpc.this.id

  tags = {
    Name = "${var.name}-workloads"
  }

  lifecycle {
    create_before_destroy = true
  }
}

# Studio's apps talk to their kernels, to the home folders (NFS) and the hosts of one job to one another; by any protocol,
# since hosts that encrypt what they say do it by IPsec.
resource "aws_vpc_security_group_ingress_rule" "among_workloads" {
  #checkov:skip=CKV_AWS_24:From the group itself, not from everywhere.
  #checkov:skip=CKV_AWS_25:From the group itself, not from everywhere.
  #checkov:skip=CKV_AWS_260:From the group itself, not from everywhere.
  security_group_id            = aws_security_group.workloads.id
  description                  = "Kernels, home folders and hosts of one job"
  ip_protocol                  = "-1"
  referenced_security_group_id = aws_security_group.workloads.id
}

resource "aws_vpc_security_group_egress_rule" "among_workloads" {
  security_group_id            = aws_security_group.workloads.id
  description                  = "Kernels, home folders and hosts of one job"
  ip_protocol                  = "-1"
  referenced_security_group_id = aws_security_group.workloads.id
}

resource "aws_vpc_security_group_egress_rule" "to_endpoints" {
  security_group_id            = aws_security_group.workloads.id
  description                  = "AWS services through their endpoints"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.endpoints.id
}

resource "aws_vpc_security_group_egress_rule" "to_s3" {
  security_group_id = aws_security_group.workloads.id
  description       = "S3 through its gateway endpoint"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id
}

resource "aws_vpc_security_group_egress_rule" "to_internet" {
  count = var.nat == "none" ? 0 : 1

  security_group_id = aws_security_group.workloads.id
  description       = "Package indexes and repositories, by TLS"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_security_group" "endpoints" {
  name_prefix = "${var.name}-endpoints-"
  description = "Interface endpoints of AWS services"
  vpc_id      = aws_vpc.this.id

  tags = {
    Name = "${var.name}-endpoints"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "from_workloads" {
  security_group_id            = aws_security_group.endpoints.id
  description                  = "Workloads by TLS"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.workloads.id
}
