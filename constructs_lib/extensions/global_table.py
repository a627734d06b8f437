"""A DynamoDB global table: one table, a replica in every other region, each read and written on its own."""

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.dynamodb_table import (
    DynamodbTable,
    DynamodbTableAttribute,
    DynamodbTablePointInTimeRecovery,
    DynamodbTableReplica,
)
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib.checkov_skips import skip

_SKIPS = {
    "CKV_AWS_119": "Encrypted with a key that DynamoDB owns. A customer managed key costs 1.00 USD a month and region and 0.03 "
    "USD per 10,000 requests, and a replica whose key cannot be used for 20 hours leaves the global table for good.",
}


class GlobalTable(Construct):
    """A table with one string key, `id`, in the provider's region, and its replicas.

    Eventual consistency between the regions (MREC), the default: a write is there within about a second, and of two writes to
    one item the later stays (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html).
    On demand, with point-in-time recovery in each region. Replicas need the stream.

    Terraform reaches every replica's region when it plans this resource: keep it in a state of its own. Deletion protection is
    that of the provider's region alone: provider 5.100.0 has no such argument for a replica.

    Attributes:
        name: name of the table, the same in every region.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        replica_regions: Sequence[str],
        is_deletion_protected: bool,
        provider: AwsProvider,
    ) -> None:
        super().__init__(scope, id_)
        table = DynamodbTable(
            self,
            "table",
            name=name,
            billing_mode="PAY_PER_REQUEST",
            hash_key="id",
            attribute=[DynamodbTableAttribute(name="id", type="S")],
            stream_enabled=True,
            stream_view_type="NEW_AND_OLD_IMAGES",
            point_in_time_recovery=DynamodbTablePointInTimeRecovery(enabled=True),
            deletion_protection_enabled=is_deletion_protected,
            replica=[
                DynamodbTableReplica(
                    region_name=region,
                    point_in_time_recovery=True,
                    propagate_tags=True,
                )
                for region in replica_regions
            ],
            provider=provider,
        )
        skip(table, _SKIPS)
        self.name = table.name
