"""ACM, API Gateway domain names and Lambda in the regions.

Sources: https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html ,
`GW` = https://docs.aws.amazon.com/apigateway/latest/developerguide/
"""

import io
import zipfile
from typing import Any

import pytest

from constructs_lib.site_file.aws_regions import REGIONS
from localcloud.gateway.apigateway_zones import ZONE_IDS
from tests.worlds.gateway_world import GatewayWorld, refused, wait_until

REGION = "eu-central-1"


def test_certificate_stays_pending_without_its_record(gateway_world: GatewayWorld) -> None:
    # acm/latest/userguide/dns-validation.html: issued once the CNAME is found
    zone_id, domain = gateway_world.hosted_zone()
    acm = gateway_world.client("acm")
    arn = acm.request_certificate(DomainName=domain, ValidationMethod="DNS", KeyAlgorithm="EC_prime256v1")[
        "CertificateArn"
    ]
    certificate = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert (certificate["Status"], certificate["KeyAlgorithm"]) == ("PENDING_VALIDATION", "EC_prime256v1")
    gateway_world.certificate(zone_id, domain)
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "ISSUED"


@pytest.mark.parametrize(
    ("caa", "name", "status"),
    [
        (['0 issue "letsencrypt.org"'], "www", "FAILED"),
        (['0 issue "letsencrypt.org"', '0 issue "amazontrust.com"'], "www", "ISSUED"),
        (['0 issue "amazon.com"', '0 issuewild ";"'], "www", "ISSUED"),
        (['0 issue "amazon.com"', '0 issuewild ";"'], "*", "FAILED"),
        (['0 iodef "mailto:security@example.com"'], "www", "ISSUED"),
    ],
)
def test_certificate_needs_a_caa_record_that_allows_amazon(
    gateway_world: GatewayWorld, caa: list[str], name: str, status: str
) -> None:
    # acm/latest/userguide/setup-caa.html; the closest name with CAA records counts: RFC 8659, section 3
    zone_id, domain = gateway_world.hosted_zone()
    records = [{"Value": value} for value in caa]
    gateway_world.change(zone_id, "CREATE", Name=domain, Type="CAA", TTL=300, ResourceRecords=records)
    acm = gateway_world.client("acm")
    arn = acm.request_certificate(DomainName=f"{name}.{domain}", ValidationMethod="DNS")["CertificateArn"]
    gateway_world.add_validation_records(arn, zone_id)
    wait_until(lambda: acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == status)
    certificate = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert certificate.get("FailureReason") == ("CAA_ERROR" if status == "FAILED" else None)


def test_validation_record_is_one_per_domain_over_all_regions(gateway_world: GatewayWorld) -> None:
    def record(domain: str, region: str) -> Any:
        acm = gateway_world.client("acm", region)
        arn = acm.request_certificate(DomainName=domain, ValidationMethod="DNS")["CertificateArn"]
        return acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"][0][
            "ResourceRecord"
        ]

    assert record("www.example.test", "us-east-1") == record("www.example.test", REGION)
    assert record("www.example.test", REGION)["Value"] != record("other.example.test", REGION)["Value"]


def test_certificate_in_use_cannot_be_deleted(gateway_world: GatewayWorld) -> None:
    # acm/latest/APIReference/API_DeleteCertificate.html
    zone_id, domain = gateway_world.hosted_zone()
    arn = gateway_world.certificate(zone_id, domain, region=REGION)
    make_domain(gateway_world, domain, arn)
    delete = gateway_world.client("acm", REGION).delete_certificate
    refused("ResourceInUseException", delete, CertificateArn=arn)


def test_every_region_of_a_site_file_has_the_hosted_zone_of_its_regional_names() -> None:
    # general/latest/gr/apigateway.html
    assert set(ZONE_IDS) == set(REGIONS)
    assert len(set(ZONE_IDS.values())) == len(ZONE_IDS)


def make_domain(world: GatewayWorld, name: str, certificate_arn: str, **changes: Any) -> Any:
    configuration = {
        "CertificateArn": certificate_arn,
        "EndpointType": "REGIONAL",
        "SecurityPolicy": "TLS_1_2",
        **changes,
    }
    client = world.client("apigatewayv2", REGION)
    return client.create_domain_name(DomainName=name, DomainNameConfigurations=[configuration])


