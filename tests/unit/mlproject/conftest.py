"""A boto3 session whose clients answer what a test queues, and complain about every other call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber


class StubbedSession:
    """Hands out one stubbed client per service."""

    region_name = "eu-west-1"

    def __init__(self) -> None:
        self._session = boto3.Session("AKIDEXAMPLE", "secret", region_name=self.region_name)
        self._clients: dict[str, tuple[Any, Stubber]] = {}

    def _made(self, service: str) -> tuple[Any, Stubber]:
        if service not in self._clients:
            client: Any = self._session.client(service)  # type: ignore[call-overload]  # the name is data here
            stubber = Stubber(client)
            stubber.activate()
            self._clients[service] = client, stubber
        return self._clients[service]

    def client(self, service: str) -> Any:
        return self._made(service)[0]

    def answers(self, service: str) -> Stubber:
        return self._made(service)[1]

    def assert_done(self) -> None:
        for _, stubber in self._clients.values():
            stubber.assert_no_pending_responses()


@pytest.fixture
def session() -> Iterator[StubbedSession]:
    stubbed = StubbedSession()
    yield stubbed
    stubbed.assert_done()
