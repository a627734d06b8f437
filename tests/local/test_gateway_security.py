"""What the control plane accepts and refuses of DNSSEC, query logs, web ACLs and trails.

Sources: `API` = https://docs.aws.amazon.com/Route53/latest/APIReference/
"""

import json
from typing import Any

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest

from tests.worlds.gateway_world import GatewayWorld, refused


def kms_key(
    world: GatewayWorld, spec: str = "ECC_NIST_P256", usage: str = "SIGN_VERIFY", region: str = "us-east-1"
) -> str:
    return str(world.client("kms", region).create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["Arn"])


def key_signing_key(world: GatewayWorld, zone_id: str, **changes: Any) -> Any:
    arguments = {"Name": "site", "Status": "ACTIVE", "CallerReference": world.unique("ksk"), **changes}
    arguments.setdefault("KeyManagementServiceArn", kms_key(world))
    return world.client("route53").create_key_signing_key(HostedZoneId=zone_id, **arguments)["KeySigningKey"]


def signed_zone(world: GatewayWorld) -> tuple[str, str]:
    zone_id, domain = world.hosted_zone()
    key_signing_key(world, zone_id)
    world.client("route53").enable_hosted_zone_dnssec(HostedZoneId=zone_id)
    return zone_id, domain


def test_ds_record_is_the_digest_of_the_key(gateway_world: GatewayWorld) -> None:
    # RFC 4034, section 5.1.4; API/API_KeySigningKey.html: DSRecord, DNSKEYRecord
    zone_id, domain = gateway_world.hosted_zone()
    key = key_signing_key(gateway_world, zone_id)
    dnskey = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.DNSKEY, key["DNSKEYRecord"])
    expected = dns.dnssec.make_ds(dns.name.from_text(domain), dnskey, "SHA256")
    assert key["DSRecord"].upper() == expected.to_text().upper()
    assert key["DSRecord"].split()[1:3] == ["13", "2"]


@pytest.mark.parametrize(
    ("spec", "usage", "region"),
    [
        ("ECC_NIST_P384", "SIGN_VERIFY", "us-east-1"),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "us-east-1"),
        ("ECC_NIST_P256", "SIGN_VERIFY", "eu-central-1"),
    ],
)
def test_key_signing_key_rejects_another_kind_of_kms_key(
    gateway_world: GatewayWorld, spec: str, usage: str, region: str
) -> None:
    # DeveloperGuide/dns-configuring-dnssec-cmk-requirements.html
    zone_id, _ = gateway_world.hosted_zone()
    arn = kms_key(gateway_world, spec, usage, region)
    refused("InvalidKMSArn", key_signing_key, 400, world=gateway_world, zone_id=zone_id, KeyManagementServiceArn=arn)


def test_key_signing_key_rejects_a_hyphen_in_its_name(gateway_world: GatewayWorld) -> None:
    # API/API_CreateKeySigningKey.html: numbers, letters, and underscores
    zone_id, _ = gateway_world.hosted_zone()
    refused("InvalidKeySigningKeyName", key_signing_key, 400, world=gateway_world, zone_id=zone_id, Name="my-key")


def test_zone_has_at_most_two_key_signing_keys(gateway_world: GatewayWorld) -> None:
    # DeveloperGuide/dns-configuring-dnssec-ksk.html
    zone_id, _ = gateway_world.hosted_zone()
    for name in ("one", "two"):
        key_signing_key(gateway_world, zone_id, Name=f"key_{name}")
    refused("TooManyKeySigningKeys", key_signing_key, 400, world=gateway_world, zone_id=zone_id, Name="key_three")


def test_signing_needs_an_active_key(gateway_world: GatewayWorld) -> None:
    # API/API_EnableHostedZoneDNSSEC.html
    zone_id, _ = gateway_world.hosted_zone()
    key_signing_key(gateway_world, zone_id, Status="INACTIVE")
    enable = gateway_world.client("route53").enable_hosted_zone_dnssec
    refused("KeySigningKeyWithActiveStatusNotFound", enable, 400, HostedZoneId=zone_id)


