"""What GitHub's roles may do, and above all what they may not."""

import json
import re

import pytest

from constructs_lib.access_policies import (
    deployment,
    deployment_database,
    deployment_limits,
    trust,
)
from constructs_lib.access_policies.boundary import permissions_boundary
from constructs_lib.access_policies.scope import Scope
from constructs_lib.policies import to_json
from scripts.release.bucket import NOT_FOUND_PAGE_KEY
from scripts.release.manifest import MANIFESTS_PREFIX, RELEASES_PREFIX
from scripts.release.pointers import POINTER_KEY
from tests.worlds.access_scope import ACCOUNT, BUCKET, INLINE, POLICIES, SCOPE, allows, with_database
from tools.examples.access_check.evaluation import listed, together

MANAGED = (deployment_limits.deploy_limits, deployment_database.deploy_database, permissions_boundary)
OTHER_BUCKET = "arn:aws:s3:::somebody-elses"
AUDIT = f"arn:aws:s3:::site-prod-audit-{ACCOUNT}"
STATE = "arn:aws:s3:::states/site/prod/edge.tfstate"
RECORDS = "arn:aws:route53:::hostedzone/Z1"
CHECK = "arn:aws:route53:::healthcheck/1"
STORE = f"arn:aws:cloudfront::{ACCOUNT}:key-value-store/1"
DISTRIBUTION = f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/site-prod-endpoint-eu-central-1"
OWN_ROLE = f"arn:aws:iam::{ACCOUNT}:role/site-prod-ci-deploy"
OTHER_ROLE = f"arn:aws:iam::{ACCOUNT}:role/administrator"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/site-prod-boundary"
LOG = f"arn:aws:logs:eu-central-1:{ACCOUNT}:log-group:/aws/lambda/site-prod-endpoint-eu-central-1"
TOPIC = f"arn:aws:sns:eu-central-1:{ACCOUNT}:site-prod-alarms"
TABLE = f"arn:aws:dynamodb:eu-central-1:{ACCOUNT}:table/site-prod-api"
CANARY_PART = f"arn:aws:lambda:eu-central-1:{ACCOUNT}"
# What AWS asks for when no alarm is named: https://github.com/aws-samples/amazon-cloudwatch-auto-alarms/issues/1
ANY_ALARM = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:*"
TRAIL = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/site-prod-audit"


