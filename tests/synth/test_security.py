"""Named properties of what protects the site: access, audit, signing, firewall, residency, tags, and the reasons for checkov."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.errors import ConfigError
from constructs_lib.naming import ADMINISTRATORS_STACKS, GLOBAL_REGION
from constructs_lib.residency import data_outside
from constructs_lib.site_file.security import Residency
from constructs_lib.website import synthesize
from tests.worlds.synthesized import Stacks, example_text, replaced, site_of, stacks_of, synthesis_of

Body = dict[str, Any]


@pytest.fixture(scope="module")
def hardened() -> Stacks:
    return stacks_of(example_text("hardened.example"))


def bodies(stacks: Stacks, kind: str) -> list[Body]:
    return [body for stack in stacks.values() for body in stack.get("resource", {}).get(kind, {}).values()]


def one(stacks: Stacks, kind: str) -> Body:
    (body,) = bodies(stacks, kind)
    return body


def test_roles_of_the_stacks_have_the_boundary_that_deploy_must_set(hardened: Stacks) -> None:
    inside = {name: stack for name, stack in hardened.items() if name not in ADMINISTRATORS_STACKS}
    roles = bodies(inside, "aws_iam_role")
    # two endpoints, two replications, three formatters, the watcher of us-east-1, two parity checks, a prober
    assert len(roles) == 11
    for role in roles:
        assert role["permissions_boundary"].endswith(":policy/failover-site-hard-boundary")


def test_stack_with_roles_waits_for_the_boundary() -> None:
    dependencies = synthesis_of(site_of(example_text("hardened.example"))).dependencies
    assert {name for name, others in dependencies.items() if "access" in others} == {
        "attachment-eu-central-1",
        "attachment-eu-west-1",
        "monitoring",
        "prober-eu-north-1",
        "region-eu-central-1",
        "region-eu-west-1",
    }


def test_site_without_github_has_no_access_stack_and_no_boundary() -> None:
    stacks = stacks_of(example_text("demo"))
    assert "access" not in stacks
    assert not any("permissions_boundary" in role for role in bodies(stacks, "aws_iam_role"))


def test_roles_are_taken_from_one_repository_only(hardened: Stacks) -> None:
    for name, role in hardened["access"]["resource"]["aws_iam_role"].items():
        (statement,) = json.loads(role["assume_role_policy"])["Statement"]
        subjects = statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]
        assert "*" not in "".join(subjects), name
        assert {subject.split("/")[1].split(":")[0].split("@")[0] for subject in subjects} == {"website"}


def test_each_job_has_its_own_way_in(hardened: Stacks) -> None:
    suffixes = {}
    for role in hardened["access"]["resource"]["aws_iam_role"].values():
        (statement,) = json.loads(role["assume_role_policy"])["Statement"]
        subjects = statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]
        suffixes[role["name"].rpartition("-")[2]] = {subject.split(":", 2)[2] for subject in subjects}
    assert suffixes == {
        "plan": {"pull_request", "ref:refs/heads/main"},
        "deploy": {"environment:production"},
        "content": {"environment:content"},
        "drill": {"environment:drill"},
        "takedown": {"environment:takedown"},
    }


def test_oidc_provider_of_the_account_can_be_named() -> None:
    arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    named = ("[github]\n", f'[github]\noidc_provider_arn = "{arn}"\n')
    stacks = stacks_of(replaced(example_text("hardened.example"), named))
    assert bodies(stacks, "aws_iam_openid_connect_provider") == []
    for role in stacks["access"]["resource"]["aws_iam_role"].values():
        assert json.loads(role["assume_role_policy"])["Statement"][0]["Principal"] == {"Federated": arn}


def test_trail_records_every_region_and_proves_its_files(hardened: Stacks) -> None:
    trail = one(hardened, "aws_cloudtrail")
    assert trail["is_multi_region_trail"] is True
    assert trail["include_global_service_events"] is True
    assert trail["enable_log_file_validation"] is True
    assert "event_selector" not in trail, "data events cost 0.10 USD per 100,000"


def test_audit_bucket_is_locked_and_written_by_its_trail_only(hardened: Stacks) -> None:
    stack = {"audit": hardened["audit"]}
    assert one(stack, "aws_s3_bucket")["object_lock_enabled"] is True
    lock = one(stack, "aws_s3_bucket_object_lock_configuration")["rule"]["default_retention"]
    assert lock == {"days": 365, "mode": "GOVERNANCE"}
    statements = {item["Sid"]: item for item in json.loads(one(stack, "aws_s3_bucket_policy")["policy"])["Statement"]}
    assert statements.pop("DenyInsecureTransport")["Effect"] == "Deny"
    for statement in statements.values():
        assert statement["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
        assert statement["Condition"]["StringEquals"]["aws:SourceArn"].endswith(":trail/failover-site-hard-audit")


def test_audit_trail_records_management_events_deletions_of_content_and_writes_of_the_store(hardened: Stacks) -> None:
    selectors = one({"audit": hardened["audit"]}, "aws_cloudtrail")["advanced_event_selector"]
    fields = [
        {each["field"]: each.get("equals", each.get("starts_with")) for each in one["field_selector"]}
        for one in selectors
    ]
    management, deletions, writes = fields
    assert management == {"eventCategory": ["Management"]}, "advanced selectors leave out what they do not name"
    names = [name for name in hardened if name.startswith("region-")]
    buckets = [one({name: hardened[name]}, "aws_s3_bucket")["bucket"] for name in names]
    assert len(deletions.pop("resources.ARN")) == len(buckets) == 2
    assert deletions == {
        "eventCategory": ["Data"],
        "resources.type": ["AWS::S3::Object"],
        "eventName": ["DeleteObject", "DeleteObjects"],
    }
    assert writes == {
        "eventCategory": ["Data"],
        "resources.type": ["AWS::CloudFront::KeyValueStore"],
        "readOnly": ["false"],
    }


def test_audit_files_expire_after_their_retention(hardened: Stacks) -> None:
    (rule,) = one({"audit": hardened["audit"]}, "aws_s3_bucket_lifecycle_configuration")["rule"]
    assert rule["expiration"] == [{"days": 366}]


def test_zone_is_signed_by_a_p256_key_that_only_route53_uses(hardened: Stacks) -> None:
    key = one(hardened, "aws_kms_key")
    assert (key["customer_master_key_spec"], key["key_usage"]) == ("ECC_NIST_P256", "SIGN_VERIFY")
    services = [item for item in json.loads(key["policy"])["Statement"] if "Service" in item["Principal"]]
    assert len(services) == 2
    for statement in services:
        assert statement["Principal"]["Service"] == "dnssec-route53.amazonaws.com"
        assert "ArnEquals" in statement["Condition"]
    assert "ds_record" in hardened["dns"]["output"]


def test_key_signing_key_has_a_name_that_route53_takes(hardened: Stacks) -> None:
    assert re.fullmatch(r"[a-zA-Z0-9_]{3,128}", one(hardened, "aws_route53_key_signing_key")["name"])


def test_signing_waits_for_its_key(hardened: Stacks) -> None:
    (dependency,) = one(hardened, "aws_route53_hosted_zone_dnssec")["depends_on"]
    assert dependency.startswith("aws_route53_key_signing_key.")


def test_query_log_is_written_by_route53_for_this_zone_only(hardened: Stacks) -> None:
    policy = one({"dns": hardened["dns"]}, "aws_cloudwatch_log_resource_policy")
    (statement,) = json.loads(policy["policy_document"])["Statement"]
    assert statement["Principal"] == {"Service": "route53.amazonaws.com"}
    assert "hostedzone/" in statement["Condition"]["ArnLike"]["aws:SourceArn"]


def test_web_acl_is_before_both_distributions_and_lets_by_default(hardened: Stacks) -> None:
    acl = one(hardened, "aws_wafv2_web_acl")
    assert (acl["scope"], acl["default_action"]) == ("CLOUDFRONT", {"allow": {}})
    for distribution in bodies(hardened, "aws_cloudfront_distribution"):
        assert "aws_wafv2_web_acl" in distribution["web_acl_id"]


@pytest.mark.parametrize(("allowed", "is_sampled"), [(', "us-east-1"] #', True), ("] #", False)])
def test_firewall_keeps_requests_of_viewers_only_where_data_may_be(allowed: str, is_sampled: bool) -> None:
    """The sample is in us-east-1, with viewers' addresses: API_GetSampledRequests."""
    replacements = (("query_log = true", "query_log = false"), (', "us-east-1"] #', allowed))
    acl = one(stacks_of(replaced(example_text("hardened.example"), *replacements)), "aws_wafv2_web_acl")
    visible = [acl["visibility_config"], *(rule["visibility_config"] for rule in acl["rule"])]
    assert [each["sampled_requests_enabled"] for each in visible] == [is_sampled] * 3