def test_signing_shows_in_the_zone_and_ends(gateway_world: GatewayWorld) -> None:
    # API/API_GetDNSSEC.html
    zone_id, _ = signed_zone(gateway_world)
    route53 = gateway_world.client("route53")
    assert route53.get_dnssec(HostedZoneId=zone_id)["Status"]["ServeSignature"] == "SIGNING"
    route53.disable_hosted_zone_dnssec(HostedZoneId=zone_id)
    assert route53.get_dnssec(HostedZoneId=zone_id)["Status"]["ServeSignature"] == "NOT_SIGNING"
    refused("DNSSECNotFound", route53.disable_hosted_zone_dnssec, 400, HostedZoneId=zone_id)


def test_last_active_key_of_a_signed_zone_stays_active(gateway_world: GatewayWorld) -> None:
    # API/API_DeactivateKeySigningKey.html: KeySigningKeyInUse
    zone_id, _ = signed_zone(gateway_world)
    deactivate = gateway_world.client("route53").deactivate_key_signing_key
    refused("KeySigningKeyInUse", deactivate, 400, HostedZoneId=zone_id, Name="site")


def test_key_is_deactivated_before_it_is_deleted(gateway_world: GatewayWorld) -> None:
    # API/API_DeleteKeySigningKey.html: the KSK must be deactivated
    zone_id, _ = gateway_world.hosted_zone()
    key_signing_key(gateway_world, zone_id)
    route53 = gateway_world.client("route53")
    refused("InvalidKeySigningKeyStatus", route53.delete_key_signing_key, 400, HostedZoneId=zone_id, Name="site")
    route53.deactivate_key_signing_key(HostedZoneId=zone_id, Name="site")
    route53.delete_key_signing_key(HostedZoneId=zone_id, Name="site")
    assert route53.get_dnssec(HostedZoneId=zone_id)["KeySigningKeys"] == []


def log_group(world: GatewayWorld, *, region: str = "us-east-1", may_write: bool = True) -> str:
    logs, name = world.client("logs", region), f"/aws/route53/{world.unique('zone')}"
    logs.create_log_group(logGroupName=name)
    arn = str(logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]["arn"]).removesuffix(":*")
    if may_write:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "route53.amazonaws.com"},
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"{arn}:*",
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        logs.put_resource_policy(policyName=name, policyDocument=document)
    return arn


def test_query_log_is_kept_listed_and_deleted(gateway_world: GatewayWorld) -> None:
    # API/API_CreateQueryLoggingConfig.html
    zone_id, _ = gateway_world.hosted_zone()
    route53, arn = gateway_world.client("route53"), log_group(gateway_world)
    made = route53.create_query_logging_config(HostedZoneId=zone_id, CloudWatchLogsLogGroupArn=arn)[
        "QueryLoggingConfig"
    ]
    assert route53.get_query_logging_config(Id=made["Id"])["QueryLoggingConfig"] == made
    assert route53.list_query_logging_configs(HostedZoneId=zone_id)["QueryLoggingConfigs"] == [made]
    route53.delete_query_logging_config(Id=made["Id"])
    refused("NoSuchQueryLoggingConfig", route53.get_query_logging_config, 404, Id=made["Id"])


def test_zone_has_one_query_log(gateway_world: GatewayWorld) -> None:
    # API/API_CreateQueryLoggingConfig.html: QueryLoggingConfigAlreadyExists
    zone_id, _ = gateway_world.hosted_zone()
    create, arn = gateway_world.client("route53").create_query_logging_config, log_group(gateway_world)
    create(HostedZoneId=zone_id, CloudWatchLogsLogGroupArn=arn)
    refused("QueryLoggingConfigAlreadyExists", create, 409, HostedZoneId=zone_id, CloudWatchLogsLogGroupArn=arn)