@pytest.mark.parametrize(
    ("role", "action", "resource"),
    [
        ("plan", "s3:GetBucketPolicy", BUCKET),
        ("plan", "s3:GetObject", f"{BUCKET}/health/region.json"),
        ("plan", "s3:GetObject", STATE),
        ("plan", "s3:GetBucketPolicy", f"arn:aws:s3:::site-prod-c-eu-central-1-{ACCOUNT}"),
        ("plan", "s3:GetBucketPolicy", f"arn:aws:s3:::site-prod-l-eu-central-1-{ACCOUNT}"),
        ("plan", "iam:GetPolicy", f"arn:aws:iam::{ACCOUNT}:policy/site-prod-ci-deploy-database"),
        ("plan", "route53:ListResourceRecordSets", RECORDS),
        (
            "plan",
            "lambda:GetFunction",
            f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:site-prod-endpoint-eu-central-1",
        ),
        ("plan", "cloudfront:GetFunction", f"arn:aws:cloudfront::{ACCOUNT}:function/site-prod-router"),
        ("plan", "sns:ListSubscriptionsByTopic", TOPIC),
        # AWS's reference names no resource for these: https://docs.aws.amazon.com/service-authorization/latest/reference/
        ("deploy", "cloudfront:CreateDistribution", "*"),
        ("deploy", "cloudfront:CreateMonitoringSubscription", "*"),
        ("deploy", "cloudfront:DeleteMonitoringSubscription", "*"),
        ("deploy", "route53:CreateHealthCheck", "*"),
        ("deploy", "route53:CreateHostedZone", "*"),
        ("deploy", "sns:SetSubscriptionAttributes", "*"),
        ("deploy", "sns:Unsubscribe", "*"),
        ("deploy", "s3:PutBucketPolicy", BUCKET),
        ("deploy", "s3:PutObject", STATE),
        ("deploy", "s3:PutObject", "arn:aws:s3:::states/site/prod/outputs.json"),
        ("content", "s3:GetObject", "arn:aws:s3:::states/site/prod/outputs.json"),
        ("content", "s3:GetObject", "arn:aws:s3:::states-replica/site/prod/outputs.json"),
        ("drill", "s3:GetObject", "arn:aws:s3:::states-replica/site/prod/outputs.json"),
        ("drill", "s3:DeleteObject", f"{BUCKET}/health/path.json"),
        ("drill", "s3:DeleteObjectVersion", f"{BUCKET}/health/path.json"),
        ("drill", "s3:ListBucketVersions", BUCKET),
        ("deploy", "s3:DeleteObject", f"{STATE}.tflock"),
        ("deploy", "cloudfront:UpdateDistribution", DISTRIBUTION),
        ("deploy", "route53:ChangeResourceRecordSets", RECORDS),
        ("deploy", "dynamodb:CreateTable", TABLE),
        ("deploy", "dynamodb:CreateTableReplica", TABLE),
        ("deploy", "s3:ListBucketVersions", BUCKET),
        ("deploy", "lambda:CreateFunction", f"{CANARY_PART}:function:cwsyn-site-prod-eu-central-1-1a2b"),
        ("deploy", "lambda:PublishLayerVersion", f"{CANARY_PART}:layer:cwsyn-site-prod-eu-central-1-1a2b"),
        ("deploy", "lambda:GetLayerVersion", "arn:aws:lambda:eu-central-1:210987654321:layer:Synthetics_Selenium:40"),
        ("drill", "cloudwatch:DescribeAlarms", ANY_ALARM),
        ("content", "s3:PutObject", f"{BUCKET}/releases/1/index.html"),
        ("content", "s3:PutObject", f"{BUCKET}/control/active.json"),
        ("content", "s3:PutObject", f"{BUCKET}/control/manifests/1.json"),
        ("content", "s3:DeleteObject", f"{BUCKET}/control/manifests/1.json"),
        ("content", "s3:DeleteObject", f"{BUCKET}/releases/1/index.html"),
        ("content", "cloudfront-keyvaluestore:UpdateKeys", STORE),
        ("drill", "route53:UpdateHealthCheck", CHECK),
        ("drill", "cloudfront-keyvaluestore:PutKey", STORE),
        ("takedown", "s3:ListBucketVersions", BUCKET),
        ("takedown", "s3:DeleteObjectVersion", f"{BUCKET}/releases/1/customers.csv"),
        ("takedown", "s3:DeleteObjectVersion", f"{BUCKET}/errors/404.html"),
        ("takedown", "s3:GetObject", f"{BUCKET}/control/manifests/1.json"),
        ("takedown", "s3:PutObject", f"{BUCKET}/control/manifests/1.json"),
        ("takedown", "s3:PutObject", f"{BUCKET}/control/active.json"),
        ("takedown", "s3:PutObject", f"{BUCKET}/errors/404.html"),
        ("takedown", "cloudfront-keyvaluestore:UpdateKeys", STORE),
    ],
)
def test_role_may_do_its_job(role: str, action: str, resource: str) -> None:
    assert allows(POLICIES[role], action, resource)


