"""TLS with the pinned address: the host name is sent, and the certificate must be valid for it."""

import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests.adapters
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from newslake.pipeline.errors import RefusedFetchError, TransientFetchError
from newslake.pipeline.fetch import Fetcher, NotModified
from newslake.pipeline.model import Page
from tests.faults.hostile import NOW, Hostile, hostile_server, limits

DAY = timedelta(days=1)


def _certificate(folder: Path, *names: str) -> Path:
    """Write a self-signed certificate and its key into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    alternatives = [
        x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names
    ]
    today = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder(
            subject, subject, key.public_key(), x509.random_serial_number(), today, today + DAY * 36500
        )
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path = folder / f"{names[0]}.pem"
    path.write_bytes(
        made.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@contextmanager
def _tls_server(certificate: Path, names: list[str | None]) -> Iterator[Hostile]:
    with hostile_server() as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.sni_callback = lambda _, name, __: names.append(name)
        server.server.socket = context.wrap_socket(server.server.socket, server_side=True)
        server.says("/robots.txt", 404)
        server.says("/a", 200, b"page")
        yield server


def _fetch(server: Hostile) -> Page | NotModified:
    host = f"localhost:{server.server.server_port}"
    with Fetcher(limits(), private_hosts=frozenset({host}), now=lambda: NOW) as fetcher:
        return fetcher.fetch(f"https://{host}/a")


def test_name_is_sent_and_checked(tmp_path, monkeypatch):
    """A trusted certificate for the name in the URL is accepted, and the server receives that name."""
    certificate, names = _certificate(tmp_path, "localhost"), []
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(certificate))
    with _tls_server(certificate, names) as server:
        assert _fetch(server).body == b"page"

    assert set(names) == {"localhost"}
    assert server.headers["/a"]["host"] == f"localhost:{server.server.server_port}"


def test_certificate_for_the_address_alone_is_refused(tmp_path, monkeypatch):
    """A trusted certificate for the address that we connect to is not valid for the name."""
    certificate = _certificate(tmp_path, "127.0.0.1", "other.example")
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(certificate))
    with _tls_server(certificate, []) as server, pytest.raises(TransientFetchError) as caught:
        _fetch(server)

    assert (caught.value.reason, server.seen["/a"]) == ("robots_unreachable", 0)
    assert "TLS" in str(caught.value)


def test_unknown_certificate_is_refused(tmp_path):
    """A certificate without a trusted issuer is refused."""
    with _tls_server(_certificate(tmp_path, "localhost"), []) as server, pytest.raises(TransientFetchError) as caught:
        _fetch(server)

    assert (caught.value.reason, server.seen["/a"]) == ("robots_unreachable", 0)


def test_redirect_to_plain_http_is_refused(tmp_path, monkeypatch):
    """A redirect from https to http is not followed."""
    certificate = _certificate(tmp_path, "localhost")
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(certificate))
    with _tls_server(certificate, []) as server:
        server.says("/a", 302, Location=server.url("/b"))
        with pytest.raises(RefusedFetchError) as caught:
            _fetch(server)

    assert (caught.value.reason, server.seen["/b"]) == ("https_downgrade", 0)
