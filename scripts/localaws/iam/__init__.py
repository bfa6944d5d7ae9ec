"""IAM: whether a request is allowed, by the policies that moto keeps. `Guard` is the door.

A request becomes a call (``api_call``), the call what it needs a right for (``requirements``, by ``reference`` and
``named_resources``), the caller their policies (``principals``, ``resource_policies``), and ``decisions`` decides.
"""
