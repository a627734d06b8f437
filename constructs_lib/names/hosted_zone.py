"""The public hosted zone: made here, or looked up by id when the site file names one."""

from cdktf import Postcondition, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.data_aws_route53_zone import DataAwsRoute53Zone
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.route53_record import Route53Record
from cdktf_cdktf_provider_aws.route53_zone import Route53Zone
from constructs import Construct

from constructs_lib.checkov_skips import skip

# Any one lets ACM issue: https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html
_AMAZON_CAS = ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com")
_CAA_TTL_SECONDS = 3600
# What Route 53 writes itself, but for the last field: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html
_SOA_OF_ROUTE53 = "awsdns-hostmaster.amazon.com. 1 7200 900 1209600"
_UNSIGNED = (
    "DNSSEC costs 1.00 USD a month for its key, and a DS record left at the registrar by mistake takes the domain off the "
    "internet; features.dnssec adds it."
)
_UNLOGGED = "Query logs cost 0.50 USD per GB and hold resolvers' addresses; features.query_log adds them."


class HostedZone(Construct):
    """The zone of `domain_name`.

    `negative_ttl_seconds` bounds in the zone's SOA how long a resolver keeps the answer that a name does not exist (RFC 2308).
    Route 53's own 900 s would keep viewers away for as long, whose resolver asked while CloudFront's names had vanished.
    None leaves the SOA alone.

    A zone made here gets a CAA record that lets only Amazon's authorities issue. A zone that exists already keeps its own;
    the plan refuses it when it is of another name, or private.

    Attributes:
        zone_id: id of the hosted zone.
        name_servers: the four names to enter at the registrar.
        is_of_before: whether the zone was there before the site, with records that are not the site's.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        domain_name: str,
        hosted_zone_id: str | None = None,
        comment: str,
        is_signed: bool = False,
        is_logged: bool = False,
        negative_ttl_seconds: int | None = None,
        is_recovered_sooner: bool = False,
        provider: AwsProvider,
    ) -> None:
        """`hosted_zone_id`: of a zone that exists; default: one is made. `is_signed`, `is_logged`: another construct does it.

        `is_recovered_sooner`: accelerated recovery, which takes provider 6.25; of a zone that is made here.
        """
        super().__init__(scope, id_)
        self.is_of_before = hosted_zone_id is not None
        if hosted_zone_id is not None:
            condition = _is_public_zone_of(domain_name, hosted_zone_id)
            existing = DataAwsRoute53Zone(self, "zone", zone_id=hosted_zone_id, lifecycle=condition, provider=provider)
            self.zone_id, self.name_servers = existing.zone_id, existing.name_servers
            self._add_soa(domain_name, existing.primary_name_server, negative_ttl_seconds, provider)
            return
        zone = Route53Zone(
            self,
            "zone",
            name=domain_name,
            comment=comment,
            enable_accelerated_recovery=True if is_recovered_sooner else None,
            provider=provider,
        )
        skip(zone, _skips(is_signed, is_logged))
        Route53Record(
            self,
            "caa",
            zone_id=zone.zone_id,
            name=domain_name,
            type="CAA",
            ttl=_CAA_TTL_SECONDS,
            records=[f'0 issue "{authority}"' for authority in _AMAZON_CAS],
            provider=provider,
        )
        self.zone_id, self.name_servers = zone.zone_id, zone.name_servers
        self._add_soa(domain_name, zone.primary_name_server, negative_ttl_seconds, provider)

    def _add_soa(
        self, domain_name: str, primary_name_server: str, negative_ttl_seconds: int | None, provider: AwsProvider
    ) -> None:
        if negative_ttl_seconds is None:
            return
        Route53Record(
            self,
            "soa",
            zone_id=self.zone_id,
            name=domain_name,
            type="SOA",
            ttl=negative_ttl_seconds,
            records=[f"{primary_name_server}. {_SOA_OF_ROUTE53} {negative_ttl_seconds}"],
            allow_overwrite=True,  # every zone comes with one
            provider=provider,
        )


def _skips(is_signed: bool, is_logged: bool) -> dict[str, str]:
    unsigned = {} if is_signed else {"CKV2_AWS_38": _UNSIGNED}
    return unsigned if is_logged else {**unsigned, "CKV2_AWS_39": _UNLOGGED}


def _is_public_zone_of(domain: str, zone_id: str) -> TerraformResourceLifecycle:
    """Returns what the plan checks once it has read the zone. The provider gives the name without a trailing dot."""
    to_do = f"correct hosted_zone_id ({zone_id}) or domain_name ({domain}), in the site file if there is one"
    return TerraformResourceLifecycle(
        postcondition=[
            Postcondition(
                condition=f'${{self.name == "{domain}"}}',
                error_message=f"Hosted zone {zone_id} is ${{self.name}}, not {domain}: {to_do}.",
            ),
            Postcondition(
                condition="${!self.private_zone}",
                error_message=f"Hosted zone {zone_id} is private, and viewers could not resolve the site: {to_do}.",
            ),
        ]
    )
