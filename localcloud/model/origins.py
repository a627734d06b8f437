"""Which origin CloudFront asks next: connection attempts, timeouts, origin groups. Stateless between requests.

Sources: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/high_availability_origin_failover.html
and https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Origin.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from localcloud.model.errors import UnsupportedResource

DEFAULT_CONNECTION_ATTEMPTS = 3
DEFAULT_CONNECTION_TIMEOUT_SECONDS = 10
# S3 origins too, unless S3OriginConfig.OriginReadTimeout says otherwise:
# https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_S3OriginConfig.html
DEFAULT_READ_TIMEOUT_SECONDS = 30
FAILOVER_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# A read timeout is tried again for these only:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorS3Origin.html
READ_RETRY_METHODS = frozenset({"GET", "HEAD"})
FAILOVER_STATUS_CODES = frozenset({400, 403, 404, 416, 429, 500, 502, 503, 504})


class OriginFailure(Enum):
    """An attempt that brought no response."""

    CONNECT_TIMEOUT = "connect timeout"
    REFUSED = "connection refused"
    DNS = "name does not resolve"
    TLS = "TLS failure"
    READ_TIMEOUT = "read timeout"
    RESET = "connection reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One origin as a distribution, or a function for one request, configures it.

    Attributes:
        domain_name: E.g. `bucket.s3.eu-central-1.amazonaws.com`.
        origin_path: Empty, or begins with a slash.
        access_control_id: Of the origin access control that signs; empty for none.
        access_identity: Id of the origin access identity that signs; empty for none.
        is_s3: Whether it is an S3 REST origin.
        protocol_policy: Of a custom origin: `http-only`, `https-only` or `match-viewer`.
        http_port: Of a custom origin.
        https_port: Of a custom origin.
        host_header: The Host header that a function set for a custom origin; default: the origin's domain name.
        custom_headers: Added to each request to the origin.
    """

    id: str
    domain_name: str
    origin_path: str = ""
    access_control_id: str = ""
    access_identity: str = ""
    is_s3: bool = True
    protocol_policy: str = "match-viewer"
    http_port: int = 80
    https_port: int = 443
    connection_attempts: int = DEFAULT_CONNECTION_ATTEMPTS
    connection_timeout_seconds: float = DEFAULT_CONNECTION_TIMEOUT_SECONDS
    read_timeout_seconds: float = DEFAULT_READ_TIMEOUT_SECONDS
    host_header: str = ""
    custom_headers: Mapping[str, str] = field(default_factory=dict)

    def is_asked_over_tls(self, *, viewer_is_secure: bool) -> bool:
        """Whether a custom origin is asked by HTTPS.

        Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html
        """
        return viewer_is_secure if self.protocol_policy == "match-viewer" else self.protocol_policy == "https-only"


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginPlan:
    """Where one request may go: one origin, or the two of a group in order of priority."""

    members: tuple[Origin, ...]
    failover_status_codes: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        """Refuse what CloudFront refuses: a group has exactly two members."""
        if len(self.members) not in (1, 2):
            raise UnsupportedResource(
                "origin group", reason=f"it has {len(self.members)} members", remedy="name exactly two origins"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptOutcome:
    """What one attempt brought: a status code, or a failure."""

    member: int
    status_code: int | None = None
    failure: OriginFailure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Ask this member of the plan next."""

    member: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalAnswer:
    """Give this to the viewer (or to error caching first): the last attempt's outcome.

    Attributes:
        status_code: The origin's own, or CloudFront's 502 or 504 for a failure.
        is_from_origin: Whether a response of the origin stands behind it.
    """

    member: int
    status_code: int
    is_from_origin: bool


def next_step(plan: OriginPlan, method: str, outcomes: Sequence[AttemptOutcome]) -> Attempt | FinalAnswer:
    """Decide what follows the outcomes so far of one request.

    A member is tried again after a failed connection until its attempts are used up (`ConnectionAttempts`), after
    a read timeout for GET and HEAD only. A group moves to its second member on a listed status, a failed
    connection or a read timeout, and only for GET, HEAD and OPTIONS. When both fail, the second's error counts.
    A connection that ends before an answer is not documented; it is taken like a read timeout that comes at once.
    """
    if not outcomes:
        return Attempt(member=0)
    last = outcomes[-1]
    origin = plan.members[last.member]
    used = sum(outcome.member == last.member for outcome in outcomes)
    if last.failure and used < origin.connection_attempts and _is_retried(last.failure, method):
        return Attempt(member=last.member)
    fails_over = bool(last.failure) or last.status_code in plan.failover_status_codes
    if fails_over and last.member + 1 < len(plan.members) and method in FAILOVER_METHODS:
        return Attempt(member=last.member + 1)
    if last.failure:
        return FinalAnswer(member=last.member, status_code=failure_status(last.failure), is_from_origin=False)
    return FinalAnswer(member=last.member, status_code=last.status_code or 502, is_from_origin=True)


def _is_retried(failure: OriginFailure, method: str) -> bool:
    return failure not in (OriginFailure.READ_TIMEOUT, OriginFailure.RESET) or method in READ_RETRY_METHODS


def failure_status(failure: OriginFailure) -> int:
    """Return the status a viewer sees: 504 for silence, 502 for a refused connection, TLS or DNS.

    Sources: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/http-504-gateway-timeout.html and
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/http-502-bad-gateway.html
    """
    silent = (OriginFailure.READ_TIMEOUT, OriginFailure.CONNECT_TIMEOUT)
    return 504 if failure in silent else 502


def attempt_seconds(origin: Origin, failure: OriginFailure | None) -> float:
    """Return how long a failing attempt takes, network time aside; 0 when the answer or refusal comes at once."""
    if failure is OriginFailure.CONNECT_TIMEOUT:
        return origin.connection_timeout_seconds
    return origin.read_timeout_seconds if failure is OriginFailure.READ_TIMEOUT else 0.0