@pytest.mark.parametrize(
    ("role", "action", "resource"),
    [
        ("plan", "s3:PutObject", STATE),
        ("plan", "s3:PutObject", f"{STATE}.tflock"),
        ("plan", "s3:GetObject", f"{BUCKET}/releases/1/index.html"),
        ("plan", "s3:GetObject", f"{AUDIT}/AWSLogs/1"),
        ("plan", "s3:PutBucketPolicy", BUCKET),
        ("plan", "logs:GetLogEvents", LOG),
        ("plan", "logs:FilterLogEvents", LOG),
        ("plan", "iam:PassRole", ROLE),
        ("plan", "lambda:InvokeFunction", f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:site-prod-endpoint"),
        ("deploy", "s3:DeleteBucket", BUCKET),
        ("deploy", "s3:PutObject", f"{BUCKET}/releases/1/index.html"),
        ("deploy", "s3:DeleteObject", f"{BUCKET}/control/active.json"),
        ("plan", "lambda:GetFunction", f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:somebody-elses"),
        ("plan", "lambda:GetFunctionConfiguration", f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:somebody-elses"),
        ("plan", "lambda:ListFunctions", "*"),
        ("content", "s3:GetObject", STATE),
        ("drill", "s3:GetObject", STATE),
        ("drill", "s3:DeleteObject", f"{BUCKET}/health/region.json"),
        ("plan", "cloudfront:GetFunction", f"arn:aws:cloudfront::{ACCOUNT}:function/somebody-elses"),
        ("plan", "ec2:DescribeInstanceAttribute", f"arn:aws:ec2:eu-central-1:{ACCOUNT}:instance/i-1"),
        ("plan", "ec2:DescribeLaunchTemplateVersions", "*"),
        ("deploy", "s3:DeleteObject", f"{BUCKET}/releases/1/index.html"),
        ("deploy", "s3:PutBucketPolicy", OTHER_BUCKET),
        ("deploy", "s3:PutBucketPolicy", AUDIT),
        ("deploy", "s3:PutObject", "arn:aws:s3:::states/other/prod/edge.tfstate"),
        ("deploy", "s3:PutObject", "arn:aws:s3:::states/site/prod/access.tfstate"),
        ("deploy", "s3:PutObject", "arn:aws:s3:::states/site/prod/audit.tfstate"),
        ("deploy", "route53:DeleteHostedZone", RECORDS),
        ("deploy", "dynamodb:DeleteTable", TABLE),
        ("deploy", "dynamodb:DeleteTableReplica", TABLE),
        ("deploy", "dynamodb:CreateTable", TABLE.replace("site-prod", "other")),
        ("deploy", "lambda:DeleteFunction", f"{CANARY_PART}:function:cwsyn-other-eu-central-1-1a2b"),
        ("deploy", "cloudtrail:StopLogging", TRAIL),
        ("deploy", "cloudtrail:DeleteTrail", TRAIL),
        ("deploy", "cloudfront-keyvaluestore:PutKey", STORE),
        ("deploy", "iam:PutRolePolicy", OWN_ROLE),
        ("deploy", "iam:UpdateAssumeRolePolicy", OWN_ROLE),
        ("deploy", "iam:UpdateAssumeRolePolicy", OTHER_ROLE),
        ("deploy", "iam:CreatePolicyVersion", BOUNDARY),
        ("deploy", "iam:DeleteRolePermissionsBoundary", ROLE),
        ("deploy", "iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/site-prod-x"),
        ("deploy", "sts:AssumeRole", OTHER_ROLE),
        ("content", "s3:PutObject", f"{BUCKET}/health/region.json"),
        ("content", "s3:DeleteObject", f"{BUCKET}/control/active.json"),
        ("content", "s3:PutBucketPolicy", BUCKET),
        ("content", "s3:PutObject", f"{OTHER_BUCKET}/releases/1"),
        ("content", "s3:GetObject", STATE),
        ("content", "cloudfront:UpdateDistribution", DISTRIBUTION),
        ("content", "route53:ChangeResourceRecordSets", RECORDS),
        ("drill", "s3:PutObject", f"{BUCKET}/releases/1/index.html"),
        ("drill", "s3:DeleteObject", f"{BUCKET}/health/region.json"),
        ("drill", "s3:PutBucketPolicy", BUCKET),
        ("drill", "route53:ChangeResourceRecordSets", RECORDS),
        ("drill", "route53:DeleteHealthCheck", CHECK),
        ("drill", "cloudfront:UpdateDistribution", DISTRIBUTION),
        ("takedown", "s3:PutObject", f"{BUCKET}/releases/1/index.html"),
        ("takedown", "s3:DeleteObjectVersion", f"{BUCKET}/control/manifests/1.json"),
        ("takedown", "s3:DeleteObjectVersion", f"{BUCKET}/health/region.json"),
        ("takedown", "s3:DeleteObjectVersion", f"{AUDIT}/AWSLogs/1"),
        ("takedown", "s3:PutBucketVersioning", BUCKET),
        *(
            (role, "s3:DeleteObjectVersion", f"{BUCKET}/releases/1/index.html")
            for role in ("plan", "deploy", "content", "drill")
        ),
    ],
)
def test_role_may_not_do_another_job(role: str, action: str, resource: str) -> None:
    assert not allows(POLICIES[role], action, resource)


@pytest.mark.parametrize("action", ["iam:CreateRole", "iam:PutRolePolicy"])
def test_deploy_makes_roles_inside_the_boundary_only(action: str) -> None:
    assert allows(POLICIES["deploy"], action, ROLE, iam__PermissionsBoundary=BOUNDARY)
    assert not allows(POLICIES["deploy"], action, ROLE)
    assert not allows(POLICIES["deploy"], action, ROLE, iam__PermissionsBoundary=f"{BOUNDARY}-other")


def test_deploy_passes_roles_to_the_services_that_run_them_only() -> None:
    assert allows(POLICIES["deploy"], "iam:PassRole", ROLE, iam__PassedToService="lambda.amazonaws.com")
    assert not allows(POLICIES["deploy"], "iam:PassRole", ROLE, iam__PassedToService="ec2.amazonaws.com")


@pytest.mark.parametrize(("region", "is_allowed"), [("eu-west-1", True), ("us-east-1", True), ("ap-south-1", False)])
def test_deploy_works_in_the_sites_regions_only(region: str, is_allowed: bool) -> None:
    allowed = allows(POLICIES["deploy"], "s3:PutBucketPolicy", BUCKET, aws__RequestedRegion=region)
    assert allowed is is_allowed


KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1"
CERTIFICATE = f"arn:aws:acm:eu-central-1:{ACCOUNT}:certificate/1"


@pytest.mark.parametrize(("action", "resource"), [("kms:TagResource", KEY), ("acm:AddTagsToCertificate", CERTIFICATE)])
@pytest.mark.parametrize(
    ("present", "is_allowed"),
    [(None, True), ("site", True), ("other", False)],
    ids=["being made", "its own", "another project's"],
)
def test_deploy_puts_its_tag_on_nothing_that_carries_another_projects(
    action: str, resource: str, present: str | None, is_allowed: bool
) -> None:
    tags = {"aws:RequestTag/Project": "site"} | ({"aws:ResourceTag/Project": present} if present else {})
    assert allows(POLICIES["deploy"], action, resource, **tags) is is_allowed


@pytest.mark.parametrize(
    "action",
    ["kms:CreateKey", "kms:PutKeyPolicy", "kms:TagResource", "acm:RequestCertificate", "synthetics:CreateCanary"],
)
def test_deploy_makes_keys_certificates_and_canaries_with_the_projects_tag_only(action: str) -> None:
    assert allows(POLICIES["deploy"], action, "*", **{"aws:RequestTag/Project": "site"})
    assert not allows(POLICIES["deploy"], action, "*", **{"aws:RequestTag/Project": "other"})
    assert not allows(POLICIES["deploy"], action, "*")


@pytest.mark.parametrize(("tag", "is_allowed"), [("site", True), ("other", False)])
@pytest.mark.parametrize("role", ["drill", "takedown"])
def test_role_empties_the_caches_of_the_sites_own_distributions(role: str, tag: str, is_allowed: bool) -> None:
    tags = {"aws:ResourceTag/Project": tag}
    assert allows(POLICIES[role], "cloudfront:CreateInvalidation", DISTRIBUTION, **tags) is is_allowed


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("kms:TagResource", KEY),
        ("kms:UntagResource", KEY),
        ("acm:AddTagsToCertificate", CERTIFICATE),
        ("acm:RemoveTagsFromCertificate", CERTIFICATE),
    ],
)
def test_deploy_changes_any_tag_of_its_own_keys_and_certificates(action: str, resource: str) -> None:
    assert allows(POLICIES["deploy"], action, resource, **{"aws:ResourceTag/Project": "site"})
    assert not allows(POLICIES["deploy"], action, resource, **{"aws:ResourceTag/Project": "other"})


@pytest.mark.parametrize("service", ["mrk.kms.amazonaws.com", "ops.apigateway.amazonaws.com", "rds.amazonaws.com"])
def test_deploy_lets_services_make_their_own_role(service: str) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{service}/AWSServiceRole"
    assert allows(POLICIES["deploy"], "iam:CreateServiceLinkedRole", role, iam__AWSServiceName=service)
    assert not allows(POLICIES["deploy"], "iam:CreateServiceLinkedRole", role, iam__AWSServiceName="ecs.amazonaws.com")


def test_deploy_touches_the_named_zone_only_when_one_is_named() -> None:
    scope = Scope(**{**{name: getattr(SCOPE, name) for name in Scope.__slots__}, "hosted_zone_id": "Z1"})
    policy = deployment.deploy(scope)
    assert allows(policy, "route53:ChangeResourceRecordSets", RECORDS)
    assert not allows(policy, "route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z2")
    assert not allows(policy, "route53:CreateHostedZone", "*")


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:DetachRolePolicy", OWN_ROLE),
        ("iam:CreatePolicyVersion", f"arn:aws:iam::{ACCOUNT}:policy/site-prod-ci-deploy-limits"),
        ("iam:DeletePolicy", f"arn:aws:iam::{ACCOUNT}:policy/site-prod-ci-deploy-database"),
    ],
)
def test_deploy_is_denied_to_change_what_limits_it(action: str, resource: str) -> None:
    (denial,) = (each for each in POLICIES["deploy"]["Statement"] if each["Sid"] == "NeverItsOwnRights")
    granted = {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}
    assert allows({"Statement": [granted]}, action, resource)
    assert not allows({"Statement": [granted, denial]}, action, resource)


