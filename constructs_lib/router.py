"""The router: a KeyValueStore with the active release, and one viewer-request function per region that reads it."""

import json
from pathlib import Path

from cdktf_cdktf_provider_aws.cloudfront_function import CloudfrontFunction
from cdktf_cdktf_provider_aws.cloudfront_key_value_store import CloudfrontKeyValueStore
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib import naming
from constructs_lib.site_file import SiteFile

SOURCE = Path(__file__).parent / "functions" / "router.js"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
LARGEST_FUNCTION_BYTES = 10 * 1024

FAILOVER_STATUS_CODES = (403, 500, 502, 503, 504)
"""403 is broken access and fails over; 404 is an absent page and must not (each miss would ask both buckets)."""

# S3's default read timeout is 30 s and provider 5.100 cannot lower it on the origin; the function can, on the primary.
ORIGIN_READ_TIMEOUT_SECONDS = 4
ORIGIN_CONNECTION_TIMEOUT_SECONDS = 2


class Router(Construct):
    """Chooses release and origin order at the edge, without any control plane but the KeyValueStore's.

    Attributes:
        key_value_store_arn: ARN of the store that `failover sync-content` and `failover rollback` write.
        function_arns: region -> ARN of the function of that region's distribution.
    """

    def __init__(self, scope: Construct, id_: str, *, site: SiteFile, provider: AwsProvider) -> None:
        super().__init__(scope, id_)
        store = CloudfrontKeyValueStore(
            self,
            "store",
            name=f"{site.prefix}-routing",
            comment="Key routing: active release and drained regions",
            provider=provider,
        )
        self.key_value_store_arn = store.arn
        self.function_arns: dict[str, str] = {}
        regions = [region.name for region in site.region]
        for own, other in zip(regions, reversed(regions), strict=True):
            function = CloudfrontFunction(
                self,
                f"function_{own}",
                name=f"{site.prefix}-router-{own}",
                runtime="cloudfront-js-2.0",
                comment=f"Active release and origin order, {own} first",
                code=render(own=own, other=other),
                key_value_store_associations=[store.arn],
                publish=True,
                provider=provider,
            )
            self.function_arns[own] = function.arn


def render(*, own: str, other: str) -> str:
    """Returns the function's source for the distribution of region `own`."""
    config = {
        "own": own,
        "other": other,
        "origins": {region: naming.origin_id(region) for region in (own, other)},
        "statusCodes": list(FAILOVER_STATUS_CODES),
        "timeouts": {
            "connectionTimeout": ORIGIN_CONNECTION_TIMEOUT_SECONDS,
            "readTimeout": ORIGIN_READ_TIMEOUT_SECONDS,
        },
        "fixedPrefixes": [f"/{naming.HEALTH_PREFIX}", f"/{naming.ERRORS_PREFIX}"],
    }
    source = SOURCE.read_text(encoding="utf-8").replace("/*CONFIG*/ {}", json.dumps(config))
    size = len(source.encode("utf-8"))
    if size > LARGEST_FUNCTION_BYTES:
        raise ValueError(
            f"{SOURCE.name} is {size} bytes; CloudFront takes at most {LARGEST_FUNCTION_BYTES}: shorten it"
        )
    return source
