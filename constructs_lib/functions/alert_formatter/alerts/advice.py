"""What to say of an alarm that is on, told from all health checks together."""

from dataclasses import replace

from alerts.checks import Checks
from alerts.guides import COMES_BACK, GUIDES, NO_EVACUATION, UNKNOWN, Guide


def _of_path(checks: Checks) -> Guide:
    """Returns what an unhealthy path check means, by the region checks, which go through CloudFront too."""
    path, failing = GUIDES["path-unhealthy"], checks.failing_regions
    if not checks.knows_all:
        return path
    if failing == checks.regions:
        what = "CloudFront does not serve; {secondary} takes over by DNS"
        todo = NO_EVACUATION + "Look at CloudFront's status page. Both buckets at once would look the same, but then "
        return replace(path, what=what, todo=f"{todo}endpoint-5xx is told of {{secondary}} too. {COMES_BACK}")
    if failing == checks.regions[:1]:
        what = "the distribution in {primary} is down; {secondary} takes over"
        return replace(path, what=what, todo=f"{NO_EVACUATION}Look at what changed in that distribution. {COMES_BACK}")
    todo = (
        "CloudFront and the bucket in {primary} answer, so it is the router function or the distribution's settings. "
    )
    return replace(path, todo=f"{NO_EVACUATION}{todo}A deployment just now is the first suspect. {COMES_BACK}")


def _of_region(region: str, checks: Checks) -> Guide:
    """Returns what an unhealthy region check means where CloudFront is in front, while the path check is healthy."""
    guide = GUIDES["region-unhealthy"]
    if checks.fails(checks.other(region)):
        todo = "Evacuate no region: none is known to be better. `failover status` says what users get."
        return replace(
            guide,
            what="no region check is healthy ({region})",
            covers="Users are served while the path check is healthy.",
            todo=todo,
        )
    if region == checks.regions[0]:
        return guide
    return replace(
        guide,
        what="the spare region {region} does not answer (bucket or distribution)",
        over="the spare region {region} answers again",
        covers="Not needed: {other} serves users. Nothing stands in for it meanwhile.",
        todo="Look at S3 in {region} and at the distribution there: its check asks for the one through the other. "
        "Publish with --allow-degraded while S3 does not answer.",
    )


def _of_regional_entry(kind: str, region: str, checks: Checks) -> Guide:
    """Returns the advice where no CloudFront is in the name: nothing covers request by request, and `evacuate` is refused."""
    guide = GUIDES[kind]
    covers = (
        "Route 53 leads viewers to {other} within about two minutes, once the region check of {region} is unhealthy."
    )
    if checks.fails(checks.other(region)):
        covers = "Nothing: no other region check is healthy either."
    texts = {
        "region-unhealthy": "Look at S3 and the function in {region}; Route 53 takes it back by itself: nothing to evacuate.",
        "serving-from-secondary": "Publish with --allow-degraded; `failover verify --repair --apply` once {primary} answers.",
    }
    what = {"region-unhealthy": "{region} does not answer; Route 53 leads viewers elsewhere"}
    return replace(guide, what=what.get(kind, guide.what), covers=covers, todo=texts.get(kind, guide.todo))


_ONE_REGION = {
    "path-unhealthy": {
        "what": "CloudFront does not serve, or {primary} behind it; DNS leads to the regional endpoint in {primary}",
        "covers": "Layer 3 within about two minutes if it is CloudFront: the regional endpoint reads the same bucket. Nothing if "
        "it is the bucket: the site has one region.",
        "todo": "Look at S3 in {primary} and at CloudFront's status page: `failover status` asks each entry. "
        + COMES_BACK,
    },
    "region-unhealthy": {
        "what": "the bucket in {region} does not answer, and the site has no other region",
        "covers": "Copies that edges and browsers still hold.",
        "todo": "Look at S3 in {region}. A second [[region]] in the site file would cover.",
    },
    "origin-latency": {"todo": "Look at S3 in {region}; there is no other region to go to."},
}
"""Kind of alarm -> what is told otherwise while the site has one region: no bucket stands behind the first."""


def guide_of(kind: str, region: str, checks: Checks) -> Guide:
    """Returns what to say of an alarm that is on, told from the checks together."""
    if len(checks.regions) == 1 and kind in _ONE_REGION:
        return replace(GUIDES[kind], **_ONE_REGION[kind])
    if not checks.has_path and kind in ("region-unhealthy", "serving-from-secondary", "endpoint-5xx"):
        return _of_regional_entry(kind, region, checks)
    if kind == "path-unhealthy":
        return _of_path(checks)
    if kind == "region-unhealthy" and checks.regions:
        return _of_region(region, checks)
    if kind == "endpoint-5xx" and checks.fails("path"):
        return replace(
            GUIDES[kind],
            what="CloudFront does not serve, and the regional endpoint in {region} answers with 5xx",
            covers="Nothing but copies that edges and browsers still hold.",
            todo="If S3 in {region} does not answer, it is the buckets: bring one back. Else read the log "
            "/aws/lambda/{site}-endpoint-{region}.",
        )
    return GUIDES.get(kind, UNKNOWN)
