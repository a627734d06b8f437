"""The key that encrypts the content buckets: a multi-Region KMS key, primary in one region, replicas in the others."""

from collections.abc import Mapping

from cdktf_cdktf_provider_aws.kms_key import KmsKey
from cdktf_cdktf_provider_aws.kms_replica_key import KmsReplicaKey
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib import policies
from constructs_lib.content import protection_policies

# The longest time to think better of it: whatever a key encrypted is unreadable as soon as its deletion is scheduled.
_DELETION_WINDOW_DAYS = 30


class ContentKeys(Construct):
    """One key per region, which work without each other; S3 takes each for a key of its region only.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html

    The policies are complete when the keys are made: no later apply, of no other stack, stands between an encrypted object
    and its readers. Rotation is the primary's; the replicas follow
    (https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html).

    Attributes:
        arns: region -> ARN of its key.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        prefix: str,
        account_id: str,
        primary_region: str,
        providers: Mapping[str, AwsProvider],
    ) -> None:
        super().__init__(scope, id_)
        primary = KmsKey(
            self,
            "primary",
            description=f"{prefix}: encrypts the site's content",
            multi_region=True,
            enable_key_rotation=True,
            deletion_window_in_days=_DELETION_WINDOW_DAYS,
            policy=policies.to_json(protection_policies.content_key(account_id, prefix=prefix, region=primary_region)),
            provider=providers[primary_region],
        )
        replicas = {
            region: KmsReplicaKey(
                self,
                f"replica_{region}",
                description=f"{prefix}: encrypts the site's content",
                primary_key_arn=primary.arn,
                deletion_window_in_days=_DELETION_WINDOW_DAYS,
                policy=policies.to_json(protection_policies.content_key(account_id, prefix=prefix, region=region)),
                provider=provider,
            )
            for region, provider in providers.items()
            if region != primary_region
        }
        self.arns = {primary_region: primary.arn, **{region: key.arn for region, key in replicas.items()}}
