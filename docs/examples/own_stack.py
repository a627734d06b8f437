"""Constructs of this repository in a stack of a team's own: no site file, no stack of ours. docs/CONSTRUCTS.md explains it.

`python docs/examples/own_stack.py [OUTPUT_FOLDER]` writes `stacks/shop/cdk.tf.json`: a site in one bucket per region behind one
CloudFront distribution, and the regional endpoint of the second region behind it in DNS.
"""

import argparse
import sys
from pathlib import Path

from constructs_lib import bindings

bindings.load()  # before the first import of cdktf

from cdktf import App, LocalBackend, TerraformOutput, TerraformStack  # noqa: E402
from cdktf_cdktf_provider_aws.acm_certificate_validation import AcmCertificateValidation  # noqa: E402
from cdktf_cdktf_provider_aws.cloudfront_origin_access_control import CloudfrontOriginAccessControl  # noqa: E402
from cdktf_cdktf_provider_aws.provider import AwsProvider  # noqa: E402
from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy  # noqa: E402

from constructs_lib import policies  # noqa: E402
from constructs_lib.content.bucket_replication import BucketReplication, Destination, ReplicationRole  # noqa: E402
from constructs_lib.content.content_bucket import ContentBucket  # noqa: E402
from constructs_lib.edge import router_source, security_headers  # noqa: E402
from constructs_lib.edge.edge_policies import EdgePolicies  # noqa: E402
from constructs_lib.edge.regional_distribution import DistributionAccess, RegionalDistribution  # noqa: E402
from constructs_lib.edge.router import Router  # noqa: E402
from constructs_lib.endpoint.regional_endpoint import RegionalEndpoint  # noqa: E402
from constructs_lib.lint_waivers import waive  # noqa: E402
from constructs_lib.names.certificates import EdgeCertificate, RegionalCertificate  # noqa: E402
from constructs_lib.names.health_checks import HealthChecks  # noqa: E402
from constructs_lib.names.hosted_zone import HostedZone  # noqa: E402
from constructs_lib.names.records import AliasRecords, FailoverRecords, to_distribution, to_endpoint  # noqa: E402
from constructs_lib.providers import AWS_PROVIDER_VERSIONS  # noqa: E402
from constructs_lib.site_file.models import HealthCheck, Protocol  # noqa: E402
from constructs_lib.site_file.security import Headers  # noqa: E402

PREFIX = "shop-prod"
DOMAIN, HOSTNAME = "example.com", "shop.example.com"
PRIMARY, SECONDARY = "eu-central-1", "eu-west-1"


