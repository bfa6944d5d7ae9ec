"""The HTTPS proxy half of the server: ``CONNECT`` to an AWS host is answered here, another is tunnelled."""

from __future__ import annotations

import base64
import ipaddress
import re
import selectors
import socket
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AWS_HOST = re.compile(r"(.+\.)?(amazonaws\.com(\.cn)?|api\.aws)")
VALIDITY = timedelta(days=365)
CHUNK = 65536


def is_aws(host: str) -> bool:
    """Tell whether localaws stands in for this host."""
    return bool(AWS_HOST.fullmatch(host.lower()))


@dataclass
class CertificateAuthority:
    """The server's own certificate authority; what it signs is kept in ``folder`` and in memory.

    One leaf certificate covers a host and its siblings (``*.s3.us-east-1.amazonaws.com``), so that a bucket
    or a REST API costs no certificate of its own.
    """

    folder: Path
    _contexts: dict[str, ssl.SSLContext] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        if self.certificate_file.exists() and self._key_file.exists():
            self._certificate = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
            self._key = _load_key(self._key_file)
        else:
            self._key = _new_key(self._key_file)
            self._certificate = self._make_root()
            self.certificate_file.write_bytes(_pem(self._certificate))

    @property
    def certificate_file(self) -> Path:
        """The authority's own certificate, which is all that AWS's hosts need."""
        return self.folder / "ca.pem"

    @property
    def _key_file(self) -> Path:
        return self.folder / "ca.key"

    def bundle(self, host_bundle: Path | None) -> Path:
        """Write this authority's certificate together with those the host trusts; return the file."""
        trusted = host_bundle or ssl.get_default_verify_paths().cafile
        parts = [_pem(self._certificate)]
        if trusted and Path(trusted).exists():
            parts.append(Path(trusted).read_bytes())
        file = self.folder / "bundle.pem"
        file.write_bytes(b"".join(parts))
        return file

    def context(self, host: str) -> ssl.SSLContext:
        """Return the TLS server context for a host."""
        name = _wildcard(host)
        with self._lock:
            if name not in self._contexts:
                self._contexts[name] = self._make_context(name, host)
            return self._contexts[name]

    def _make_context(self, name: str, host: str) -> ssl.SSLContext:
        stem = self.folder / name.replace("*", "_")
        key_file, chain_file = stem.with_name(stem.name + ".key"), stem.with_name(stem.name + ".pem")
        if not (key_file.exists() and chain_file.exists()):
            key = _new_key(key_file)
            leaf = self._sign(name, host, key)
            chain_file.write_bytes(_pem(leaf) + _pem(self._certificate))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain_file, key_file)
        context.set_alpn_protocols(["http/1.1"])
        return context

    def _make_root(self) -> x509.Certificate:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localaws certificate authority")])
        return (
            _builder(name, name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _sign(self, name: str, host: str, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
        names = [x509.DNSName(entry) for entry in sorted({name, host, name.removeprefix("*.")})]
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            _builder(subject, self._certificate.subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(authority, critical=False)
            .sign(self._key, hashes.SHA256())
        )


def _wildcard(host: str) -> str:
    labels = host.lower().split(".")
    # A wildcard stands for one label, and clients refuse one directly below a public suffix.
    return ".".join(["*", *labels[1:]]) if len(labels) > 3 else host.lower()


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALIDITY)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _new_key(file: Path) -> ec.EllipticCurvePrivateKey:
    key = ec.generate_private_key(ec.SECP256R1())
    file.touch(mode=0o600)
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return key


def _load_key(file: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{file} does not hold an elliptic-curve key")
    return key


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


@dataclass(frozen=True)
class Upstream:
    """How the host itself reaches the internet: through its own proxy, if it has one."""

    proxy: str = ""
    no_proxy: str = ""

    def connect(self, host: str, port: int) -> socket.socket:
        """Open a connection to a host that localaws does not stand in for."""
        if not self.proxy or self._bypasses(host):
            return socket.create_connection((host, port), timeout=30)
        parts = urlsplit(self.proxy if "://" in self.proxy else f"http://{self.proxy}")
        if not parts.hostname or parts.scheme not in ("http", "https"):
            raise OSError(f"the host's proxy {parts.scheme}://{parts.hostname} is not an HTTP proxy")
        connection = socket.create_connection((parts.hostname, parts.port or 8080), timeout=30)
        if parts.scheme == "https":
            connection = ssl.create_default_context().wrap_socket(connection, server_hostname=parts.hostname)
        lines = [f"CONNECT {host}:{port} HTTP/1.1", f"Host: {host}:{port}"]
        if parts.username:
            user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            lines.append("Proxy-Authorization: Basic " + base64.b64encode(user.encode()).decode())
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        status = _read_head(connection).split(b"\r\n", 1)[0]
        if b" 200 " not in status + b" ":
            connection.close()
            raise OSError(f"the host's proxy answered {status.decode('latin-1')!r} to CONNECT {host}:{port}")
        return connection

    def _bypasses(self, host: str) -> bool:
        entries = [entry.strip().lstrip(".").lower() for entry in self.no_proxy.split(",") if entry.strip()]
        return _is_loopback(host) or any(
            entry == "*" or host == entry or host.endswith(f".{entry}") for entry in entries
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _read_head(connection: socket.socket) -> bytes:
    """Read a response head and nothing after it: the bytes that follow belong to the tunnel."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte or len(head) > CHUNK:
            break
        head += byte
    return head


def tunnel(left: socket.socket, right: socket.socket) -> None:
    """Copy bytes both ways until both sides have finished."""
    left.settimeout(None)
    right.settimeout(None)
    with selectors.DefaultSelector() as selector:
        selector.register(left, selectors.EVENT_READ, right)
        selector.register(right, selectors.EVENT_READ, left)
        while selector.get_map():
            for key, _ in selector.select():
                source: socket.socket = key.fileobj  # type: ignore[assignment]
                target: socket.socket = key.data
                data = source.recv(CHUNK)
                if data:
                    target.sendall(data)
                    continue
                selector.unregister(source)
                _shutdown(target)


def _shutdown(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_WR)
    except OSError:
        return
