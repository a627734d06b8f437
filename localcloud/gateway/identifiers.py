"""Identifiers in the shapes that AWS uses, and the account that localcloud plays."""

from __future__ import annotations

import secrets
import string
import uuid

ACCOUNT_ID = "123456789012"
"""moto's account; every client of localcloud is its root."""

_UPPER = string.ascii_uppercase + string.digits
_LOWER = string.ascii_lowercase + string.digits


def cloudfront_id() -> str:
    """Return a distribution id or an ETag: E and 13 upper-case letters or digits."""
    return "E" + "".join(secrets.choice(_UPPER) for _ in range(13))


def prefixed_id(prefix: str, length: int) -> str:
    """Return `prefix` and upper-case letters or digits, `length` characters together."""
    return prefix + "".join(secrets.choice(_UPPER) for _ in range(length - len(prefix)))


def host_label(length: int) -> str:
    """Return lower-case letters and digits, as in `d111111abcdef8.cloudfront.net`."""
    return "".join(secrets.choice(_LOWER) for _ in range(length))


def random_uuid() -> str:
    """Return a random UUID in its text form."""
    return str(uuid.uuid4())