def test_hsts_is_the_same_at_the_edge_and_at_the_regional_endpoint() -> None:
    both = "[headers]\nhsts_include_subdomains = true\nhsts_preload = true\n\n[objectives]"
    stacks = stacks_of(replaced(example_text("demo"), ("[objectives]", both)))
    edge = one(stacks, "aws_cloudfront_response_headers_policy")["security_headers_config"]["strict_transport_security"]
    assert (edge["include_subdomains"], edge["preload"]) == (True, True)
    regional = {name: stack for name, stack in stacks.items() if name.startswith("region-")}
    for function in bodies(regional, "aws_lambda_function"):
        headers = json.loads(function["environment"]["variables"]["SECURITY_HEADERS"])
        assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains; preload"


FEATURES = ("audit", "dnssec", "waf", "query_log")


@pytest.mark.parametrize("feature", FEATURES)
def test_feature_replaces_nothing(feature: str) -> None:
    """Every resource without the feature is there with it, and only the distributions are changed, in place, by the firewall."""
    without = stacks_of(example_text("demo"))
    switch = ("[objectives]", f"[features]\n{feature} = true\n\n[objectives]")
    with_it = stacks_of(replaced(example_text("demo"), switch))
    changed = set()
    for name, stack in without.items():
        for kind, found in stack["resource"].items():
            for logical_id, body in found.items():
                other = with_it[name]["resource"][kind][logical_id]
                if {**body, "//": None} != {**other, "//": None}:
                    changed.add(kind)
    assert changed == ({"aws_cloudfront_distribution"} if feature == "waf" else set())


