"""What to know about each kind of alarm: one text a kind, before the checks are looked at together."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """What to know about one cause: what happened, what the end of it is called, which layer covers meanwhile, the next step.

    `{region}` is the region of the alarm, `{other}` the one that stands in for it; `{primary}`, `{secondary}` and `{site}`
    (project and environment) are the site's.
    """

    what: str
    over: str
    covers: str
    todo: str


_LAYER_1 = "Layer 1: the origin group asks the bucket in {other}, request by request. Users get 200."
_LAYER_3 = "Layer 3: Route 53 answers with the regional endpoint in {secondary} within about two minutes."
_NOTHING_NEEDED = "Nothing is needed: users are served."
NO_EVACUATION = "Evacuate no region: that moves nothing. "
COMES_BACK = "`failover status` probes every entry; the name comes back by itself."

GUIDES: dict[str, Guide] = {
    "path-unhealthy": Guide(
        what="the CloudFront path does not serve; {secondary} takes over by DNS",
        over="the CloudFront path serves again from {primary}",
        covers=_LAYER_3,
        todo=NO_EVACUATION
        + "All region checks unhealthy as well: CloudFront itself. None: the router function. "
        + COMES_BACK,
    ),
    "region-unhealthy": Guide(
        what="the bucket in {region} does not answer; {other} covers",
        over="the bucket in {region} answers again",
        covers=_LAYER_1,
        todo="Look at S3 in {region}. If it lasts, spare cache misses the wait: `failover evacuate {region} --apply`.",
    ),
    "external-unhealthy": Guide(
        what="the external endpoint {region} does not answer",
        over="the external endpoint {region} answers again",
        covers="Route 53 leaves it out of its answers while another target is healthy.",
        todo="Look at that server; Route 53 takes it back by itself.",
    ),
    "serving-from-secondary": Guide(
        what="the site is served from {secondary}",
        over="the site is served from {primary} again",
        covers="Layer 1, or layer 3 if the path check is unhealthy.",
        todo="Publish with --allow-degraded only; `failover status` says what is left to do.",
    ),
    "edge-5xx": Guide(
        what="viewers get 5xx from CloudFront ({region})",
        over="viewers get no more 5xx from CloudFront ({region})",
        covers="Nothing: path check and region check are healthy, so no layer takes over.",
        todo="`failover status`; if a release went out just now: `failover rollback --apply`.",
    ),
    "origin-latency": Guide(
        what="origins are slow behind {region}",
        over="origins are fast again behind {region}",
        covers="Cached pages are as fast as ever; cache misses wait.",
        todo="`failover status` shows which region is slow. If it is {region}: `failover evacuate {region} --apply`.",
    ),
    "endpoint-5xx": Guide(
        what="the regional endpoint in {region} answers with 5xx",
        over="the regional endpoint in {region} answers without 5xx again",
        covers="CloudFront: the path check is healthy, and DNS leads nobody to this endpoint.",
        todo="Read the log /aws/lambda/{site}-endpoint-{region}; `failover status` probes the endpoint.",
    ),
    "global-region-silent": Guide(
        what="CloudWatch in us-east-1 does not answer from outside",
        over="CloudWatch in us-east-1 answers again",
        covers="Serving needs none of it: edges, DNS answers and health checks go on.",
        todo="Expect silence from every alarm there; change nothing in Route 53 or CloudFront; `failover status` probes.",
    ),
    "replication-backlog": Guide(
        what="replication {region} is stuck",
        over="replication {region} goes on",
        covers=_NOTHING_NEEDED,
        todo="`failover verify` tells what a region lacks; `failover verify --repair --apply` copies it.",
    ),
    "replication-latency": Guide(
        what="replication {region} is later than the recovery point objective",
        over="replication {region} is within the recovery point objective",
        covers=_NOTHING_NEEDED,
        todo="`failover verify` before any evacuation; `--repair --apply` copies what is missing.",
    ),
    "canary-failed": Guide(
        what="the canary in {region} could not load the site",
        over="the canary in {region} loads the site again",
        covers="Unknown: the path check is healthy. Compare with the canary in {other}.",
        todo="Read the canary's last run; one region only means the network between, not the site.",
    ),
    "prober-failed": Guide(
        what="visitors in {region} cannot load the site",
        over="visitors in {region} can load the site again",
        covers="Unknown: Route 53 finds the site healthy. It reads no page, validates no certificate, and asks from elsewhere.",
        todo="Run `failover status`. If users get the site elsewhere, read the log of the function {site}-prober-{region}.",
    ),
    "parity-lost": Guide(
        what="{region} lacks objects of its releases",
        over="{region} holds all of its releases",
        covers="Nothing: an absent page is a 404. But what still lies anywhere is put back within minutes.",
        todo="Find out who deleted it. If it does not end by itself: `failover verify --repair --apply`.",
    ),
    "certificate-expiring": Guide(
        what="the certificate in {region} ends soon and was not renewed",
        over="the certificate in {region} was renewed",
        covers="Nothing will: no health check validates a certificate. Until it ends, users are served.",
        todo="Put its validation record back (`terraform plan` of dns shows whether it is gone); ACM renews within hours.",
    ),
    "parity-unchecked": Guide(
        what="nobody compares {region} with its releases",
        over="{region} is compared with its releases again",
        covers=_NOTHING_NEEDED,
        todo="Read the log of the function {site}-parity-{region}; until it runs, `failover verify` compares.",
    ),
}
UNKNOWN = Guide(
    what="an alarm changed", over="an alarm is over", covers="Unknown.", todo="Read the alarm's description."
)
NO_ALARM = Guide(
    what="a message that is no alarm",
    over="",
    covers="Unknown.",
    todo="Read it; somebody sent it to the alarms' topic.",
)