def test_policies_of_a_site_with_long_names_and_six_regions_are_within_what_iam_takes() -> None:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: a role's own policies, and one beside it
    scope = Scope(
        prefix="p" * 30,
        project="p" * 20,
        account_id=ACCOUNT,
        regions=tuple(f"ap-northeast-{number}" for number in range(6)),
        state_region="ap-southeast-1",
        state_bucket="s" * 63,
        state_prefix=f"{'p' * 20}/{'e' * 9}/",
        hosted_zone_id=None,
        has_database=True,
    )
    assert {name for name, policy in INLINE.items() if len(to_json(policy(scope))) > 10_240} == set()
    assert {policy.__name__ for policy in MANAGED if len(to_json(policy(scope))) > 6_144} == set()


@pytest.mark.parametrize("key", [f"{RELEASES_PREFIX}1/x", f"{MANIFESTS_PREFIX}1.json", NOT_FOUND_PAGE_KEY, POINTER_KEY])
def test_content_may_write_whatever_the_publisher_writes(key: str) -> None:
    assert allows(POLICIES["content"], "s3:PutObject", f"{BUCKET}/{key}")
    assert allows(POLICIES["content"], "s3:GetObject", f"{BUCKET}/{key}")


INSTANCE = f"arn:aws:rds:eu-central-1:{ACCOUNT}:db:site-prod-database"
VPC = f"arn:aws:ec2:eu-central-1:{ACCOUNT}:vpc/vpc-1"


