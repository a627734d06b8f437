"""The key that encrypts a content bucket: of a multi-Region KMS key, primary in one region, replicas in the others."""

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.kms_key import KmsKey
from cdktf_cdktf_provider_aws.kms_replica_key import KmsReplicaKey
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib import policies
from constructs_lib.content import protection_policies

# The longest time to think better of it: whatever a key encrypted is unreadable as soon as its deletion is scheduled.
_DELETION_WINDOW_DAYS = 30


class ContentKey(Construct):
    """The key of one region; the keys of a site work without each other, and S3 takes each for a key of its region only.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html

    The policy is complete when the key is made: no later apply, of no other stack, stands between an encrypted object
    and its readers. Rotation is the primary's; the replicas follow
    (https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html).

    A replica whose primary's region is gone stays what it is: KMS names another primary only from the primary's own region
    (https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdatePrimaryRegion.html), and a new primary would replace the key,
    with everything that it encrypted.

    Attributes:
        arn: ARN of the key.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        prefix: str,
        account_id: str,
        region: str,
        primary_key_arn: str | None = None,
        provider: AwsProvider,
    ) -> None:
        """`primary_key_arn`: the key that this one is a replica of; default: it is the primary itself."""
        super().__init__(scope, id_)
        description = f"{prefix}: encrypts the site's content"
        policy = policies.to_json(protection_policies.content_key(account_id, prefix=prefix, region=region))
        if primary_key_arn is None:
            self.arn = KmsKey(
                self,
                "primary",
                description=description,
                multi_region=True,
                enable_key_rotation=True,
                deletion_window_in_days=_DELETION_WINDOW_DAYS,
                policy=policy,
                provider=provider,
            ).arn
            return
        self.arn = KmsReplicaKey(
            self,
            f"replica_{region}",
            description=description,
            primary_key_arn=primary_key_arn,
            deletion_window_in_days=_DELETION_WINDOW_DAYS,
            policy=policy,
            lifecycle=TerraformResourceLifecycle(ignore_changes=["primary_key_arn"]),
            provider=provider,
        ).arn
