"""Named properties of the stacks with CloudFront in front. Each test states one rule that keeps the site up, cheap or private.

What has no CloudFront in the name is in test_regional_entry.py; what must hold for both is in here and runs on these examples.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from constructs_lib.naming import GLOBAL_REGION
from constructs_lib.site_file.models import CertificateNames, Entry, Protocol, SiteFile, StateBackend
from tests.worlds.synthesized import EXAMPLES, Stacks, example_text, replaced, site_of, stacks_of, synthesis_of

Body = dict[str, Any]

SITES = {name: site_of(example_text(name)) for name in EXAMPLES}
# One with a last exit outside AWS has records and checks more, which tests/synth/golden and the tests of names hold.
WITH_CLOUDFRONT = [name for name, site in SITES.items() if site.routing.entry is Entry.CLOUDFRONT and not site.endpoint]


@pytest.fixture(scope="session", params=WITH_CLOUDFRONT)
def example(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/high_availability_origin_failover.html
LISTABLE_STATUS_CODES = {400, 403, 404, 416, 429, 500, 502, 503, 504}


def resources(stacks: Mapping[str, Body], kind: str) -> list[Body]:
    return [body for stack in stacks.values() for body in stack.get("resource", {}).get(kind, {}).values()]


def distributions(stacks: Stacks) -> list[Body]:
    return resources(stacks, "aws_cloudfront_distribution")


def behaviours(distribution: Body) -> Iterator[Body]:
    yield {"path_pattern": "*", **distribution["default_cache_behavior"]}
    yield from distribution["ordered_cache_behavior"]


def test_stacks_are_two_a_region_dns_edge_monitoring_and_what_the_site_file_asks_for(
    site: SiteFile, stacks: Stacks
) -> None:
    api = ("api", "api-table", *(f"api-{region.name}" for region in site.region))
    optional = {"audit": site.features.audit, "access": bool(site.github.subjects)}
    optional |= {f"keys-{region.name}": site.features.kms for region in site.region}
    optional |= dict.fromkeys(api, site.features.api)
    optional |= {f"database-{region.name}": site.features.database for region in site.region}
    expected = ["dns", "edge", "monitoring"]
    expected += [f"prober-{region}" for region in site.features.prober]
    expected += [f"{kind}-{region.name}" for kind in ("region", "attachment") for region in site.region]
    assert sorted(stacks) == sorted([*expected, *(name for name, is_wanted in optional.items() if is_wanted)])


def test_provider_range_admits_5_100_and_6(stacks: Stacks) -> None:
    for stack in stacks.values():
        assert stack["terraform"]["required_providers"]["aws"]["version"] == ">= 5.100.0, < 7.0.0"


def test_every_stack_reaches_one_region_so_a_dead_one_blocks_its_own_alone(stacks: Stacks) -> None:
    """What reaches two regions cannot be planned while either is dead. `zone` writes Route 53's records, of no region."""
    for name, stack in stacks.items():
        own = (
            name.partition("-")[2]
            if name.startswith(("region-", "attachment-", "keys-", "api-", "database-", "prober-"))
            else ""
        )
        regions = {each["region"] for each in stack["provider"]["aws"] if each.get("alias") != "zone"}
        assert len(regions) == 1, name
        if own and name != "api-table":
            assert regions == {own}


@pytest.mark.parametrize("stack", ["dns", "edge", "monitoring", "api"])
def test_what_is_global_is_changed_in_us_east_1(stacks: Stacks, stack: str) -> None:
    if stack in stacks:
        assert [provider["region"] for provider in stacks[stack]["provider"]["aws"]] == [GLOBAL_REGION]


def test_edge_holds_what_no_region_can_take_down(stacks: Stacks) -> None:
    """CloudFront, Route 53 and ACM; with features also AWS WAF, and CloudWatch in us-east-1."""
    kinds = stacks["edge"]["resource"]
    allowed = ("aws_cloudfront", "aws_route53", "aws_acm", "aws_wafv2", "aws_cloudwatch", "terraform_data")
    assert [kind for kind in kinds if not kind.startswith(allowed)] == []


