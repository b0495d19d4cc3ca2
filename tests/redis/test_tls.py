import datetime
import ipaddress
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tacet.redis.address import read_address
from tacet.redis.client import Redis
from tests.redis.scripted import scripted


def certificate(folder: Path, name: str) -> Path:
    """A file with a key and a certificate for a host, which signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begins = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    alternatives: list[x509.GeneralName] = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / f"{name}.pem"
    path.write_bytes(private + made.public_bytes(pem))
    return path


@pytest.mark.parametrize(
    ("host", "trusted", "present"),
    [("localhost", True, True), ("localhost", False, False), ("other.example", True, False)],
    ids=["trusted", "not-trusted", "of-another-host"],
)
async def test_a_certificate_must_be_trusted_and_the_hosts_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, trusted: bool, present: bool
) -> None:
    path = certificate(tmp_path, host)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    async with scripted(tls=context) as server, Redis(read_address(server.address), "nothing is shared") as redis:
        assert redis.present == present
        assert [await redis.call("PING")] == [b"OK"] if present else server.commands == []


async def test_a_redis_that_speaks_no_tls_is_away() -> None:
    async with scripted() as server:
        address = read_address(server.address.replace("redis://", "rediss://"))
        async with Redis(address, "nothing is shared") as redis:
            assert not redis.present
