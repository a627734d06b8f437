"""DNSSEC of the hosted zone: a key in KMS, the key-signing key that uses it, and signing switched on."""

from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from cdktf_cdktf_provider_aws.kms_key import KmsKey
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.route53_hosted_zone_dnssec import Route53HostedZoneDnssec
from cdktf_cdktf_provider_aws.route53_key_signing_key import Route53KeySigningKey
from constructs import Construct

from constructs_lib import policies

# The longest time to think better of it.
_DELETION_WINDOW_DAYS = 30


class ZoneSigning(Construct):
    """Signs the zone; resolvers check it only once its DS record is at the registrar.

    The DS record goes in last and comes out first, and its TTL must pass before signing ends, because resolvers hold it that
    long: docs/SECURITY.md. The key must be ECC_NIST_P256, in us-east-1
    (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-configuring-dnssec-cmk-requirements.html).

    Attributes:
        ds_record: what to enter at the registrar.
    """

    def __init__(self, scope: Construct, id_: str, *, zone_id: str, name: str, provider: AwsProvider) -> None:
        super().__init__(scope, id_)
        account = DataAwsCallerIdentity(self, "account", provider=provider)
        key = KmsKey(
            self,
            "key",
            description=f"{name}: signs the hosted zone (DNSSEC)",
            customer_master_key_spec="ECC_NIST_P256",
            key_usage="SIGN_VERIFY",
            deletion_window_in_days=_DELETION_WINDOW_DAYS,
            policy=policies.to_json(policies.zone_signing_key(account.account_id, zone_id=zone_id)),
            provider=provider,
        )
        key_signing_key = Route53KeySigningKey(
            self,
            "key_signing_key",
            hosted_zone_id=zone_id,
            # Letters, digits and _ alone: https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateKeySigningKey.html
            name=name.replace("-", "_"),
            key_management_service_arn=key.arn,
            provider=provider,
        )
        Route53HostedZoneDnssec(
            self, "signing", hosted_zone_id=zone_id, depends_on=[key_signing_key], provider=provider
        )
        self.ds_record = key_signing_key.ds_record
