"""Names: of stacks, buckets, hosts, origins and keys. Pure functions; a name made here is a contract.

The `failover` command and localcloud meet the same names in Terraform outputs and in the buckets, never by import.
"""

from constructs_lib.site_file.models import CertificateNames, Entry, SiteFile

DNS_STACK = "dns"
EDGE_STACK = "edge"
MONITORING_STACK = "monitoring"
ACCESS_STACK = "access"
AUDIT_STACK = "audit"
API_TABLE_STACK = "api-table"
API_STACK = "api"
ADMINISTRATORS_STACKS = (ACCESS_STACK, AUDIT_STACK)
"""Applied by an administrator, never by the deploy role: they hold its rights and the record of what it did."""

GLOBAL_REGION = "us-east-1"
"""CloudFront's certificates and Route 53's control plane live here.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
"""

RELEASES_PREFIX = "releases/"
CONTROL_PREFIX = "control/"
POINTER_KEY = "control/active.json"
"""Names the active release for the regional endpoints; the publisher writes it."""
MANIFESTS_PREFIX = "control/manifests/"
"""The publisher keeps each release's list of files there."""
HEALTH_PREFIX = "health/"
ERRORS_PREFIX = "errors/"

REGION_MARKER_KEY = "health/region.json"
"""Differs per bucket and is never replicated: read through the origin group it tells which region answered."""

REPLICATION_PAUSE_TAG = "ReplicationPause"
"""Tag of the bucket whose replication an experiment may pause, with the bucket's name: AWS FIS finds buckets by tags only."""

PATH_CHECK_KEY = "health/path.json"
"""What the path check asks, through the origin group; the router gives its origins 1 s each, to fit Route 53's 2 s."""

ORIGIN_GROUP_ID = "origin-group"


def region_stack(region: str) -> str:
    """Returns the stack that holds `region`."""
    return f"region-{region}"


def attachment_stack(region: str) -> str:
    """Returns the stack that attaches `region` to the site: who reads its bucket, where it is copied to, who is told of it."""
    return f"attachment-{region}"


def prober_stack(region: str) -> str:
    """Returns the stack that looks at the site from `region`, which serves nothing."""
    return f"prober-{region}"


def keys_stack(region: str) -> str:
    """Returns the stack that holds the content key of `region`."""
    return f"keys-{region}"


def replication_role(site: SiteFile, source: str) -> str:
    """Returns the name of the role that copies releases from the source's bucket."""
    return f"{site.prefix}-replicate-{source}"


def alarm_topic(site: SiteFile) -> str:
    """Returns the name of the topic that alarms publish to, the same in every region."""
    return f"{site.prefix}-alarms"


def api_region_stack(region: str) -> str:
    """Returns the stack that holds the API in `region`."""
    return f"api-{region}"


def api_hostname(site: SiteFile) -> str:
    """Returns the API's name."""
    return site.api.hostname or f"api.{site.site.domain_name}"


def api_regional_hostname(site: SiteFile, region: str) -> str:
    """Returns the API's name in one region, which its health check asks, such as `eu-central-1.api.example.com`."""
    return f"{region}.{api_hostname(site)}"


def api_names(site: SiteFile) -> list[str]:
    """Returns every name of the API, the public one first."""
    return [api_hostname(site), *(api_regional_hostname(site, name) for name in _region_names(site))]


def database_stack(region: str) -> str:
    """Returns the stack that holds the database's instance in `region`."""
    return f"database-{region}"


def database_instance(site: SiteFile) -> str:
    """Returns the identifier of the database's instance, the same in every region."""
    return f"{site.prefix}-database"


def regional_hostname(site: SiteFile, region: str) -> str:
    """Returns the name of the region's own distribution or regional endpoint, such as `eu-central-1.www.example.com`."""
    return f"{region}.{site.site.hostname}"