class ShopStack(TerraformStack):
    """The team's own stack: everything in one state, three providers."""

    def __init__(self, scope: App) -> None:
        super().__init__(scope, "shop")
        LocalBackend(self, path="../../../terraform.shop.tfstate")
        edge = AwsProvider(self, "aws", region="us-east-1")
        providers = {
            region: AwsProvider(self, f"aws_{region}", region=region, alias=region.replace("-", "_"))
            for region in (PRIMARY, SECONDARY)
        }
        self.add_override(
            "terraform.required_providers.aws.version", AWS_PROVIDER_VERSIONS
        )  # the bindings write their own
        zone = HostedZone(
            self,
            "zone",
            domain_name=DOMAIN,
            comment="The shop's zone",
            negative_ttl_seconds=60,  # Route 53's own 900 s would outlast the failover
            provider=edge,
        )
        own_name = f"{PRIMARY}.{HOSTNAME}"  # what the health checks ask, never the name of the record that they decide
        certificate = EdgeCertificate(self, "certificate", names=[HOSTNAME, own_name], zone=zone, provider=edge)
        buckets = {
            region: ContentBucket(
                self, f"bucket_{region}", name=f"{PREFIX}-{region}", region=region, provider=providers[region]
            )
            for region in (PRIMARY, SECONDARY)
        }
        distribution = self._add_distribution(buckets, certificate, aliases=[HOSTNAME, own_name], provider=edge)
        for region, bucket in buckets.items():
            policy = policies.content_bucket(bucket.arn, distribution_arns=[distribution.arn])
            S3BucketPolicy(
                self,
                f"bucket_policy_{region}",
                bucket=bucket.name,
                policy=policies.to_json(policy),
                provider=providers[region],
            )
        replication = BucketReplication(
            self,
            "replication",
            role=ReplicationRole(self, "replication_role", name=f"{PREFIX}-replicate", provider=providers[PRIMARY]),
            source_name=buckets[PRIMARY].name,
            source_arn=buckets[PRIMARY].arn,
            destinations=[Destination(bucket_arn=buckets[SECONDARY].arn)],
            depends_on=[bucket.versioning for bucket in buckets.values()],
            provider=providers[PRIMARY],
        )
        reason = "Releases never change, so a deletion is a mistake; it must not become one in both regions."
        waive(replication.configuration, {"FW213": reason})
        standby = RegionalEndpoint(
            self,
            "standby",
            name=f"{PREFIX}-standby",
            region=SECONDARY,
            hostname=HOSTNAME,
            headers=security_headers.as_http_headers(Headers()),
            bucket=buckets[SECONDARY],
            certificate=RegionalCertificate(
                self, "standby_certificate", hostname=HOSTNAME, provider=providers[SECONDARY]
            ),
            provider=providers[SECONDARY],
        )
        self._add_records(zone, distribution, standby, own_name, edge)
        TerraformOutput(self, "name_servers", value=zone.name_servers)

    def _add_distribution(
        self,
        buckets: dict[str, ContentBucket],
        certificate: EdgeCertificate,
        *,
        aliases: list[str],
        provider: AwsProvider,
    ) -> RegionalDistribution:
        source = router_source.render(own=PRIMARY, other=SECONDARY)
        router = Router(self, "router", prefix=PREFIX, sources={PRIMARY: source}, provider=provider)
        issued = AcmCertificateValidation(self, "issued", certificate_arn=certificate.arn, provider=provider)
        access_control = CloudfrontOriginAccessControl(
            self,
            "access_control",
            name=f"{PREFIX}-s3",
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            provider=provider,
        )
        return RegionalDistribution(
            self,
            "distribution",
            comment=PREFIX,
            region=PRIMARY,
            aliases=aliases,
            bucket_domain_names={region: bucket.regional_domain_name for region, bucket in buckets.items()},
            access=DistributionAccess(
                certificate_arn=issued.certificate_arn,
                origin_access_control_id=access_control.id,
                router_function_arn=router.function_arns[PRIMARY],
            ),
            edge_policies=EdgePolicies(self, "edge_policies", prefix=PREFIX, headers=Headers(), provider=provider),
            provider=provider,
        )

    def _add_records(
        self,
        zone: HostedZone,
        distribution: RegionalDistribution,
        standby: RegionalEndpoint,
        own_name: str,
        provider: AwsProvider,
    ) -> None:
        checks = HealthChecks(
            self,
            "checks",
            prefix=PREFIX,
            settings=HealthCheck(region_check_protocol=Protocol.HTTPS),
            regional_hostnames={PRIMARY: own_name},
            path_hostname=own_name,
            provider=provider,
        )
        AliasRecords(
            self,
            "own_name",
            zone_id=zone.zone_id,
            name=own_name,
            target=to_distribution(distribution),
            provider=provider,
        )
        FailoverRecords(
            self,
            "failover",
            zone_id=zone.zone_id,
            name=HOSTNAME,
            primary=to_distribution(distribution, checks.path_check_id),
            secondary=to_endpoint(standby.target_domain_name, standby.target_hosted_zone_id),
            depends_on=[],
            provider=provider,
        )


def write(outdir: Path) -> Path:
    """Synthesizes the stack into `outdir`, and returns the stack's folder.

    Raises:
        OSError: the folder cannot be made.
    """
    (outdir / "stacks").mkdir(parents=True, exist_ok=True)
    app = App(outdir=str(outdir))
    ShopStack(app)
    app.synth()
    return outdir / "stacks" / "shop"


def main(arguments: list[str]) -> int:
    """Prints the stack's folder; returns 3 when it cannot be made, as main.py does."""
    parser = argparse.ArgumentParser(prog="own_stack.py")
    parser.add_argument("output", nargs="?", type=Path, default=Path("cdktf.out"), help="output folder")
    try:
        print(write(parser.parse_args(arguments).output))
    except OSError as error:
        print(f"{error.filename}: {error.strerror}; name a folder that can be written to", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
