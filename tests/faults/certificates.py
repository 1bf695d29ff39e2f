"""Certificates of an invented authority, and a news server on TLS that presents them as configured."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.faults.hostile import Hostile

_DAY = timedelta(days=1)


class Authority:
    """A certificate authority. ``bundle`` is the file by which a client trusts it."""

    def __init__(self, folder: Path, *, name: str = "Tarnwick test authority") -> None:
        self._folder = folder
        self._host = name
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.bundle = folder / f"{name}.pem"
        certificate = self._sign(self._name, self._key.public_key(), _span(-1, 9), is_authority=True)
        self.bundle.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, host: str, *, days: tuple[int, int] = (-1, 9)) -> Path:
        """Return a file with the key and certificate of a host, valid from one day to another, counted from now."""
        return self._write(host, ec.generate_private_key(ec.SECP256R1()), days)

    def issue_for_itself(self) -> Path:
        """Return a file with the key and a certificate that the key itself signed, for the host of the same name."""
        return self._write(self._host, self._key, (-1, 9))

    def _write(self, host: str, key: ec.EllipticCurvePrivateKey, days: tuple[int, int]) -> Path:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = self._sign(name, key.public_key(), _span(*days), host=host)
        path = self._folder / f"{host}{days}.pem"
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        span: tuple[datetime, datetime],
        *,
        host: str | None = None,
        is_authority: bool = False,
    ) -> x509.Certificate:
        issuer = self._key.public_key()
        builder = (
            x509.CertificateBuilder(self._name, subject, key, x509.random_serial_number(), *span)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False)
        )
        if is_authority:
            usage = dict.fromkeys(_USES, False) | {"key_cert_sign": True, "crl_sign": True}
            builder = builder.add_extension(x509.KeyUsage(**usage), critical=True)
        if host is not None:
            builder = builder.add_extension(x509.SubjectAlternativeName([_name_of(host)]), critical=False)
        return builder.sign(self._key, hashes.SHA256())


_USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def _span(first: int, last: int) -> tuple[datetime, datetime]:
    now = datetime.now(UTC)  # OpenSSL compares with the clock of the machine
    return now + first * _DAY, now + last * _DAY


def _name_of(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


class TlsHostile(Hostile):
    """A hostile server that speaks TLS."""

    def __init__(self, certificate: Path) -> None:
        super().__init__()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        # The handshake is in the thread of the connection, not in that of the listener.
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)

    def url(self, path: str) -> str:
        return f"https://{self.host}{path}"


@contextmanager
def tls_server(certificate: Path) -> Iterator[TlsHostile]:
    """Run a hostile server with this key and certificate for the duration of a block."""
    hostile = TlsHostile(certificate)
    hostile.server.handle_error = lambda *args: None  # a client that refuses us is no error of the server
    thread = threading.Thread(target=hostile.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hostile
    finally:
        hostile.server.shutdown()
        hostile.server.server_close()
