"""What the edge asks of an origin, and what it gets."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from localcloud.model.forwarding import ForwardedRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginResponse:
    """What one attempt, or all attempts of a request, brought.

    Attributes:
        headers: Lower-case names, hop-by-hop headers removed.
        is_from_origin: False for CloudFront's own 502 and 504.
        has_length: Whether the origin sent Content-Length, as S3 always does.
        note: Beside CloudFront's own error: what localcloud has to say about it.
    """

    status_code: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_from_origin: bool = True
    has_length: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginRequest:
    """What the edge wants from an origin.

    Attributes:
        path: Percent-encoded, begins with a slash.
        headers: Conditions, and of a body what describes it: all that S3 gets of the viewer's headers.
        is_secure: Whether the viewer came over HTTPS: S3 is asked by the viewer's protocol.
        forwarded: What a custom origin gets of the viewer's request; None where no custom origin may be asked.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    is_secure: bool
    body: bytes = b""
    forwarded: ForwardedRequest | None = None
