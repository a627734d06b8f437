"""What can be drilled, as data. A new drill is a new entry here."""

from __future__ import annotations

import dataclasses

from scripts.drill.faults import Fault
from scripts.errors import WrongUsageError


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FaultVariant:
    """One way in which the scenario's target fails.

    Args:
        name: how the command line and the report call it.
        title: what a reader is told, as the end of a sentence that begins with `what_fails`.
        kind: the fault's kind.
        value: the fault's value, where the kind has one.
        ratio: the share of the requests that it hits; default None: all.
        is_default: whether a drill runs it unasked.
        patience_seconds: how much longer than usual the drill waits for recovery, in AWS seconds. Default 0.
    """

    name: str
    title: str
    kind: str
    value: int | None = None
    ratio: float | None = None
    is_default: bool = True
    patience_seconds: float = 0.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One thing that breaks, and who is to take over.

    `{primary}` and `{secondary}` in `target`, `what_fails` and `takes_over` stand for the site's regions.

    Args:
        name: how the command line and the report call it.
        layer: the layer of the design that is to catch it, 1 to 4.
        target: what is broken.
        what_fails: the same for a reader, as the beginning of a sentence.
        takes_over: who serves meanwhile.
        detects_by_marker: CloudFront notices by itself, so detection is the first answer of the secondary; else it is
            the flip of the path health check.
        fills_pages: CloudFront still serves, and from its cache it would serve the page without any origin: an invalidation
            follows the fault, and a drill in which the secondary then filled no page is inconclusive.
        degrades: only a share of the requests is hit, so nobody takes over for good: the fault stays for a set time, and the
            share of the page views that failed is judged by `objectives.availability_ratio`.
        variants: in the order in which they run.
        lever: the name of the lever of AWS's own that does it; default "", a fault of localcloud's data plane.
        stays: nothing may move: the primary serves on, and nobody notices. Default no.
        loses_nothing: not one page view may fail, for CloudFront serves throughout. Default no.
        heals: page views fail, and something ends that while the fault is not undone: the primary serves on. Default no.
        leaves_aws: `{secondary}` is the last exit, a server outside AWS, and no entry of AWS may answer. Default no.
    """

    name: str
    layer: int
    target: str
    what_fails: str
    takes_over: str
    detects_by_marker: bool
    fills_pages: bool
    variants: tuple[FaultVariant, ...]
    degrades: bool = False
    lever: str = ""
    stays: bool = False
    loses_nothing: bool = False
    heals: bool = False
    leaves_aws: bool = False

    def fault(self, variant: FaultVariant, *, primary: str, secondary: str) -> Fault:
        """Return the fault to inject for a site with these regions."""
        target = self.target.format(primary=primary, secondary=secondary)
        return Fault(target=target, kind=variant.kind, value=variant.value, ratio=variant.ratio)

    def select(self, names: tuple[str, ...] = ()) -> tuple[FaultVariant, ...]:
        """Return the named variants, or the default ones when none is named.

        Raises:
            WrongUsageError: a name this scenario does not have.
        """
        known = {variant.name: variant for variant in self.variants}
        for name in names:
            if name not in known:
                raise WrongUsageError(f"{self.name} has no variant {name!r}; allowed: {', '.join(known)}")
        return tuple(known[name] for name in names) or tuple(v for v in self.variants if v.is_default)


ORIGIN_OUTAGE = Scenario(
    name="origin-outage",
    layer=1,
    target="s3:{primary}",
    what_fails="S3 in {primary}",
    takes_over="the origin group inside CloudFront, with the bucket in {secondary}",
    detects_by_marker=True,
    fills_pages=True,
    variants=(
        FaultVariant(name="unreachable", title="cannot be reached", kind="unreachable"),
        FaultVariant(name="status-503", title="answers 503", kind="status", value=503),
        FaultVariant(name="hang", title="accepts connections and stays silent", kind="hang", is_default=False),
    ),
)

# A zone of Route 53 as it comes lets resolvers keep a negative answer for so long:
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html
_LONGEST_NEGATIVE_SECONDS = 900.0


def _vanished(*, name: str, title: str) -> FaultVariant:
    """Return a variant in which CloudFront serves whoever has its address, but its names do not answer (2026-02-10)."""
    return FaultVariant(name=name, title=title, kind=name, is_default=False, patience_seconds=_LONGEST_NEGATIVE_SECONDS)


EDGE_OUTAGE = Scenario(
    name="edge-outage",
    layer=3,
    target="cloudfront",
    what_fails="The CloudFront path",
    takes_over="Route 53, with the regional endpoint in {secondary}",
    detects_by_marker=False,
    fills_pages=False,
    variants=(
        FaultVariant(name="refuse", title="refuses connections", kind="refuse"),
        FaultVariant(name="hang", title="accepts connections and stays silent", kind="hang", is_default=False),
        _vanished(name="nxdomain", title="has no name any more (NXDOMAIN)"),
        _vanished(name="nodata", title="has a name without addresses (NODATA)"),
        _vanished(name="servfail", title="has a name that cannot be resolved (SERVFAIL)"),
    ),
)


def _degraded(
    title: str, kind: str, percent: int, value: int | None = None, *, is_default: bool = False
) -> FaultVariant:
    return FaultVariant(
        name=f"{kind}-{percent}",
        title=f"{title} for {percent} % of the requests",
        kind=kind,
        value=value,
        ratio=percent / 100,
        is_default=is_default,
    )


# 20 bytes in a second make the region marker last for 2 s and more.
_SLOW_BYTES_PER_SECOND = 20

ORIGIN_DEGRADED = Scenario(
    name="origin-degraded",
    layer=1,
    target="s3:{primary}",
    what_fails="S3 in {primary}",
    takes_over="the origin group inside CloudFront, request by request, with the bucket in {secondary}",
    detects_by_marker=True,
    fills_pages=False,
    degrades=True,
    variants=(
        *[_degraded("answers 503", "status", percent, 503, is_default=True) for percent in (1, 10, 30, 70)],
        *[_degraded("takes the request and stays silent", "hang", percent) for percent in (1, 10, 30, 70)],
        *[_degraded("takes 3 s", "delay", percent, 3000) for percent in (10, 30)],
        *[_degraded("resets the connection", "reset", percent) for percent in (10, 30)],
        *[
            _degraded("sends the body a few bytes at a time", "slow", percent, _SLOW_BYTES_PER_SECOND)
            for percent in (10, 30)
        ],
    ),
)

CERTIFICATE_EXPIRED = Scenario(
    name="certificate-expired",
    layer=3,
    target="cloudfront",
    what_fails="The CloudFront path",
    takes_over="nobody: Route 53's checkers validate no certificate, so the path check stays healthy",
    detects_by_marker=False,
    fills_pages=False,
    variants=(
        FaultVariant(name="expired", title="shows an expired certificate", kind="expired-certificate"),
        FaultVariant(
            name="wrong-name", title="shows a certificate of another name", kind="wrong-certificate", is_default=False
        ),
    ),
)

AWS_EDGE_OUTAGE = Scenario(
    name="aws-edge-outage",
    layer=3,
    target="aws-edge",
    what_fails="CloudFront and API Gateway in every region",
    takes_over="Route 53, with {secondary}, a server outside AWS",
    detects_by_marker=False,
    fills_pages=False,
    leaves_aws=True,
    variants=(
        FaultVariant(name="refuse", title="refuse connections", kind="refuse"),
        FaultVariant(name="hang", title="accept connections and stay silent", kind="hang", is_default=False),
        _vanished(name="nxdomain", title="have no names any more (NXDOMAIN)"),
    ),
)

DEMO_SCENARIOS = (ORIGIN_OUTAGE, EDGE_OUTAGE)
SCENARIOS = {
    scenario.name: scenario for scenario in (*DEMO_SCENARIOS, AWS_EDGE_OUTAGE, ORIGIN_DEGRADED, CERTIFICATE_EXPIRED)
}
