from __future__ import annotations

import http.client
import io

import pytest

from localaws.header_fields import _parse_as_mail, parse_headers

PLAIN = (
    b"Host: sts.us-east-1.amazonaws.com\r\nX-Empty:\r\nAccept: a \r\nAccept:\t b: c\nX-Name: caf\xe9\r\n\r\n"
)


@pytest.mark.parametrize(
    "head",
    [
        PLAIN,
        b"\r\n",
        b"",
        b"Cut: off\r\n",
        b"Folded: one\r\n two\r\nLast: 1\r\n\r\n",
        b" folded: first\r\nLast: 1\r\n\r\n",
        b"No colon\r\nLast: 1\r\n\r\n",
        b": no name\r\nLast: 1\r\n\r\n",
        b"From here: 1\r\nLast: 1\r\n\r\n",
        b"Content-Type: multipart/form-data; boundary=x\r\n\r\n",
    ],
)
def test_fields_are_those_of_the_standard_library(head: bytes) -> None:
    expected = _parse_as_mail(io.BytesIO(head))
    assert parse_headers(io.BytesIO(head)).items() == expected.items()


def test_what_follows_the_empty_line_is_left_to_be_read() -> None:
    stream = io.BytesIO(PLAIN + b"body")
    parse_headers(stream)
    assert stream.read() == b"body"


def test_names_are_found_in_any_case() -> None:
    assert parse_headers(io.BytesIO(PLAIN))["x-NAME"] == "café"


def test_too_many_fields_are_refused() -> None:
    with pytest.raises(http.client.HTTPException, match="more than 100"):
        parse_headers(io.BytesIO(b"A: 1\r\n" * 101 + b"\r\n"))
