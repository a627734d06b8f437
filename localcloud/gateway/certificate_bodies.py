"""X.509 of ACM: what an imported certificate says, and a stand-in for one that Amazon would have issued."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from localcloud.gateway.errors import ServiceError


def imported_names(certificate: str, private_key: str) -> tuple[str, ...]:
    """Return the names of a PEM certificate, its subject's first.

    Raises:
        ServiceError: 400 ValidationException: no certificate, no key, or a key of another certificate.
    """
    try:
        parsed = x509.load_pem_x509_certificate(certificate.encode())
        key = serialization.load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise ServiceError(
            400, "ValidationException", f"The certificate or its private key is not PEM: {error}"
        ) from error
    if key.public_key() != parsed.public_key():
        raise ServiceError(400, "ValidationException", "The private key is not that of the certificate")
    common = [str(name.value) for name in parsed.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]
    try:
        alternative = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        others: list[str] = []
    else:
        others = alternative.get_values_for_type(x509.DNSName)
    return tuple(dict.fromkeys(name.lower() for name in (*common, *others)))


def stand_in(names: tuple[str, ...]) -> tuple[str, str]:
    """Return a certificate with these names and the one that signed it, as PEM; nobody has a key of either."""
    import trustme

    authority = trustme.CA(organization_name="localcloud, in place of Amazon")
    issued = authority.issue_cert(*names)
    return issued.cert_chain_pems[0].bytes().decode(), authority.cert_pem.bytes().decode()
