"""The proxy: AWS's hosts are answered here under their own certificates, every other host is tunnelled."""

from __future__ import annotations

import http.server
import os
import socket
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509

from localaws import routes
from localaws.proxy import CertificateAuthority, Upstream, is_aws
from localaws.server import LocalAws
from localaws.settings import HostSettings

BUCKET = "https://data.s3.us-east-1.amazonaws.com"


@pytest.fixture
def environment(localaws: LocalAws) -> dict[str, str]:
    """What a sandboxed process gets, with the host's programs."""
    return {**localaws.environment("us-east-1"), "PATH": os.environ["PATH"]}


@pytest.fixture
def bucket(localaws: LocalAws) -> Any:
    """A client and the bucket ``data``."""
    s3 = localaws.client("s3", "us-east-1")
    s3.create_bucket(Bucket="data")
    return s3


def curl(environment: dict[str, str], *words: str) -> str:
    result = subprocess.run(
        ["curl", "--silent", "--show-error", "--fail-with-body", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr + result.stdout
    return result.stdout


def test_curl_uploads_to_a_presigned_link_with_expect_and_chunks(
    environment: dict[str, str], bucket: Any, tmp_path: Path
) -> None:
    file = tmp_path / "large"
    file.write_bytes(os.urandom(1 << 20) * 20)
    link = bucket.generate_presigned_url("put_object", {"Bucket": "data", "Key": "k"})
    link = link.replace(bucket.meta.endpoint_url + "/data", BUCKET)
    curl(environment, "--upload-file", str(file), "--header", "Expect: 100-continue", link)
    assert bucket.get_object(Bucket="data", Key="k")["Body"].read() == file.read_bytes()
    curl(environment, "--upload-file", str(file), "--header", "Transfer-Encoding: chunked", link)
    assert bucket.head_object(Bucket="data", Key="k")["ContentLength"] == 20 << 20


def test_a_wildcard_certificate_serves_siblings(localaws: LocalAws, environment: dict[str, str]) -> None:
    for host in ("sts.us-east-1.amazonaws.com", "sts.amazonaws.com", "a.s3.us-east-1.amazonaws.com"):
        curl(environment, "--output", "/dev/null", "--write-out", "%{http_code}", "--http1.1",
             f"https://{host}/_localaws/health")  # fmt: skip
    names = {path.name for path in (localaws.data / "tls").glob("*.pem")}
    assert names >= {
        "_.us-east-1.amazonaws.com.pem",
        "_.s3.us-east-1.amazonaws.com.pem",
        "sts.amazonaws.com.pem",
    }


def test_a_client_that_does_not_know_the_authority_refuses(localaws: LocalAws) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(BUCKET, proxies={"https": localaws.endpoint}, timeout=30)


def test_git_pushes_and_clones_by_the_real_name(
    localaws: LocalAws, environment: dict[str, str], tmp_path: Path
) -> None:
    client = localaws.client("codecommit", "us-east-1")
    client.create_repository(repositoryName="r")
    url = "https://user:password@git-codecommit.us-east-1.amazonaws.com/v1/repos/r"
    environment |= {
        "HOME": str(tmp_path),
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
        "GIT_TERMINAL_PROMPT": "0",
    }

    def git(*words: str) -> None:
        result = subprocess.run(["git", *words], env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr

    work = tmp_path / "work"
    git("init", "--quiet", "--initial-branch", "main", str(work))
    (work / "large").write_bytes(os.urandom(3 << 20))
    git("-C", str(work), "add", ".")
    git("-C", str(work), "commit", "--quiet", "-m", "first")
    git("-C", str(work), "push", url, "main")
    git("clone", "--quiet", "--branch", "main", url, str(tmp_path / "clone"))
    assert (tmp_path / "clone" / "large").read_bytes() == (work / "large").read_bytes()


class Echo(socketserver.StreamRequestHandler):
    """Answers a line with itself."""

    def handle(self) -> None:
        self.wfile.write(self.rfile.readline())


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that is not AWS."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def converse(proxy: tuple[str, int], target: str) -> tuple[str, str]:
    """Ask a proxy for a tunnel and say something through it; return its status line and the answer."""
    with socket.create_connection(proxy, timeout=10) as connection:
        connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        lines = connection.makefile("rb")
        with lines:
            status = lines.readline().decode().strip()
            while lines.readline() not in (b"\r\n", b""):
                continue
            connection.sendall(b"hello\n")
            return status, lines.readline().decode().strip()


def address(localaws: LocalAws) -> tuple[str, int]:
    return "127.0.0.1", int(localaws.endpoint.rsplit(":", 1)[1])


def test_another_host_is_tunnelled(localaws: LocalAws, echo: int) -> None:
    status, answer = converse(address(localaws), f"127.0.0.1:{echo}")
    assert (status.split()[1], answer) == ("200", "hello")


def test_a_host_that_cannot_be_reached_is_a_502(localaws: LocalAws) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        status, _ = converse(address(localaws), f"127.0.0.1:{deaf.getsockname()[1]}")
    assert status.split()[1] == "502"


def test_the_hosts_own_proxy_is_used_and_told_who_asks(echo: int) -> None:
    heads: list[str] = []

    class Proxy(http.server.BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            heads.append(f"{self.path} {self.headers['Proxy-Authorization']}")
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.rfile.readline())

        def log_message(self, *_: Any) -> None:
            """Stay silent."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        upstream = Upstream(f"http://me:secret@127.0.0.1:{server.server_address[1]}", ".example.org")
        with upstream.connect("packages.example.net", 443) as connection:
            connection.sendall(b"through\n")
            assert connection.recv(100) == b"through\n"
        with upstream.connect("127.0.0.1", echo) as connection:
            connection.sendall(b"direct\n")
            assert connection.recv(100) == b"direct\n"
        server.shutdown()
    assert heads == ["packages.example.net:443 Basic bWU6c2VjcmV0"]


def test_a_proxy_that_refuses_is_quoted() -> None:
    class Refusing(http.server.BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            self.send_response(407, "Who are you")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Stay silent."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with pytest.raises(OSError, match="407 Who are you"):
            Upstream(f"127.0.0.1:{server.server_address[1]}").connect("packages.example.net", 443)
        server.shutdown()


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("s3.amazonaws.com", True),
        ("bucket.name.s3.eu-west-1.amazonaws.com", True),
        ("lambda.us-east-1.api.aws", True),
        ("STS.amazonaws.com", True),
        ("notamazonaws.com", False),
        ("amazonaws.com.example.org", False),
        ("public.ecr.aws", False),
        ("packages.example.net", False),
    ],
)
def test_only_aws_hosts_are_answered(host: str, answered: bool) -> None:
    assert is_aws(host) is answered


def test_the_authority_is_kept_and_its_key_private(tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    first = CertificateAuthority(folder).bundle(None).read_bytes()
    assert CertificateAuthority(folder).bundle(None).read_bytes() == first
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "ca.key").stat().st_mode & 0o077 == 0


def test_a_leaf_names_its_hosts_and_chains_to_the_authority(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    assert isinstance(authority.context("b.s3.eu-west-1.amazonaws.com"), ssl.SSLContext)
    leaf, root = x509.load_pem_x509_certificates((tmp_path / "_.s3.eu-west-1.amazonaws.com.pem").read_bytes())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {
        "*.s3.eu-west-1.amazonaws.com",
        "b.s3.eu-west-1.amazonaws.com",
        "s3.eu-west-1.amazonaws.com",
    }
    leaf.verify_directly_issued_by(root)


def test_a_route_takes_its_host_before_moto_does(localaws: LocalAws, environment: dict[str, str]) -> None:
    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["wsgi.url_scheme"].encode(), b" ", environ["wsgi.input"].read(5)]

    routes.add(application, host=r"[a-z]+\.stand-in\.amazonaws\.com", path="/here")
    url = "https://x.stand-in.amazonaws.com/here/below"
    assert curl(environment, "--data", "words", url) == "https words"


def test_the_host_bundle_is_part_of_the_sandbox_s(tmp_path: Path) -> None:
    trusted = tmp_path / "host.pem"
    trusted.write_text("the host's certificates\n")
    server = LocalAws(tmp_path / "data", settings=HostSettings(SSL_CERT_FILE=trusted))  # type: ignore[call-arg]
    server.start()
    bundle = Path(server.environment("us-east-1")["SSL_CERT_FILE"]).read_text()
    server.close()
    assert "BEGIN CERTIFICATE" in bundle
    assert bundle.endswith("the host's certificates\n")
