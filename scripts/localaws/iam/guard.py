"""Stands before every request: who asks, for what, and may they; a denied one is answered here.

``enforce`` denies, ``record`` only writes down; either way `Recorder` knows what was used.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

from localaws.iam import denials
from localaws.iam.api_call import ApiCall, UnknownCall, read
from localaws.iam.decisions import ALLOWED, Decision, Principal, decide
from localaws.iam.encryption import repository_key_uses, topic_key_uses
from localaws.iam.policies import governing
from localaws.iam.principals import holder, policies_of, role_session, roles, user_named
from localaws.iam.principals import service as named_service
from localaws.iam.recorder import Recorder
from localaws.iam.request_context import of_call, of_principal, use_of_connection
from localaws.iam.requirements import Requirement, requirements_of, requirements_of_services

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger("localaws")
REPORT_PATH = "/_localaws/iam"
USE_CONNECTION = "codeconnections:UseConnection"


class Mode(StrEnum):
    """What is done about IAM."""

    OFF = "off"
    RECORD = "record"
    ENFORCE = "enforce"


class Guard:
    """Decides on requests by the policies in moto's books.

    Parameters
    ----------
    mode
        ``off`` decides nothing and writes nothing down.
    """

    def __init__(self, mode: Mode = Mode.OFF) -> None:
        self.mode = mode
        self.recorder = Recorder()

    def refusal(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes] | None:
        """Answer a request that is not allowed; None lets it go on."""
        if self.mode is Mode.OFF:
            return None
        if environ.get("PATH_INFO") == REPORT_PATH:
            return self._report(start_response)
        try:
            call = read(environ)
            if call is None:
                return None
            principal = holder(call.access_key)
            if principal is None:
                return self._stranger(environ, start_response, call)
            return self._denied(environ, start_response, call, principal)
        except UnknownCall as error:
            return self._unknown(environ, start_response, str(error))

    def allows(
        self,
        role_arn: str,
        action: str,
        resource: str,
        region: str,
        context: dict[str, list[str]] | None = None,
    ) -> bool:
        """Tell whether a role may do what localaws does in its name without a request, such as writing its log."""
        if self.mode is Mode.OFF or not role_arn:
            return True
        principal = role_session(role_arn)
        wanted = Requirement(action, resource, of_principal(principal, region).with_keys(context or {}))
        return self._check(principal, "", [wanted]) is None

    def service_allows(
        self, service: str, action: str, resource: str, region: str, context: dict[str, list[str]]
    ) -> bool:
        """Tell whether a resource's policy, and that of its key, lets an AWS service act for itself."""
        if self.mode is Mode.OFF:
            return True
        principal = named_service(service)
        known = of_principal(principal, region).with_keys(context)
        wanted = [Requirement(action, resource, known)]
        if resource.startswith("arn:") and ":sns:" in resource:
            wanted += [Requirement(*use) for use in topic_key_uses(resource, known)]
        return self._check(principal, "", wanted) is None

    def refuses(self, access_key: str, action: str, arn: str) -> str | None:
        """Return why the holder of a key may not do what is no call of AWS's API; None when they may."""
        principal = holder(access_key)
        if self.mode is Mode.OFF or principal is None:
            return None
        known = of_principal(principal, arn.split(":")[3])
        return self._check(principal, access_key, [Requirement(action, arn, known)])

    def clones(self, user: str, repository_arn: str, *, pushes: bool) -> str | None:
        """Return why a user of git may not read a repository, or write to it; None when they may.

        Parameters
        ----------
        user
            ``<access key>[%<session token>]``, as the credential helpers send it, or the name of an IAM user.
        """
        if self.mode is Mode.OFF:
            return None
        access_key = user.partition("%")[0]
        principal = holder(access_key) or user_named(user)
        if principal is None:
            return self._nobody(f"git as {access_key}")
        region = repository_arn.split(":")[3]
        action = "codecommit:GitPush" if pushes else "codecommit:GitPull"
        known = of_principal(principal, region)
        wanted = [Requirement(action, repository_arn, known)]
        wanted += [Requirement(*use) for use in repository_key_uses(repository_arn, known, stores=pushes)]
        return self._check(principal, access_key, wanted)

    def uses_connection(self, user: str, connection_arn: str, repository: str, *, pushes: bool) -> str | None:
        """Return why a user of git may not reach a provider's repository by a connection; None when they may."""
        if self.mode is Mode.OFF:
            return None
        access_key = user.partition("%")[0]
        principal = holder(access_key)
        if principal is None:
            return self._nobody(f"git as {access_key}")
        known = of_principal(principal, connection_arn.split(":")[3])
        context = known.with_keys(use_of_connection(repository, "GitPush" if pushes else "GitPull"))
        return self._check(principal, access_key, [Requirement(USE_CONNECTION, connection_arn, context)])

    def _denied(
        self, environ: WSGIEnvironment, start_response: StartResponse, call: ApiCall, principal: Principal
    ) -> Iterable[bytes] | None:
        wanted = requirements_of(call, of_call(call, principal))
        text = self._check(principal, call.access_key, wanted)
        for name, each in requirements_of_services(call):
            text = text or self._check(named_service(name), "", [each])
        if text is None:
            return None
        return denials.answer(environ, start_response, call.service, "", text)

    def _check(self, principal: Principal, access_key: str, wanted: Iterable[Requirement]) -> str | None:
        """Return the sentence about the first requirement that is not met, in enforcing mode; write all down."""
        own = policies_of(principal, access_key)
        if principal.kind in ("role", "user"):
            self.recorder.hold(principal.principal_arn, own)
        first: str | None = None
        for each in wanted:
            decision = decide(
                principal, each.action, each.resource, each.context, governing(own, principal, each)
            )
            self.recorder.use(principal, each.action, each.resource)
            if decision != ALLOWED:
                first = first or self._write_down(principal, each, decision)
        return first if self.mode is Mode.ENFORCE else None

    def _write_down(self, principal: Principal, wanted: Requirement, decision: Decision) -> str:
        text = denials.message(principal, wanted.action, wanted.resource, decision)
        log.warning("%s: %s", "denied" if self.mode is Mode.ENFORCE else "would be denied", text)
        self.recorder.deny(principal, wanted.action, wanted.resource, text)
        return text

    def _nobody(self, what: str) -> str | None:
        """Return the sentence about credentials that nobody has been given; None when it is only written down."""
        self.recorder.unevaluated(f"{what} with credentials that nobody has been given")
        if self.mode is Mode.RECORD:
            return None
        return "The security token included in the request is invalid."

    def _stranger(
        self, environ: WSGIEnvironment, start_response: StartResponse, call: ApiCall
    ) -> Iterable[bytes] | None:
        text = self._nobody(f"{call.service}:{call.operation}")
        if text is None:
            return None
        code = "InvalidAccessKeyId" if call.service == "s3" else "InvalidClientTokenId"
        return denials.answer(environ, start_response, call.service, code, text)

    def _unknown(
        self, environ: WSGIEnvironment, start_response: StartResponse, what: str
    ) -> Iterable[bytes] | None:
        self.recorder.unevaluated(what)
        log.warning("localaws cannot tell which IAM action %s is", what)
        if self.mode is Mode.RECORD:
            return None
        text = f"localaws cannot tell which IAM action {what} is, so it is denied"
        return denials.answer(environ, start_response, what.partition(":")[0], "", text)

    def _report(self, start_response: StartResponse) -> Iterable[bytes]:
        for arn, policies in roles():
            self.recorder.hold(arn, policies)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(self.recorder.report()).encode()]
