"""Checks by AWS's APIs: what they say of the sandbox's own resources."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from scripts.aws.clients import aws_client, translated
from scripts.drill.levers.injector import Route53Health
from scripts.prove.target import DisprovedError, Sandbox, insist

CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2"
"""Of every alias to CloudFront: https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html"""
COMPUTE_LIMIT = 50
"""Per cent of what a function may use, https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/test-function.html"""
CHECKERS_A_REGION = 2
LOG_SECONDS = 300.0


def alias_of_failover_record(sandbox: Sandbox) -> str:
    """The PRIMARY records are aliases to CloudFront with the path check, and Route 53 answers with them."""
    site, route53 = sandbox.deployment, aws_client("route53", region="us-east-1")
    with translated("ListResourceRecordSets", site.hosted_zone_id):
        listed = route53.list_resource_record_sets(
            HostedZoneId=site.hosted_zone_id, StartRecordName=site.hostname, MaxItems="10"
        )["ResourceRecordSets"]
    primary = [
        each for each in listed if each["Name"].rstrip(".") == site.hostname and each.get("Failover") == "PRIMARY"
    ]
    for record in primary:
        target, check = record["AliasTarget"], record.get("HealthCheckId")
        is_ours = target["HostedZoneId"] == CLOUDFRONT_ZONE and check == site.health_check_ids["path"]
        insist(is_ours and not target["EvaluateTargetHealth"], f"{record['Type']}: {target}, health check {check}")
    answers = []
    for kind in ("A", "AAAA"):
        with translated("TestDNSAnswer", site.hostname):
            answer = route53.test_dns_answer(
                HostedZoneId=site.hosted_zone_id, RecordName=site.hostname, RecordType=kind
            )
        insist(answer["ResponseCode"] == "NOERROR" and bool(answer["RecordData"]), f"TestDNSAnswer {kind}: {answer}")
        answers.append(f"{kind} {answer['ResponseCode']}, {len(answer['RecordData'])} addresses")
    kinds = {each["Type"] for each in primary}
    return insist(kinds == {"A", "AAAA"}, f"PRIMARY aliases of {' and '.join(sorted(kinds))}; {'; '.join(answers)}")


def name_at_both_services(sandbox: Sandbox) -> str:
    """The public name is an alias of the distribution, and a domain name of API Gateway in every region."""
    site = sandbox.deployment
    distribution = site.distributions[site.primary].id
    with translated("GetDistribution", distribution):
        config = aws_client("cloudfront", region="us-east-1").get_distribution(Id=distribution)["Distribution"]
    aliases = config["DistributionConfig"].get("Aliases", {}).get("Items", [])
    regions = {region: _domain_name(sandbox, region)["ApiGatewayDomainName"] for region in site.roles}
    told = ", ".join(f"{region} {name}" for region, name in regions.items())
    return insist(site.hostname in aliases, f"{distribution} has the aliases {', '.join(aliases)}; API Gateway: {told}")


def certificates_of_regions(sandbox: Sandbox) -> str:
    """The certificate of every region is issued, all by one validation record."""
    states, records = {}, set()
    for region in sandbox.deployment.roles:
        arn = _domain_name(sandbox, region)["CertificateArn"]
        with translated("DescribeCertificate", arn, region=region):
            found = aws_client("acm", region=region).describe_certificate(CertificateArn=arn)["Certificate"]
        states[region] = found["Status"]
        own = [each for each in found["DomainValidationOptions"] if each["DomainName"] == sandbox.deployment.hostname]
        records |= {each["ResourceRecord"]["Name"] for each in own if "ResourceRecord" in each}
    told = ", ".join(f"{region} {state}" for region, state in states.items())
    evidence = f"{told}; validated by {', '.join(sorted(records)) or 'no record'}"
    return insist(set(states.values()) == {"ISSUED"} and len(records) == 1, evidence)


def region_checks(sandbox: Sandbox) -> str:
    """The region checks ask over HTTP, and find their region healthy: S3 gave CloudFront the marker without TLS."""
    site, route53 = sandbox.deployment, aws_client("route53", region="us-east-1")
    told, holds = [], True
    for region in site.roles:
        check = site.health_check_ids[region]
        with translated("GetHealthCheck", check):
            kind = route53.get_health_check(HealthCheckId=check)["HealthCheck"]["HealthCheckConfig"]["Type"]
        is_healthy = asyncio.run(Route53Health().is_healthy(check))
        holds = holds and kind.startswith("HTTP") and not kind.startswith("HTTPS") and is_healthy is True
        told.append(f"{region}: {kind}, {'healthy' if is_healthy else 'not healthy'}")
    return insist(holds, "; ".join(told))


def checkers_of_region_checks(sandbox: Sandbox) -> str:
    """Each checker region has about two checkers."""
    site, route53 = sandbox.deployment, aws_client("route53", region="us-east-1")
    check = site.health_check_ids["path"]
    with translated("GetHealthCheckStatus", check):
        seen = route53.get_health_check_status(HealthCheckId=check)["HealthCheckObservations"]
    with translated("GetHealthCheck", check):
        config = route53.get_health_check(HealthCheckId=check)["HealthCheck"]["HealthCheckConfig"]
    regions = config.get("Regions", [])
    evidence = f"{len(seen)} checkers in {len(regions)} regions"
    holds = bool(regions) and round(len(seen) / len(regions)) == CHECKERS_A_REGION
    return insist(holds, evidence)


def access_log_of_endpoint(sandbox: Sandbox) -> str:
    """A request to the regional endpoint is in its log group within minutes."""
    region, endpoint = next(iter(sandbox.endpoints.items()))
    gateway = aws_client("apigatewayv2", region=region)
    with translated("GetApiMappings", sandbox.deployment.hostname, region=region):
        api = gateway.get_api_mappings(DomainName=sandbox.deployment.hostname)["Items"][0]["ApiId"]
        stage = gateway.get_stages(ApiId=api)["Items"][0]
    group = stage["AccessLogSettings"]["DestinationArn"].split(":log-group:")[1].removesuffix(":*")
    sandbox.get("/", via=endpoint)
    return _logged(sandbox, region, group)


def events_of_failover(sandbox: Sandbox) -> str:
    """EventBridge wrote the alarms' changes of state to the log group."""
    region, group = next(iter(sandbox.document["monitoring"]["event_log_groups"].items()))
    return _logged(sandbox, region, group)