def test_without_query_log_no_data_is_in_us_east_1() -> None:
    replacements = (("query_log = true", "query_log = false"), (', "us-east-1"] #', "] #"))
    site = site_of(replaced(example_text("hardened.example"), *replacements))
    assert GLOBAL_REGION not in site.residency.allowed_regions
    assert "edge" in synthesis_of(site).stacks  # synthesize refuses data outside the allowed regions


def document(kind: str, *, provider: str = "aws") -> Body:
    providers = [{"region": "eu-central-1"}, {"region": "us-east-1", "alias": "global"}]
    return {"provider": {"aws": providers}, "resource": {kind: {"x": {"provider": provider}}}}


@pytest.mark.parametrize(
    ("kind", "provider", "refused"),
    [
        ("aws_s3_bucket", "aws", []),
        ("aws_s3_bucket", "aws.global", ["edge: aws_s3_bucket.x"]),
        ("aws_cloudwatch_log_group", "aws.global", ["edge: aws_cloudwatch_log_group.x"]),
        ("aws_something_new", "aws.global", ["edge: aws_something_new.x"]),
        ("aws_cloudfront_distribution", "aws.global", []),
        ("aws_cloudwatch_metric_alarm", "aws.global", []),
    ],
)
def test_resource_that_holds_data_must_lie_in_an_allowed_region(kind: str, provider: str, refused: list[str]) -> None:
    problems = data_outside({"edge": document(kind, provider=provider)}, allowed=["eu-central-1"])
    assert [problem.key for problem in problems] == refused


def test_global_configuration_is_exempt_in_us_east_1_only() -> None:
    (problem,) = data_outside({"edge": document("aws_sns_topic")}, allowed=["eu-west-1"])
    assert problem.value == 'in "eu-central-1"'


def test_synthesis_refuses_data_outside_allowed_regions(tmp_path: Path) -> None:
    """Past the site file's own rules, as a construct with a region of its own choice would be."""
    site = site_of(example_text("demo"))
    narrow = site.model_copy(update={"residency": Residency(allowed_regions=("eu-central-1",))})
    with pytest.raises(ConfigError, match=r'region-us-east-1: aws_s3_bucket.*in "us-east-1"'):
        synthesize(narrow, outdir=tmp_path / "out")


def test_nothing_opts_out_of_the_tags(stacks: Stacks) -> None:
    """Every provider has default_tags (test_stacks), and `tags` or a provider without them would be the only ways around."""
    for name, stack in stacks.items():
        tagged = {provider.get("alias") for provider in stack["provider"]["aws"] if provider["default_tags"]}
        for kind, found in stack["resource"].items():
            if kind == "terraform_data":  # Terraform's own, nothing that AWS bills
                continue
            for body in found.values():
                alias = body["provider"].partition(".")[2] if "provider" in body else ""
                assert (alias or None) in tagged, (name, kind)
                assert not {"Project", "Environment", "ManagedBy", "Stack"} & set(body.get("tags", {})), (name, kind)


def test_every_reason_for_checkov_is_a_sentence(stacks: Stacks) -> None:
    skips = [
        skip
        for stack in stacks.values()
        for found in stack["resource"].values()
        for body in found.values()
        for skip in body.get("//", {}).get("checkov", {}).get("skip", [])
    ]
    assert skips
    for skip in skips:
        assert re.fullmatch(r"CKV2?_AWS_[0-9]+", skip["id"])
        assert len(skip["comment"]) > 30
        assert skip["comment"].endswith(".")
