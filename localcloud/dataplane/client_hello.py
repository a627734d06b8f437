"""Reads the server name out of a TLS ClientHello (RFC 8446 section 4.1.2, RFC 6066 section 3).

The listener peeks at it before TLS starts, so that a fault can hit one distribution's connections only.
"""

from dataclasses import dataclass

_HANDSHAKE_RECORD = 22
_CLIENT_HELLO = 1
_SERVER_NAME_EXTENSION = 0


class IncompleteClientHello(Exception):  # noqa: N818  a state, not an error
    """More bytes are needed."""


class NotTls(Exception):  # noqa: N818  a state, not an error
    """The bytes are no TLS ClientHello."""


@dataclass(slots=True)
class _Reader:
    data: bytes
    position: int = 0

    def take(self, count: int) -> bytes:
        if self.position + count > len(self.data):
            raise IncompleteClientHello
        self.position += count
        return self.data[self.position - count : self.position]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self, length_size: int) -> bytes:
        return self.take(self.number(length_size))


def server_name(data: bytes) -> str | None:
    """Return the SNI name in lower case, or None when the hello carries none.

    Raises:
        IncompleteClientHello: when the hello is not whole yet.
        NotTls: when the bytes are something else.
    """
    hello = _Reader(_handshake_bytes(data))
    if hello.number(1) != _CLIENT_HELLO:
        raise NotTls
    body = _Reader(hello.vector(3))
    body.take(2 + 32)
    body.vector(1)
    body.vector(2)
    body.vector(1)
    if body.position == len(body.data):
        return None
    extensions = _Reader(body.vector(2))
    while extensions.position < len(extensions.data):
        kind, content = extensions.number(2), extensions.vector(2)
        if kind == _SERVER_NAME_EXTENSION:
            return _first_host_name(content)
    return None


def _handshake_bytes(data: bytes) -> bytes:
    """Join the handshake records at the front of the stream."""
    reader = _Reader(data)
    joined = b""
    while reader.position < len(data):
        if reader.number(1) != _HANDSHAKE_RECORD:
            raise NotTls
        reader.take(2)
        joined += reader.vector(2)
    return joined


def _first_host_name(content: bytes) -> str | None:
    names = _Reader(_Reader(content).vector(2))
    names.take(1)
    return names.vector(2).decode("ascii", "replace").lower() or None
