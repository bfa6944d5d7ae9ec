"""API Gateway's REST APIs, answered: moto keeps their configuration, what is here deploys and serves it."""

from __future__ import annotations

import re

from moto.apigateway import urls
from moto.apigateway.responses import APIGatewayResponse
from moto.core.utils import camelcase_to_underscores, get_service_model

from localaws import coverage, routes
from localaws.operations import graft, refuse_others
from localaws.services.apigateway.control_plane import OPERATIONS, keep_binary_media_types
from localaws.services.apigateway.missing_parts import answer_not_found
from localaws.services.apigateway.modelled_status import answer_with_modelled_status
from localaws.services.apigateway.serving import HOST, PATH, application

_KINDS = "account|apikeys|clientcertificates|domainnames|restapis|sdktypes|tags|usageplans|vpclinks"


# Kept by moto and not served: it has them, and nothing here looks at them.
_NOT_SERVED = re.compile(
    r"Authorizer|BasePathMapping|DomainName|VpcLink|ClientCertificate|Export|Import|PutRestApi"
)
APPROXIMATED = {
    "PutIntegration": "functions by proxy and `MOCK` are served, other integrations are refused when they are deployed",
    "CreateRestApi": "an API's resource policy is kept and not looked at",
    "CreateDeployment": "canaries are refused",
}


def install() -> None:
    """Replace what moto gets wrong, refuse what nobody does, and serve deployed APIs by host and by path."""
    graft(APIGatewayResponse, "apigateway", OPERATIONS)
    keep_binary_media_types(APIGatewayResponse)
    operations = get_service_model("apigateway").operation_names
    moto_has = {
        name: operation
        for name in operations
        if (operation := getattr(APIGatewayResponse, camelcase_to_underscores(name), None))
    }
    refuse_others(APIGatewayResponse, "apigateway", moto_has)
    coverage.answers("apigateway", [name for name in moto_has if not _NOT_SERVED.search(name)], APPROXIMATED)
    answer_not_found(APIGatewayResponse)
    answer_with_modelled_status(APIGatewayResponse)
    # moto 5.2.5 has no pattern for some operations (tags of anything but stages among them) and answers HTML.
    for pattern in (f"{{0}}/(?P<kind>{_KINDS})$", f"{{0}}/(?P<kind>{_KINDS})/(?P<rest>.+)$"):
        urls.url_paths[pattern] = APIGatewayResponse.dispatch
    routes.add(application, host=HOST)
    routes.add(application, path=PATH)