def test_edge_resources_name_their_provider(stacks: Stacks) -> None:
    for kind, bodies in stacks["edge"]["resource"].items():
        for name, body in bodies.items():
            if kind == "terraform_data":  # Terraform's own, of no provider
                continue
            assert body.get("provider", "").startswith("aws."), f"{kind}.{name}"


def test_state_is_locked_in_s3_or_local(site: SiteFile, stacks: Stacks) -> None:
    for name, stack in stacks.items():
        backend = stack["terraform"]["backend"]
        if site.state.backend is StateBackend.LOCAL:
            assert backend == {"local": {"path": f"../../../terraform.{name}.tfstate"}}
        else:
            assert backend["s3"]["use_lockfile"] is True
            assert backend["s3"]["encrypt"] is True
            assert backend["s3"]["key"].endswith(f"/{name}.tfstate")
            assert "dynamodb_table" not in backend["s3"]


def test_public_name_is_on_one_distribution_only(site: SiteFile, stacks: Stacks) -> None:
    aliases = [alias for distribution in distributions(stacks) for alias in distribution["aliases"]]
    assert sorted(aliases) == sorted(set(aliases))
    assert aliases.count(site.site.hostname) == 1


def test_origins_are_private_buckets_with_origin_access_control(stacks: Stacks) -> None:
    for distribution in distributions(stacks):
        for origin in distribution["origin"]:
            assert "bucket_regional_domain_name" in origin["domain_name"]
            assert origin["origin_access_control_id"]
            assert "custom_origin_config" not in origin


def test_origins_give_up_connecting_after_one_attempt_of_two_seconds(stacks: Stacks) -> None:
    for distribution in distributions(stacks):
        for origin in distribution["origin"]:
            assert (origin["connection_attempts"], origin["connection_timeout"]) == (1, 2)


def test_origin_group_asks_its_own_region_first(site: SiteFile, stacks: Stacks) -> None:
    for distribution in distributions(stacks):
        region = next(
            region.name for region in site.region if f"{region.name}.{site.site.hostname}" in distribution["aliases"]
        )
        if site.has_one_region:
            assert ("origin_group" in distribution, {each["origin_id"] for each in distribution["origin"]}) == (
                False,
                {f"s3-{region}"},
            )
            continue
        (group,) = distribution["origin_group"]
        members = [member["origin_id"] for member in group["member"]]
        assert members[0] == f"s3-{region}"
        assert len(set(members)) == 2


def test_origin_group_fails_over_on_broken_access_and_5xx_but_not_on_404(site: SiteFile, stacks: Stacks) -> None:
    unusable_key = {400} if site.features.kms else set()
    for distribution in [] if site.has_one_region else distributions(stacks):
        codes = set(distribution["origin_group"][0]["failover_criteria"]["status_codes"])
        assert codes == {403, 500, 502, 503, 504} | unusable_key
        assert codes <= LISTABLE_STATUS_CODES


def test_behaviours_target_an_origin_that_exists(stacks: Stacks) -> None:
    for distribution in distributions(stacks):
        known = {item["origin_id"] for item in [*distribution["origin"], *distribution.get("origin_group", [])]}
        assert {behaviour["target_origin_id"] for behaviour in behaviours(distribution)} <= known


def test_behaviours_allow_reading_only(stacks: Stacks) -> None:
    for distribution in distributions(stacks):
        for behaviour in behaviours(distribution):
            assert behaviour["allowed_methods"] == ["GET", "HEAD"]