def test_domain_name_is_available_at_a_regional_endpoint(gateway_world: GatewayWorld) -> None:
    # GW/http-api-custom-domain-names.html; zone ids: docs.aws.amazon.com/general/latest/gr/apigateway.html
    zone_id, domain = gateway_world.hosted_zone()
    arn = gateway_world.certificate(zone_id, domain, region=REGION)
    made = make_domain(gateway_world, domain, arn, IpAddressType="dualstack")["DomainNameConfigurations"][0]
    assert made["DomainNameStatus"] == "AVAILABLE"
    assert (made["HostedZoneId"], made["IpAddressType"]) == ("Z1U9ULNL0V5AJ3", "dualstack")
    assert made["ApiGatewayDomainName"].endswith(f".execute-api.{REGION}.amazonaws.com")
    target = {
        "HostedZoneId": made["HostedZoneId"],
        "DNSName": made["ApiGatewayDomainName"],
        "EvaluateTargetHealth": True,
    }
    gateway_world.change(zone_id, "CREATE", Name=domain, Type="A", AliasTarget=target)
    wrong = target | {"HostedZoneId": "Z1UJRXOUMOOFQ8"}
    record: dict[str, Any] = {"Name": f"a.{domain}", "Type": "A", "AliasTarget": wrong}
    refused("InvalidChangeBatch", gateway_world.change, zone_id=zone_id, action="CREATE", **record)


def test_domain_name_rejects_a_certificate_of_another_region_or_name(gateway_world: GatewayWorld) -> None:
    # GW/how-to-custom-domains.html
    zone_id, domain = gateway_world.hosted_zone()
    elsewhere = gateway_world.certificate(zone_id, domain, region="us-east-1")
    narrow = gateway_world.certificate(zone_id, f"other.{domain}", region=REGION)
    for arn in (elsewhere, narrow):
        refused("BadRequestException", make_domain, 400, world=gateway_world, name=domain, certificate_arn=arn)


@pytest.mark.parametrize("changes", [{"SecurityPolicy": "TLS_1_3"}, {"IpAddressType": "ipv6"}])
def test_domain_name_rejects(gateway_world: GatewayWorld, changes: dict[str, str]) -> None:
    # GW/apigateway-custom-domain-tls-version.html, http-api-custom-domain-names-ip-address-type.html
    zone_id, domain = gateway_world.hosted_zone()
    arn = gateway_world.certificate(zone_id, domain, region=REGION)
    arguments: dict[str, Any] = {"world": gateway_world, "name": domain, "certificate_arn": arn, **changes}
    refused("BadRequestException", make_domain, 400, **arguments)


def test_api_mapping_needs_a_stage(gateway_world: GatewayWorld) -> None:
    zone_id, domain = gateway_world.hosted_zone()
    make_domain(gateway_world, domain, gateway_world.certificate(zone_id, domain, region=REGION))
    client = gateway_world.client("apigatewayv2", REGION)
    api_id = client.create_api(Name="api", ProtocolType="HTTP")["ApiId"]
    mapping = {"DomainName": domain, "ApiId": api_id, "Stage": "$default"}
    refused("NotFoundException", client.create_api_mapping, 404, **mapping)
    client.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)
    made = client.create_api_mapping(**mapping)
    assert client.get_api_mappings(DomainName=domain)["Items"][0]["ApiMappingId"] == made["ApiMappingId"]
    client.delete_api_mapping(DomainName=domain, ApiMappingId=made["ApiMappingId"])
    client.delete_domain_name(DomainName=domain)
    refused("NotFoundException", client.get_domain_name, 404, DomainName=domain)


def deployment_package() -> bytes:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("handler.py", "def handler(event, context): return {}")
    return package.getvalue()


def test_function_code_can_be_fetched_from_its_location(gateway_world: GatewayWorld) -> None:
    # lambda/latest/api/API_GetFunction.html: Code.Location is a URL to download the deployment package
    role = "arn:aws:iam::123456789012:role/" + make_role(gateway_world)
    client, name, package = (
        gateway_world.client("lambda", REGION),
        gateway_world.unique("function"),
        deployment_package(),
    )
    settings = {
        "Environment": {"Variables": {"A": "1"}},
        "TracingConfig": {"Mode": "Active"},
        "Architectures": ["arm64"],
    }
    client.create_function(
        FunctionName=name,
        Role=role,
        Runtime="python3.13",
        Handler="handler.handler",
        Code={"ZipFile": package},
        **settings,
    )
    function = client.get_function(FunctionName=name)
    assert {key: function["Configuration"][key] for key in settings} == settings
    location = function["Code"]["Location"].removeprefix(gateway_world.gateway.url)
    assert gateway_world.http("GET", location)[2] == package
    client.update_function_configuration(FunctionName=name, TracingConfig={"Mode": "PassThrough"})
    assert client.get_function_configuration(FunctionName=name)["TracingConfig"] == {"Mode": "PassThrough"}


def make_role(world: GatewayWorld) -> str:
    name = world.unique("role")
    world.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}')
    return name