def regions_hostname(site: SiteFile) -> str:
    """Returns the name of the failover pair of both regions, when an external endpoint stands behind them."""
    return f"regions.{site.site.hostname}"


def standby_hostname(site: SiteFile) -> str:
    """Returns the name of the failover pair of regional endpoint and last exit, which the public name's SECONDARY leads to."""
    return f"standby.{site.site.hostname}"


def endpoint_hostname(site: SiteFile) -> str:
    """Returns the regional endpoint's own name behind CloudFront, for its health check; only with a last exit behind it."""
    return f"endpoint.{site.site.hostname}"


def certificate_names(site: SiteFile) -> list[str]:
    """Returns every name that CloudFront serves, or would with two regions: the public one first."""
    if site.site.certificate is CertificateNames.WILDCARD:
        return [site.site.hostname, f"*.{site.site.hostname}"]
    pair = (site.primary.name, site.secondary.name)
    return [site.site.hostname, *(regional_hostname(site, name) for name in _region_names(site) if name in pair)]


def further_names(site: SiteFile) -> list[str]:
    """Returns the names that need a proof and are not CloudFront's: of regions beyond two, and the regional endpoint's own."""
    served = certificate_names(site)
    is_wildcard = site.site.certificate is CertificateNames.WILDCARD and site.routing.entry is Entry.CLOUDFRONT
    names = [] if is_wildcard else [regional_hostname(site, name) for name in _region_names(site)]
    own = [endpoint_hostname(site)] if site.last_exit is not None else []
    return [*(name for name in names if name not in served), *own]


def _region_names(site: SiteFile) -> list[str]:
    return [region.name for region in site.region]


def bucket(site: SiteFile, region: str, account_id: str) -> str:
    """Returns the content bucket's name; the account id makes it globally unique."""
    return f"{site.prefix}-{region}-{account_id}"


def regional_endpoint(site: SiteFile, region: str) -> str:
    """Returns the name of the region's endpoint: at most 58 of the 64 characters that IAM and Lambda allow."""
    return f"{site.prefix}-endpoint-{region}"


def replication_rule_id(number: int) -> str:
    """Returns the id of the rule for a source's first, second ... destination; a dimension of its metrics."""
    return "releases" if number == 1 else f"releases-{number}"


def canary_bucket(site: SiteFile, region: str, account_id: str) -> str:
    """Returns the name of the bucket of a canary's artifacts.

    "c", because with a word the longest project and environment would pass S3's 63 characters.
    """
    return f"{site.prefix}-c-{region}-{account_id}"


def log_bucket(site: SiteFile, region: str, account_id: str) -> str:
    """Returns the name of the bucket of a region's access logs; "l" for the same reason as the canary's "c"."""
    return f"{site.prefix}-l-{region}-{account_id}"


def origin_id(region: str) -> str:
    """Returns the id under which each distribution knows the region's bucket."""
    return f"s3-{region}"


def region_check(region: str) -> str:
    """Returns the name of the check of a region's records, where an alarm decides them as well."""
    return f"region-{region}"


def region_check_path(region: str) -> str:
    """Returns the path of the region check: a behaviour pinned to that region's bucket, caching off."""
    return f"/health/{region}.json"


def audit_bucket(prefix: str, account_id: str) -> str:
    """Returns the name of the bucket that keeps the audit trail."""
    return f"{prefix}-audit-{account_id}"


def ci_role(prefix: str, job: str) -> str:
    """Returns the name of the role that GitHub takes for a job: plan, deploy, content or drill."""
    return f"{prefix}-ci-{job}"


def ci_deploy_policy(prefix: str, part: str) -> str:
    """Returns the name of a policy that the deploy role has beside its own: limits, or database."""
    return f"{ci_role(prefix, 'deploy')}-{part}"


def permissions_boundary(prefix: str) -> str:
    """Returns the name of the policy that bounds every role of the stacks."""
    return f"{prefix}-boundary"
