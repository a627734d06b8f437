"""The router: a KeyValueStore with the active release, and one viewer-request function per region that reads it."""

from cdktf_cdktf_provider_aws.cloudfront_function import CloudfrontFunction
from cdktf_cdktf_provider_aws.cloudfront_key_value_store import CloudfrontKeyValueStore
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib.router_policy import edge_policy
from constructs_lib.router_source import render
from constructs_lib.site_file import Entry, SiteFile


class Router(Construct):
    """Chooses release and origin order at the edge, without any control plane but the KeyValueStore's.

    Attributes:
        key_value_store_arn: ARN of the store that `failover sync-content` and `failover rollback` write.
        function_arns: region -> ARN of the function of that region's distribution; empty without distributions.
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
        # Without CloudFront in the name the store is still where a release is switched, by one conditional write.
        regions = [region.name for region in site.region] if site.routing.entry is Entry.CLOUDFRONT else []
        for own, other in zip(regions, reversed(regions), strict=True):
            function = CloudfrontFunction(
                self,
                f"function_{own}",
                name=f"{site.prefix}-router-{own}",
                runtime="cloudfront-js-2.0",
                comment=f"Active release and origin order, {own} first",
                code=render(own=own, other=other, has_kms=site.features.kms, policy=edge_policy(site, own=own)),
                key_value_store_associations=[store.arn],
                publish=True,
                provider=provider,
            )
            self.function_arns[own] = function.arn