def compute_of_router(sandbox: Sandbox) -> str:
    """The router uses less than half of what a function may, for a page and for a redirect with a wildcard."""
    site, cloudfront = sandbox.deployment, aws_client("cloudfront", region="us-east-1")
    distribution = site.distributions[site.primary].id
    with translated("GetDistributionConfig", distribution):
        config = cloudfront.get_distribution_config(Id=distribution)["DistributionConfig"]
        associated = config["DefaultCacheBehavior"]["FunctionAssociations"]["Items"]
        name = next(each["FunctionARN"] for each in associated if each["EventType"] == "viewer-request").split("/")[-1]
        etag = cloudfront.describe_function(Name=name, Stage="LIVE")["ETag"]
    used = {}
    for path in ("/", "/blog/x"):
        with translated("TestFunction", name):
            answer = cloudfront.test_function(
                Name=name, IfMatch=etag, Stage="LIVE", EventObject=_event(path, site.hostname)
            )
        result = answer["TestResult"]
        if result.get("FunctionErrorMessage"):
            raise DisprovedError(f"{name} failed for {path}: {result['FunctionErrorMessage']}")
        used[path] = int(result["ComputeUtilization"])
    told = ", ".join(f"{path} {share} %" for path, share in used.items())
    return insist(max(used.values()) < COMPUTE_LIMIT, f"{name} uses of the compute limit: {told}")


def _event(path: str, hostname: str) -> bytes:
    """Return what a viewer's request looks like to a function.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-event-structure.html
    """
    request = {
        "method": "GET",
        "uri": path,
        "querystring": {},
        "headers": {"host": {"value": hostname}, "accept-encoding": {"value": "br, gzip"}},
        "cookies": {},
    }
    context = {"eventType": "viewer-request", "distributionDomainName": hostname, "requestId": "prove"}
    viewer = {"ip": "192.0.2.1"}
    return json.dumps({"version": "1.0", "context": context, "viewer": viewer, "request": request}).encode()


def _domain_name(sandbox: Sandbox, region: str) -> dict[str, Any]:
    name = sandbox.deployment.hostname
    with translated("GetDomainName", name, region=region):
        found = aws_client("apigatewayv2", region=region).get_domain_name(DomainName=name)
    configuration: dict[str, Any] = found["DomainNameConfigurations"][0]
    return configuration


def _logged(sandbox: Sandbox, region: str, group: str) -> str:
    logs = aws_client("logs", region=region)
    found: list[dict[str, Any]] = []

    def is_there() -> bool:
        with translated("FilterLogEvents", group, region=region):
            found[:] = logs.filter_log_events(logGroupName=group, limit=1)["events"]
        return bool(found)

    seconds = sandbox.seconds_until(is_there, at_most=LOG_SECONDS)
    if seconds is None:
        raise DisprovedError(f"{group} in {region} is empty after {LOG_SECONDS:g} s")
    return f"{group} in {region}: {found[0]['message'][:200]}"