@pytest.mark.parametrize("action", ["rds:CreateDBInstance", "rds:CreateDBInstanceReadReplica", "rds:ModifyDBInstance"])
def test_deploy_makes_the_database_only_where_there_is_one(action: str) -> None:
    assert allows(with_database(), action, INSTANCE)
    assert not allows(POLICIES["deploy"], action, INSTANCE)
    assert not allows(with_database(), action, INSTANCE.replace("site-prod", "other"))


def test_deploy_replicates_a_database_into_another_region_only_where_there_is_one() -> None:
    assert allows(with_database(), "rds:CrossRegionCommunication", "*")
    assert not allows(POLICIES["deploy"], "rds:CrossRegionCommunication", "*")


@pytest.mark.parametrize("action", ["rds:CreateDBInstance", "rds:CreateDBInstanceReadReplica"])
def test_deploy_makes_instances_with_the_default_option_group_and_no_other(action: str) -> None:
    group = f"arn:aws:rds:eu-west-1:{ACCOUNT}:og:default:postgres-17"
    assert allows(with_database(), action, group)
    assert not allows(with_database(), action, group.replace("default:", "other-"))
    assert not allows(with_database(), "rds:DeleteOptionGroup", group)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("rds:DeleteDBInstance", INSTANCE),
        ("rds:DeleteDBSnapshot", INSTANCE.replace(":db:", ":snapshot:")),
        ("ec2:DeleteVpc", VPC),
        ("ec2:CreateTags", VPC),
    ],
)
def test_deploy_deletes_no_data_and_takes_over_no_network(action: str, resource: str) -> None:
    assert not allows(with_database(), action, resource)


