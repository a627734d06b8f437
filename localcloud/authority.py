"""The throwaway authority of one run: it lives a day, and may sign for the names that the emulated cloud holds and for no others.

Whoever trusts it, in a tool or by mistake in the whole system, trusts it for those names alone (RFC 5280 section 4.2.1.10).
"""

import re
import ssl
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from localcloud.files import write_whole

VALIDITY = timedelta(days=1)
WRONG_NAME = "another-site.example"
"""What a wrong certificate shows."""

ALWAYS_PERMITTED = ("amazonaws.com", WRONG_NAME, "cloudfront.net")
"""AWS's own names, and the wrong one."""

_DNS_NAME = re.compile(r"(\*\.)?[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", re.IGNORECASE)
_CLOCKS_DIFFER = timedelta(minutes=5)
_NO_ADDRESSES = ("0.0.0.0/0", "::/0")
_NAME = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "localcloud, for this run only")])


class Authority:
    """A key, and the certificate that says what it may sign; the certificate is written anew when that changes."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate_file: Path) -> None:
        """Write the first certificate.

        Args:
            key: Of the run.
            certificate_file: Where tools find what to trust.
        """
        self._key = key
        self._file = certificate_file
        self._permitted = frozenset(ALWAYS_PERMITTED)
        self._write(datetime.now(UTC))

    def permit(self, names: Iterable[str]) -> None:
        """Let the authority sign for these DNS names too; those that it may sign for already change nothing.

        An imported certificate may have a common name that is no DNS name: nobody can ask for it, and it is left out.
        """
        wanted = {name.removeprefix("*.").lower() for name in names if _DNS_NAME.fullmatch(name)}
        new = {name for name in wanted if not any(_is_within(name, known) for known in self._permitted)}
        if new:
            self._permitted |= new
            self._write(datetime.now(UTC))

    def configure(self, context: ssl.SSLContext, names: Iterable[str], *, begin: datetime, end: datetime) -> None:
        """Issue a certificate for DNS names and let a server show it; what is none is left out, as in `permit`."""
        shown = [name for name in names if _DNS_NAME.fullmatch(name)] or [WRONG_NAME]
        with tempfile.NamedTemporaryFile() as file:  # mode 0600; ssl reads files alone
            file.write(self._issue(shown, begin, end))
            file.flush()
            context.load_cert_chain(file.name)

    def write_certificate(self, name: str, file: Path) -> None:
        """Write a key and the certificate of one DNS name, for a server that the user starts (mode 0600)."""
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        now = datetime.now(UTC)
        write_whole(file, self._issue([name], now - _CLOCKS_DIFFER, now + VALIDITY), mode=0o600)

    def _issue(self, names: Iterable[str], begin: datetime, end: datetime) -> bytes:
        """Return a new key and its certificate."""
        if datetime.now(UTC) > self._written_at + VALIDITY / 2:
            self._write(datetime.now(UTC))
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            self._builder(key.public_key(), begin, end)
            .subject_name(_NAME)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        )
        certificate = builder.sign(self._key, hashes.SHA256())
        return _pem(key) + certificate.public_bytes(serialization.Encoding.PEM)

    def _builder(
        self, public_key: ec.EllipticCurvePublicKey, begin: datetime, end: datetime
    ) -> x509.CertificateBuilder:
        identifier = x509.SubjectKeyIdentifier.from_public_key
        return (
            x509.CertificateBuilder()
            .issuer_name(_NAME)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(identifier(public_key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier(self._key.public_key())),
                critical=False,
            )
        )

    def _write(self, now: datetime) -> None:
        self._written_at = now
        usage = dict.fromkeys(("content_commitment", "data_encipherment", "encipher_only", "decipher_only"), False)
        constraints = x509.NameConstraints(
            permitted_subtrees=[x509.DNSName(name) for name in sorted(self._permitted)],
            excluded_subtrees=[x509.IPAddress(ip_network(text)) for text in _NO_ADDRESSES],
        )
        certificate = (
            self._builder(self._key.public_key(), now - _CLOCKS_DIFFER, now + VALIDITY)
            .subject_name(_NAME)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=False,
                    key_encipherment=False,
                    key_agreement=False,
                    key_cert_sign=True,
                    crl_sign=True,
                    **usage,
                ),
                critical=True,
            )
            .add_extension(constraints, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        write_whole(self._file, certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)


def new_authority(certificate_file: Path) -> Authority:
    """Make the authority of a run; its key stays in this process."""
    return Authority(ec.generate_private_key(ec.SECP256R1()), certificate_file)


def _is_within(name: str, known: str) -> bool:
    return name == known or name.endswith(f".{known}")


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
