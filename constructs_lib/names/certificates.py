"""Certificates and the proof of the names in them.

ACM's validation CNAME is the same for one name in one account, whatever the region, so it is written once, in the dns
stack, by the certificate that holds every name. The regional certificates find it there. (That regions share the CNAME is
unverified on a live account: docs/SANDBOX.md.)
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.acm_certificate import AcmCertificate
from cdktf_cdktf_provider_aws.acm_certificate_validation import AcmCertificateValidation
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.route53_record import Route53Record
from constructs import Construct

from constructs_lib.checkov_skips import skip
from constructs_lib.names.hosted_zone import HostedZone

_VALIDATION_TTL_SECONDS = 300
_WILDCARD = (
    "The site file asks for it (site.certificate): the wildcard is below the site's own name, and with each region's name the "
    "certificate would be another one when a region is added. ACM keeps the private key."
)
# A certificate in use cannot be deleted: the new one comes first.
_REPLACE = TerraformResourceLifecycle(create_before_destroy=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofOfNames:
    """Where a certificate's names are proved: the zone, and the provider that may write its records.

    `has_others_records`: the zone is older than the site, so another certificate's proof of a name may be in it.
    Default: it is not.
    """

    zone_id: str
    provider: AwsProvider
    has_others_records: bool = False


class EdgeCertificate(Construct):
    """CloudFront's certificate (us-east-1 only) for every name of the site, with its validation records.

    It stays when the entry is regional and no distribution uses it: it costs nothing, and its records prove the regional ones.
    The names of further regions are on a second one: a changed list of names replaces the certificate, and one that a
    distribution still uses cannot be deleted.

    It is requested but not waited for: a new zone answers only after its delegation. The edge stack waits.

    Attributes:
        arn: ARN of the certificate.
    """

    def __init__(
        self, scope: Construct, id_: str, *, names: Sequence[str], zone: HostedZone, provider: AwsProvider
    ) -> None:
        super().__init__(scope, id_)
        first, *others = names
        certificate = AcmCertificate(
            self,
            "certificate",
            domain_name=first,
            subject_alternative_names=others or None,
            validation_method="DNS",
            lifecycle=_REPLACE,
            provider=provider,
        )
        if any(name.startswith("*.") for name in names):
            skip(certificate, {"CKV2_AWS_71": _WILDCARD})
        proof = ProofOfNames(zone_id=zone.zone_id, provider=provider, has_others_records=zone.is_of_before)
        _prove(self, certificate, names, proof)
        self.arn = certificate.arn


class RegionalCertificate(Construct):
    """The certificate of a regional endpoint's names in its region; waits until ACM has issued it.

    Attributes:
        arn: ARN of the issued certificate.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        hostname: str,
        own_names: Sequence[str] = (),
        own_proof: ProofOfNames | None = None,
        provider: AwsProvider,
    ) -> None:
        """`own_names` are the names beside the public one, `hostname`. Default: none, CloudFront serves them.

        `own_proof` writes validation records: a certificate of another account than the zone's has its own. Default: none, the
        dns stack has written them.
        """
        super().__init__(scope, id_)
        certificate = AcmCertificate(
            self,
            "certificate",
            domain_name=hostname,
            subject_alternative_names=list(own_names) or None,
            validation_method="DNS",
            lifecycle=_REPLACE,
            provider=provider,
        )
        records = [] if own_proof is None else _prove(self, certificate, [hostname, *own_names], own_proof)
        issued = AcmCertificateValidation(
            self, "issued", certificate_arn=certificate.arn, depends_on=records or None, provider=provider
        )
        self.arn = issued.certificate_arn


def _prove(
    scope: Construct, certificate: AcmCertificate, names: Sequence[str], proof: ProofOfNames
) -> list[Route53Record]:
    # ACM proves a name and its wildcard by the same record: https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
    return [
        Route53Record(
            scope,
            f"validation_{name}",
            zone_id=proof.zone_id,
            name=_validation(certificate, name, "resource_record_name"),
            type=_validation(certificate, name, "resource_record_type"),
            records=[_validation(certificate, name, "resource_record_value")],
            ttl=_VALIDATION_TTL_SECONDS,
            # In a zone of before the record may be there: ACM gives every certificate of a name in one account the same one.
            allow_overwrite=True if proof.has_others_records else None,
            provider=proof.provider,
        )
        for name in names
        if not name.startswith("*.")
    ]


def _validation(certificate: AcmCertificate, name: str, attribute: str) -> str:
    """Returns the expression for one attribute of the name's validation record.

    The options are a set without known members while planning, so a `for_each` over them does not plan; the names are known.
    """
    options = f"{certificate.fqn}.domain_validation_options"
    return f'${{one([for option in {options} : option.{attribute} if option.domain_name == "{name}"])}}'
