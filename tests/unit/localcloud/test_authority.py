"""The throwaway authority: what it may sign for, and for how long, as a client judges it."""

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from localcloud import authority as module
from localcloud.authority import VALIDITY, Authority, new_authority


@pytest.fixture
def certificate_file(tmp_path: Path) -> Path:
    return tmp_path / "ca.pem"


def handshake(authority: Authority, shown: str, asked: str, trusted: str) -> str:
    """Returns what a client says that trusts a certificate and asks for a name; empty when it is content."""
    now = datetime.now(UTC)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.configure(server_side, [shown], begin=now - timedelta(minutes=5), end=now + VALIDITY)
    client_side = ssl.create_default_context(cadata=trusted)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_side.wrap_bio(to_client, to_server, server_hostname=asked)
    server = server_side.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
    return ""


def test_authority_signs_for_what_it_was_permitted_and_nothing_else(certificate_file: Path) -> None:
    authority = new_authority(certificate_file)
    authority.permit(["www.example.test", "*.shop.test"])
    trusted = certificate_file.read_text()
    assert handshake(authority, "www.example.test", "www.example.test", trusted) == ""
    assert handshake(authority, "*.shop.test", "a.shop.test", trusted) == ""
    assert handshake(authority, "d1.cloudfront.net", "d1.cloudfront.net", trusted) == ""
    for name in ("example.test", "bank.test", "*.bank.test", "127.0.0.1.bank.test"):
        assert "permitted subtree violation" in handshake(authority, name, name.replace("*", "x"), trusted)


def test_authority_takes_new_names_with_the_same_key_and_old_trust_stays_as_it_was(certificate_file: Path) -> None:
    authority = new_authority(certificate_file)
    authority.permit(["a.test"])
    before = certificate_file.read_text()
    authority.permit(["b.test", "x.a.test"])
    after = certificate_file.read_text()
    assert handshake(authority, "a.test", "a.test", before) == handshake(authority, "b.test", "b.test", after) == ""
    assert "permitted subtree violation" in handshake(authority, "b.test", "b.test", before)
    authority.permit(["b.test", "y.b.test", "B.TEST"])
    assert certificate_file.read_text() == after


def test_authority_lives_a_day_and_may_sign_no_address_and_no_other_authority(certificate_file: Path) -> None:
    new_authority(certificate_file)
    certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    assert certificate.not_valid_after_utc - datetime.now(UTC) <= VALIDITY
    constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert {str(each.value) for each in constraints.value.excluded_subtrees or ()} == {"0.0.0.0/0", "::/0"}
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    assert stat.S_IMODE(certificate_file.stat().st_mode) == 0o644
    assert [each.name for each in certificate_file.parent.iterdir()] == ["ca.pem"]  # the key is in no file


def test_authority_is_renewed_before_its_day_is_over(certificate_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = new_authority(certificate_file)
    before = certificate_file.read_text()
    assert handshake(authority, "d.cloudfront.net", "d.cloudfront.net", before) == ""
    assert certificate_file.read_text() == before

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> "Later":
            del tz
            return super().now(UTC) + VALIDITY * 0.6

    monkeypatch.setattr(module, "datetime", Later)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    now = datetime.now(UTC)
    authority.configure(context, ["d.cloudfront.net"], begin=now, end=now + VALIDITY)
    renewed = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    assert renewed.not_valid_after_utc > now + VALIDITY


def test_names_that_are_no_dns_names_are_left_out(certificate_file: Path) -> None:
    """ImportCertificate takes a certificate whose common name is a person's."""
    authority = new_authority(certificate_file)
    authority.permit(["Müller & Söhne", "a person", "", "*.", "a..test", "shop.test"])
    trusted = certificate_file.read_text()
    assert handshake(authority, "shop.test", "shop.test", trusted) == ""
    assert "mismatch" in handshake(authority, "Müller & Söhne", "shop.test", trusted)
