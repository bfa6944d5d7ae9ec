"""What moto lacks, a module per AWS service. Each has ``install()``, called once before the server serves.

A service extends moto in moto's own terms: a method on the service's ``Response`` class that reads parsed
parameters and returns ``ActionResult`` (moto serialises it by botocore's model), and state on its ``Backend``.
A repair of something moto gets wrong names the moto version and the shape it gets wrong.
"""