@pytest.mark.parametrize(
    ("group", "code", "status"),
    [
        ({"region": "eu-central-1"}, "NoSuchCloudWatchLogsLogGroup", 404),
        ({"may_write": False}, "InsufficientCloudWatchLogsResourcePolicy", 400),
    ],
)
def test_query_log_rejects_a_group_that_route53_cannot_write_to(
    gateway_world: GatewayWorld, group: dict[str, Any], code: str, status: int
) -> None:
    # API/API_CreateQueryLoggingConfig.html: the log group must be in us-east-1, and a resource policy must let Route 53 write
    zone_id, _ = gateway_world.hosted_zone()
    arn = log_group(gateway_world, **group)
    create = gateway_world.client("route53").create_query_logging_config
    refused(code, create, status, HostedZoneId=zone_id, CloudWatchLogsLogGroupArn=arn)


def web_acl(world: GatewayWorld, scope: str) -> str:
    name = world.unique("acl")
    visible = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name}
    made = world.client("wafv2").create_web_acl(
        Name=name, Scope=scope, DefaultAction={"Allow": {}}, VisibilityConfig=visible, Rules=[]
    )
    return str(made["Summary"]["ARN"])


def test_distribution_takes_a_web_acl_for_cloudfront(gateway_world: GatewayWorld) -> None:
    arn = web_acl(gateway_world, "CLOUDFRONT")
    distribution = gateway_world.distribution(WebACLId=arn)["Distribution"]
    assert distribution["DistributionConfig"]["WebACLId"] == arn


def test_distribution_rejects_a_regional_web_acl(gateway_world: GatewayWorld) -> None:
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistribution.html: InvalidWebACLId
    arn = web_acl(gateway_world, "REGIONAL")
    refused("InvalidWebACLId", gateway_world.distribution, 400, WebACLId=arn)


def test_web_acl_in_use_is_not_deleted(gateway_world: GatewayWorld) -> None:
    # https://docs.aws.amazon.com/waf/latest/APIReference/API_DeleteWebACL.html: WAFAssociatedItemException
    arn, waf = web_acl(gateway_world, "CLOUDFRONT"), gateway_world.client("wafv2")
    gateway_world.distribution(WebACLId=arn)
    name, identifier = arn.split("/")[-2:]
    token = waf.get_web_acl(Name=name, Id=identifier, Scope="CLOUDFRONT")["LockToken"]
    arguments = {"Name": name, "Id": identifier, "Scope": "CLOUDFRONT", "LockToken": token}
    refused("WAFAssociatedItemException", waf.delete_web_acl, 400, **arguments)


def test_keys_of_a_zone_are_named_as_terraform_reads_them(gateway_world: GatewayWorld) -> None:
    # API model of GetDNSSEC: KeySigningKeys is a list whose members have no location name; boto3 takes any, Go only `member`
    zone_id, _ = gateway_world.hosted_zone()
    key_signing_key(gateway_world, zone_id)
    scope = "Credential=localcloud/20260101/us-east-1/route53/aws4_request, SignedHeaders=host, Signature=0"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 {scope}"}
    _, _, body = gateway_world.http("GET", f"/2013-04-01/hostedzone/{zone_id}/dnssec", headers=headers)
    assert b"<KeySigningKeys><member><Name>site</Name>" in body


@pytest.mark.parametrize("named_by", ["Name", "TrailARN"])
def test_deleted_trail_is_gone_whichever_way_it_is_named(gateway_world: GatewayWorld, named_by: str) -> None:
    # https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteTrail.html: Name, TrailNotFoundException
    bucket, name = gateway_world.unique("trail-log"), gateway_world.unique("trail")
    gateway_world.client("s3").create_bucket(Bucket=bucket)
    trails = gateway_world.client("cloudtrail")
    trail = trails.create_trail(Name=name, S3BucketName=bucket, IsMultiRegionTrail=True)
    trails.delete_trail(Name=trail[named_by])
    assert name not in [each["Name"] for each in trails.describe_trails()["trailList"]]
    refused("TrailNotFoundException", trails.delete_trail, Name=trail[named_by])