@pytest.mark.parametrize(("tag", "is_allowed"), [("site", True), ("other", False), ("", False)])
def test_deploy_makes_networks_with_the_projects_tag_only(tag: str, is_allowed: bool) -> None:
    tags = {"aws:RequestTag/Project": tag} if tag else {}
    for action, kind in (("CreateVpc", "vpc"), ("CreateSubnet", "subnet"), ("CreateSecurityGroup", "security-group")):
        made = f"arn:aws:ec2:eu-central-1:{ACCOUNT}:{kind}/new"
        assert allows(with_database(), f"ec2:{action}", made, **tags) is is_allowed
    assert allows(with_database(), "ec2:CreateSecurityGroup", VPC)
    assert not allows(with_database(), "ec2:CreateVpc", VPC)


def test_deploy_changes_the_network_that_it_has_made() -> None:
    assert allows(with_database(), "ec2:CreateTags", VPC, ec2__CreateAction="CreateVpc")
    assert allows(with_database(), "ec2:DeleteVpc", VPC, **{"aws:ResourceTag/Project": "site"})


def test_plan_names_reading_actions_only() -> None:
    for statement in POLICIES["plan"]["Statement"]:
        for action in listed(statement["Action"]):
            assert re.match(r"[a-z0-9]+:(Get|List|Describe|View|GET$)", action), action


@pytest.mark.parametrize("action", ["iam:CreateRole", "sts:AssumeRole", "s3:PutBucketPolicy", "s3:DeleteObject"])
def test_boundary_keeps_every_role_of_the_site_from(action: str) -> None:
    assert not allows(permissions_boundary(SCOPE), action, BUCKET)


def test_boundary_contains_what_the_stacks_roles_do() -> None:
    boundary = permissions_boundary(SCOPE)
    for action, resource in [
        ("s3:GetObject", f"{BUCKET}/releases/1"),
        ("s3:ListBucket", BUCKET),
        ("s3:GetReplicationConfiguration", BUCKET),
        ("s3:ReplicateObject", f"{BUCKET}/releases/1"),
        ("s3:ReplicateDelete", f"{BUCKET}/releases/1"),
        ("logs:PutLogEvents", f"{LOG}:log-stream:x"),
        ("dynamodb:PutItem", TABLE),
        ("xray:PutTraceSegments", "*"),
        ("cloudwatch:DescribeAlarms", ANY_ALARM),
    ]:
        assert allows(boundary, action, resource), action


@pytest.mark.parametrize("role", POLICIES)
def test_inline_policy_fits_iams_limit(role: str) -> None:
    # 10,240 characters without white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    text = to_json(INLINE[role](SCOPE))
    assert len(text) <= 9_000, "leave room for long names"


