"""The router: a KeyValueStore with the active release, and one viewer-request function per region that reads it."""

from collections.abc import Mapping

from cdktf_cdktf_provider_aws.cloudfront_function import CloudfrontFunction
from cdktf_cdktf_provider_aws.cloudfront_key_value_store import CloudfrontKeyValueStore
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct


class Router(Construct):
    """Chooses release and origin order at the edge, without any control plane but the KeyValueStore's.

    Attributes:
        key_value_store_arn: ARN of the store that `failover sync-content` and `failover rollback` write.
        function_arns: region -> ARN of the function of that region's distribution; empty without distributions.
    """

    def __init__(
        self, scope: Construct, id_: str, *, prefix: str, sources: Mapping[str, str], provider: AwsProvider
    ) -> None:
        """`prefix` starts every name. `sources`: region -> source of its function; empty without distributions."""
        super().__init__(scope, id_)
        store = CloudfrontKeyValueStore(
            self,
            "store",
            name=f"{prefix}-routing",
            comment="Key routing: active release and drained regions",
            provider=provider,
        )
        self.key_value_store_arn = store.arn
        self.function_arns: dict[str, str] = {}
        # Without CloudFront in the name the store is still where a release is switched, by one conditional write.
        for own, source in sources.items():
            function = CloudfrontFunction(
                self,
                f"function_{own}",
                name=f"{prefix}-router-{own}",
                runtime="cloudfront-js-2.0",
                comment=f"Active release and origin order, {own} first",
                code=source,
                key_value_store_associations=[store.arn],
                publish=True,
                provider=provider,
            )
            self.function_arns[own] = function.arn