def test_region_checks_are_pinned_uncached_and_not_redirected(site: SiteFile, stacks: Stacks) -> None:
    for distribution in distributions(stacks):
        by_path = {behaviour["path_pattern"]: behaviour for behaviour in behaviours(distribution)}
        for region in site.region:
            check = by_path[f"/health/{region.name}.json"]
            assert check["target_origin_id"] == f"s3-{region.name}"
            assert check["cache_policy_id"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
            assert check["viewer_protocol_policy"] in ("allow-all", "https-only")
            assert "function_association" not in check


def test_pinned_behaviours_come_before_the_pattern_that_would_hide_them(stacks: Stacks) -> None:
    for distribution in distributions(stacks):
        patterns = [behaviour["path_pattern"] for behaviour in distribution["ordered_cache_behavior"]]
        assert patterns.index("/health/*") > max(index for index, name in enumerate(patterns) if name.endswith(".json"))


def test_no_error_becomes_a_success(stacks: Stacks) -> None:
    for distribution in distributions(stacks):
        for response in distribution["custom_error_response"]:
            assert response.get("response_code", response["error_code"]) == response["error_code"]
            if response["error_code"] != 404:
                assert response["error_caching_min_ttl"] <= 5


def test_viewers_get_tls_1_2_at_least(stacks: Stacks) -> None:
    for distribution in distributions(stacks):
        assert distribution["viewer_certificate"]["minimum_protocol_version"] == "TLSv1.2_2021"
        assert distribution["viewer_certificate"]["ssl_support_method"] == "sni-only"


def test_edge_certificate_is_requested_in_the_global_region_with_every_name(site: SiteFile, stacks: Stacks) -> None:
    (provider,) = stacks["dns"]["provider"]["aws"]
    certificate = next(
        body for name, body in stacks["dns"]["resource"]["aws_acm_certificate"].items() if name.startswith("edge_")
    )
    names = {certificate["domain_name"], *certificate["subject_alternative_names"]}
    assert provider["region"] == GLOBAL_REGION
    is_wildcard = site.site.certificate is CertificateNames.WILDCARD
    below = ["*"] if is_wildcard else [region.name for region in site.region]
    assert names == {site.site.hostname, *(f"{label}.{site.site.hostname}" for label in below)}


def test_validation_records_are_written_by_one_stack_only_one_per_name(site: SiteFile, stacks: Stacks) -> None:
    writers = [
        name
        for name, stack in stacks.items()
        for body in stack["resource"].get("aws_route53_record", {}).values()
        if "resource_record_value" in json.dumps(body)
        and body["provider"] != "aws.zone"  # another account's: test_accounts
    ]
    names = 2 if site.features.api else 1  # the website's and the API's, each with one of every region
    below = (
        0 if site.site.certificate is CertificateNames.WILDCARD else len(site.region)
    )  # a wildcard has its name's record
    assert writers == ["dns"] * names * (1 + below)


def test_regional_certificates_are_in_their_region(site: SiteFile, stacks: Stacks) -> None:
    for region in site.region:
        stack = stacks[f"region-{region.name}"]
        assert stack["provider"]["aws"][0]["region"] == region.name
        (certificate,) = stack["resource"]["aws_acm_certificate"].values()
        assert (certificate["domain_name"], certificate["provider"]) == (site.site.hostname, "aws")
        assert certificate["validation_method"] == "DNS"


def test_buckets_are_private_versioned_and_encrypted(site: SiteFile, stacks: Stacks) -> None:
    for region in site.region:
        found = stacks[f"region-{region.name}"]["resource"]
        buckets = len(found["aws_s3_bucket"])
        blocks = found["aws_s3_bucket_public_access_block"].values()
        versionings = found["aws_s3_bucket_versioning"].values()
        encryptions = found["aws_s3_bucket_server_side_encryption_configuration"].values()
        ownerships = found["aws_s3_bucket_ownership_controls"].values()
        assert len(blocks) == len(versionings) == len(encryptions) == len(ownerships) == buckets
        names = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
        assert all(block[name] is True for block in blocks for name in names)
        assert all(each["versioning_configuration"] == {"status": "Enabled"} for each in versionings)
        assert all(each["rule"] == {"object_ownership": "BucketOwnerEnforced"} for each in ownerships)
        defaults = [each["rule"][0]["apply_server_side_encryption_by_default"]["sse_algorithm"] for each in encryptions]
        assert set(defaults) <= ({"AES256", "aws:kms"} if site.features.kms else {"AES256"})


def test_lifecycle_expires_old_versions_and_aborts_uploads(site: SiteFile, stacks: Stacks) -> None:
    for region in site.region:
        found = stacks[f"region-{region.name}"]["resource"]["aws_s3_bucket_lifecycle_configuration"]
        (lifecycle,) = [body for name, body in found.items() if name.startswith("content_bucket_")]
        (rule,) = lifecycle["rule"]
        assert rule["noncurrent_version_expiration"] == [{"noncurrent_days": 30}]
        assert rule["abort_incomplete_multipart_upload"] == [{"days_after_initiation": 2}]


def test_bucket_policies_deny_insecure_transport_and_bind_the_source(site: SiteFile, stacks: Stacks) -> None:
    attachments = {name: stack for name, stack in stacks.items() if name.startswith("attachment-")}
    found = resources(attachments, "aws_s3_bucket_policy")
    assert len(found) == len(site.region)
    for body in found:
        statements = {statement["Sid"]: statement for statement in json.loads(body["policy"])["Statement"]}
        deny = statements.pop("DenyInsecureTransport")
        if site.health_check.region_check_protocol is Protocol.HTTP:
            (exempt,) = deny["NotResource"]
            assert re.search(r"/health/[a-z0-9-]+\.json$", exempt), "only the marker that a check over HTTP asks"
        assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
        for statement in statements.values():
            if "Account" in statement["Sid"] or statement["Sid"] == "SeenByReplication":
                continue  # other accounts' roles, by their ARNs: test_accounts
            assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
            assert len(statement["Condition"]["StringEquals"]["AWS:SourceArn"]) == len(site.region)
        assert "control/" not in json.dumps(statements["ReadByDistributions"]["Resource"])


def test_checks_over_https_leave_no_exemption_from_tls() -> None:
    over_https = ("[health_check]", '[health_check]\nregion_check_protocol = "https"')
    policies = resources(stacks_of(replaced(example_text("demo"), over_https)), "aws_s3_bucket_policy")
    assert len(policies) == 2
    for body in policies:
        assert "NotResource" not in body["policy"]


def test_path_check_asks_its_own_object_through_the_group(site: SiteFile, stacks: Stacks) -> None:
    checks = stacks["edge"]["resource"]["aws_route53_health_check"]
    (check,) = [body for name, body in checks.items() if name.startswith("health_checks_path")]
    assert (check["type"], check["resource_path"]) == ("HTTPS", "/health/path.json")
    for region in site.region:
        keys = [body["key"] for body in stacks[f"region-{region.name}"]["resource"]["aws_s3_object"].values()]
        assert "health/path.json" in keys


def test_replication_goes_both_ways_with_releases_only_and_without_their_deletions(
    site: SiteFile, stacks: Stacks
) -> None:
    found = resources(stacks, "aws_s3_bucket_replication_configuration")
    assert len({body["bucket"] for body in found}) == (0 if site.has_one_region else 2)
    for body in found:
        (rule,) = body["rule"]
        assert rule["filter"] == {"prefix": "releases/"}
        assert rule["delete_marker_replication"] == {"status": "Disabled"}
        assert rule["status"] == "Enabled"
        assert body["bucket"].replace("bucket}", "arn}") != rule["destination"]["bucket"]


def test_path_check_asks_another_name_than_the_record_it_drives(site: SiteFile, stacks: Stacks) -> None:
    checks = stacks["edge"]["resource"]["aws_route53_health_check"]
    for check in checks.values():
        assert check["fqdn"] != site.site.hostname
        assert check["fqdn"].endswith(f".{site.site.hostname}")


def test_health_checks_follow_the_site_file(site: SiteFile, stacks: Stacks) -> None:
    checks = stacks["edge"]["resource"]["aws_route53_health_check"].values()
    assert len(checks) == 1 + len(site.region)
    for check in checks:
        assert check["request_interval"] == site.health_check.request_interval_seconds
        assert check["failure_threshold"] == site.health_check.failure_threshold
        assert tuple(check["regions"]) == site.health_check.checker_regions
    of_regions = site.health_check.region_check_protocol.value.upper()
    assert sorted(check["type"] for check in checks) == sorted([*[of_regions] * len(site.region), "HTTPS"])


@pytest.mark.parametrize("record_type", ["A", "AAAA"])
def test_public_name_has_a_failover_pair(site: SiteFile, stacks: Stacks, record_type: str) -> None:
    records = [
        record
        for record in resources({"edge": stacks["edge"]}, "aws_route53_record")
        if record["name"] == site.site.hostname and record["type"] == record_type
    ]
    by_role = {record["failover_routing_policy"]["type"]: record for record in records}
    assert sorted(by_role) == ["PRIMARY", "SECONDARY"]
    primary, secondary = by_role["PRIMARY"], by_role["SECONDARY"]
    assert "aws_cloudfront_distribution" in primary["alias"]["name"]
    assert primary["alias"]["evaluate_target_health"] is False
    assert "health_checks_path" in primary["health_check_id"]
    assert site.secondary.name in secondary["alias"]["name"]
    assert "apigatewayv2_domain_name" in secondary["alias"]["name"]


def test_regional_endpoint_is_dual_stack_tls_1_2_and_closed_by_default(site: SiteFile, stacks: Stacks) -> None:
    for region in site.region:
        found = stacks[f"region-{region.name}"]["resource"]
        (domain,) = found["aws_apigatewayv2_domain_name"].values()
        (api,) = found["aws_apigatewayv2_api"].values()
        configuration = domain["domain_name_configuration"]
        assert domain["domain_name"] == site.site.hostname
        assert (configuration["security_policy"], configuration["ip_address_type"]) == ("TLS_1_2", "dualstack")
        assert api["disable_execute_api_endpoint"] is True


def test_regional_endpoint_may_read_its_own_bucket_only(site: SiteFile, stacks: Stacks) -> None:
    for region in site.region:
        policies = stacks[f"region-{region.name}"]["resource"]["aws_iam_role_policy"].values()
        (policy,) = (body for body in policies if "regional_endpoint" in body["role"])
        statements = json.loads(policy["policy"])["Statement"]
        actions = {action for item in statements for action in _listed(item["Action"])}
        assert actions == {"s3:GetObject", "s3:ListBucket", "logs:CreateLogStream", "logs:PutLogEvents"}
        assert all(resource != "*" for item in statements for resource in _listed(item["Resource"]))


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_router_reads_one_store_on_runtime_2_and_is_published(stacks: Stacks) -> None:
    for function in resources(stacks, "aws_cloudfront_function"):
        assert function["runtime"] == "cloudfront-js-2.0"
        assert function["publish"] is True
        assert len(function["key_value_store_associations"]) == 1
        assert len(function["code"].encode()) <= 10 * 1024
        assert "${" not in function["code"], "Terraform would interpolate it"


def test_hsts_binds_other_hosts_only_where_the_site_file_asks(site: SiteFile, stacks: Stacks) -> None:
    (policy,) = resources(stacks, "aws_cloudfront_response_headers_policy")
    config = policy["security_headers_config"]
    hsts = config["strict_transport_security"]
    assert (hsts["preload"], hsts["include_subdomains"]) == (False, site.headers.hsts_include_subdomains)
    assert "default-src 'self'" in config["content_security_policy"]["content_security_policy"]


def test_caa_lets_amazon_issue(stacks: Stacks) -> None:
    caa = [record for record in resources({"dns": stacks["dns"]}, "aws_route53_record") if record["type"] == "CAA"]
    assert len(caa) == 1
    assert '0 issue "amazon.com"' in caa[0]["records"]


def test_every_provider_tags_what_it_makes(site: SiteFile, stacks: Stacks) -> None:
    for name, stack in stacks.items():
        for provider in stack["provider"]["aws"]:
            (tags,) = provider["default_tags"]
            assert tags["tags"]["Project"] == site.site.project
            assert tags["tags"]["Stack"] == name


def test_edge_outputs_are_the_contract_of_the_commands(stacks: Stacks) -> None:
    # cdktf adds the outputs through which the stacks read each other.
    own = {name for name in stacks["edge"]["output"] if not name.startswith("cross-stack-output-")}
    assert own == {
        "buckets",
        "content",
        "content_security_policy",
        "distributions",
        "external_endpoints",
        "health_check_ids",
        "hosted_zone_id",
        "hostname",
        "key_value_store_arn",
        "objectives",
        "parity_regions",
        "roles",
        "routing",
        "standby_endpoint",
        "standby_health_check_id",
        "state",
        "takes_name",
        "traffic",
    }


# Resource type -> the argument that holds its name, and how long AWS lets it be.
NAME_LIMITS = {
    "aws_iam_role": ("name", 64),  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    "aws_lambda_function": (
        "function_name",
        64,
    ),  # https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    "aws_cloudfront_function": ("name", 64),  # CFAPI/API_CreateFunction
    "aws_cloudfront_key_value_store": ("name", 64),  # CFAPI/API_CreateKeyValueStore
    "aws_cloudfront_origin_access_control": ("name", 64),  # CFAPI/API_OriginAccessControlConfig
    "aws_cloudfront_cache_policy": ("name", 128),  # CFAPI/API_CachePolicyConfig
    "aws_cloudfront_response_headers_policy": ("name", 128),  # CFAPI/API_ResponseHeadersPolicyConfig
    "aws_apigatewayv2_api": ("name", 128),  # https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html
}


def test_names_fit_even_with_the_longest_project_environment_and_region() -> None:
    longest = site_of(example_text("demo")).model_dump(mode="json", exclude_none=True)
    longest["site"] |= {"project": "p" * 20, "environment": "e" * 12}
    longest["region"] = [
        {"name": "ap-northeast-1", "role": "primary"},
        {"name": "ap-southeast-7", "role": "secondary"},
    ]
    found = synthesis_of(SiteFile.model_validate(longest)).stacks
    for kind, (argument, limit) in NAME_LIMITS.items():
        names = [body[argument] for body in resources(found, kind)]
        assert names, kind
        assert max(map(len, names)) <= limit, kind
    account_id = (
        "123456789012"  # S3 allows 63: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    )
    for body in resources(found, "aws_s3_bucket"):
        assert len(re.sub(r"\$\{.*\}", account_id, body["bucket"])) <= 63


@pytest.mark.parametrize("name", EXAMPLES)
def test_new_health_check_is_there_before_the_one_that_it_replaces_goes(name: str) -> None:
    checks = resources(stacks_of(example_text(name)), "aws_route53_health_check")
    assert checks
    assert all(each["lifecycle"]["create_before_destroy"] for each in checks)


def test_edge_keeps_releases_for_a_year_whatever_browsers_may_do(stacks: Stacks) -> None:
    """The header that leaves the edge is for browsers and proxies; releases never change, so the policy alone decides here."""
    policies = stacks["edge"]["resource"]["aws_cloudfront_cache_policy"].values()
    assert policies
    assert {(body["min_ttl"], body["default_ttl"], body["max_ttl"]) for body in policies} == {(31_536_000,) * 3}