def test_boundary_fits_a_managed_policy() -> None:
    assert len(json.dumps(permissions_boundary(SCOPE), separators=(",", ":"))) <= 5_500


def test_trust_names_audience_and_whole_subjects() -> None:
    policy = trust.github_trust("arn", subjects=["repo:o@1/r@2", "repo:o/r"], suffixes=["environment:production"])
    (statement,) = policy["Statement"]
    assert statement["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": [
                "repo:o/r:environment:production",
                "repo:o@1/r@2:environment:production",
            ],
        }
    }


def test_local_state_needs_no_right_to_a_state_bucket() -> None:
    scope = Scope(
        **{**{name: getattr(SCOPE, name) for name in Scope.__slots__}, "state_bucket": None, "state_region": None}
    )
    assert not any("States" in statement["Sid"] for statement in deployment.deploy(scope)["Statement"])


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:PutRolePolicy", OWN_ROLE),
        ("iam:CreatePolicyVersion", BOUNDARY),
        (
            "iam:DeleteOpenIDConnectProvider",
            f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com",
        ),
        ("iam:DeleteRolePermissionsBoundary", ROLE),
        ("cloudtrail:StopLogging", TRAIL),
        ("s3:PutBucketPolicy", AUDIT),
        ("s3:DeleteObjectVersion", f"{AUDIT}/AWSLogs/1"),
        ("s3:PutObject", "arn:aws:s3:::states/site/prod/access.tfstate"),
        ("s3:PutObject", "arn:aws:s3:::states/site/prod/audit.tfstate"),
    ],
)
def test_deploy_is_denied_its_own_rights_and_the_trail_whatever_else_it_is_given(action: str, resource: str) -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    widened = {"Statement": [*POLICIES["deploy"]["Statement"], everything]}
    assert allows(widened, "s3:PutBucketAcl", BUCKET), "the widened policy does allow what is not denied"
    assert not allows(widened, action, resource)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:PutObject", f"{BUCKET}/releases/1/index.html"),
        ("s3:PutObjectTagging", f"{BUCKET}/control/active.json"),
        ("s3:DeleteObjectVersion", f"{BUCKET}/releases/1/index.html"),
        ("s3:DeleteBucket", BUCKET),
        ("s3:DeleteBucket", "arn:aws:s3:::states"),
    ],
)
def test_deploy_role_is_denied_what_a_bucket_policy_of_its_own_could_grant(action: str, resource: str) -> None:
    granted = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    assert not allows(together(POLICIES["deploy"], granted), action, resource)
    assert allows(together(POLICIES["deploy"], granted), "s3:PutObject", f"{BUCKET}/health/region.json")


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("cloudfront:UpdateDistribution", DISTRIBUTION),
        ("cloudfront:TagResource", DISTRIBUTION),
        ("apigateway:PATCH", "arn:aws:apigateway:eu-central-1::/apis/1"),
    ],
)
def test_deploy_role_leaves_what_carries_another_projects_tag(action: str, resource: str) -> None:
    assert allows(POLICIES["deploy"], action, resource, **{"aws:ResourceTag/Project": "site"})
    assert allows(POLICIES["deploy"], action, resource)  # being made
    assert not allows(POLICIES["deploy"], action, resource, **{"aws:ResourceTag/Project": "another"})


@pytest.mark.parametrize("role", ["content", "drill", "takedown"])
def test_a_named_store_is_the_only_one_that_a_role_switches(role: str) -> None:
    scope = Scope(**{**{name: getattr(SCOPE, name) for name in Scope.__slots__}, "key_value_store_arn": STORE})
    (statement,) = [each for each in INLINE[role](scope)["Statement"] if each.get("Sid") == "SwitchRouting"]
    assert statement["Resource"] == STORE
    (anywhere,) = [each for each in INLINE[role](SCOPE)["Statement"] if each.get("Sid") == "SwitchRouting"]
    assert anywhere["Resource"] == f"arn:aws:cloudfront::{ACCOUNT}:key-value-store/*", "before the store is there"
