"""The SNI in a ClientHello, from what OpenSSL itself sends."""

import ssl

import pytest

from localcloud.dataplane.client_hello import IncompleteClientHello, NotTls, server_name


def client_hello(name: str | None) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


@pytest.mark.parametrize("name", ["www.example.test", "WWW.Example.test", None])
def test_client_hello_names_the_server(name: str | None) -> None:
    assert server_name(client_hello(name)) == (name.lower() if name else None)


def test_client_hello_every_prefix_is_incomplete() -> None:
    hello = client_hello("www.example.test")
    for end in range(len(hello)):
        with pytest.raises(IncompleteClientHello):
            server_name(hello[:end])


def test_client_hello_may_be_split_over_records() -> None:
    hello = client_hello("www.example.test")
    head, payload = hello[:3], hello[5:]
    parts = [payload[:40], payload[40:]]
    assert server_name(b"".join(head + len(part).to_bytes(2, "big") + part for part in parts)) == "www.example.test"


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x04\x02\x00\x00\x00"])
def test_client_hello_rejects_what_is_no_hello(data: bytes) -> None:
    with pytest.raises(NotTls):
        server_name(data)
