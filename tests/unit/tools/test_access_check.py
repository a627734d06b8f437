"""From an AWS call to the rights that it needs, and from the calls of a deployment to what is denied."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools.examples.access_check import __main__ as access_check
from tools.examples.access_check.calls import Call, read_calls
from tools.examples.access_check.changes import change
from tools.examples.access_check.needs import needs
from tools.examples.access_check.needs_file import Site, lines
from tools.examples.access_check.resources import ACCOUNT
from tools.examples.access_check.roles import Deployment

BUCKET = "arn:aws:s3:::site"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/site-prod-boundary"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/site-prod-x"


def call(service: str, operation: str, *, path: str = "/", method: str = "POST", body: str = "", caller: str = "deploy",
         headers: dict[str, str] | None = None, region: str = "eu-central-1", **parameters: Any) -> Call:  # fmt: skip
    return Call(
        caller=caller, service=service, region=region, operation=operation, method=method, path=path, body=body,
        parameters=parameters, headers=headers or {}, status=200,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (call("s3", "ListObjectsV2", Bucket="site"), [("s3:ListBucket", BUCKET)]),
        (call("s3", "HeadObject", Bucket="site", Key="a/b"), [("s3:GetObject", f"{BUCKET}/a/b")]),
        (call("s3", "HeadObject", Bucket="site", Key="a", versionId="1"), [("s3:GetObjectVersion", f"{BUCKET}/a")]),
        (call("s3", "DeleteBucketLifecycle", Bucket="site"), [("s3:PutLifecycleConfiguration", BUCKET)]),
        (
            call("s3", "PutObject", Bucket="site", Key="a", headers={"x-amz-tagging": "k=v"}),
            [("s3:PutObject", f"{BUCKET}/a"), ("s3:PutObjectTagging", f"{BUCKET}/a")],
        ),
        (
            call("s3", "CopyObject", Bucket="site", Key="b", headers={"x-amz-copy-source": "other/a%20b?versionId=1"}),
            [("s3:PutObject", f"{BUCKET}/b"), ("s3:GetObject", "arn:aws:s3:::other/a b")],
        ),
        (
            call("s3", "DeleteObjects", Bucket="site", body="<Delete><Object><Key>a</Key></Object></Delete>"),
            [("s3:DeleteObject", f"{BUCKET}/a")],
        ),
        (
            call("s3", "PutBucketReplication", Bucket="site", body=f"<Role>{ROLE}</Role>"),
            [("s3:PutReplicationConfiguration", BUCKET), ("iam:PassRole", ROLE)],
        ),
        (
            call("apigateway", "CreateRoute", path="/v2/apis/1/routes"),
            [("apigateway:POST", "arn:aws:apigateway:eu-central-1::/apis/1/routes")],
        ),
        (
            call(
                "cloudfront",
                "CreateDistributionWithTags",
                path="/2020-05-31/distribution",
                region="us-east-1",
                body="<Tag><Key>Project</Key><Value>site</Value></Tag>",
            ),
            [
                ("cloudfront:CreateDistribution", "*"),
                ("cloudfront:TagResource", f"arn:aws:cloudfront::{ACCOUNT}:distribution/new"),
            ],
        ),
        (
            call("route53", "ChangeTagsForResource", path="/2013-04-01/tags/healthcheck/1"),
            [("route53:ChangeTagsForResource", "arn:aws:route53:::healthcheck/1")],
        ),
        (
            call("logs", "PutDeliverySource", region="us-east-1", name="site", resourceArn="arn:distribution"),
            [
                ("logs:PutDeliverySource", f"arn:aws:logs:us-east-1:{ACCOUNT}:delivery-source:site"),
                ("cloudfront:AllowVendedLogDeliveryForResource", "arn:distribution"),
            ],
        ),
        (
            call(
                "rds",
                "CreateDBInstanceReadReplica",
                DBInstanceIdentifier="site",
                SourceDBInstanceIdentifier="arn:source",
            ),
            [
                ("rds:CreateDBInstanceReadReplica", f"arn:aws:rds:eu-central-1:{ACCOUNT}:db:site"),
                ("rds:CreateDBInstanceReadReplica", f"arn:aws:rds:eu-central-1:{ACCOUNT}:og:default:postgres-17"),
                ("rds:CreateDBInstanceReadReplica", "arn:source"),
                (
                    "iam:CreateServiceLinkedRole",
                    f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS",
                ),
                ("rds:CrossRegionCommunication", "*"),
            ],
        ),
        (call("sns", "Unsubscribe", SubscriptionArn="arn:aws:sns:r:1:site:1"), [("sns:Unsubscribe", "*")]),
        (call("sts", "GetCallerIdentity"), []),
        (
            call("monitoring", "PutMetricData", Namespace="n"),
            [("cloudwatch:PutMetricData", "*")],
        ),
        (
            call("cloudfront-keyvaluestore", "UpdateKeys", KvsARN="arn:store"),
            [("cloudfront-keyvaluestore:UpdateKeys", "arn:store")],
        ),
        (
            call("kms", "CreateKey", MultiRegion=True),
            [
                ("kms:CreateKey", "*"),
                (
                    "iam:CreateServiceLinkedRole",
                    f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/mrk.kms.amazonaws.com/"
                    "AWSServiceRoleForKeyManagementServiceMultiRegionKeys",
                ),
                ("kms:PutKeyPolicy", f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/new"),
            ],
        ),
    ],
    ids=lambda value: value.operation if isinstance(value, Call) else "",
)
def test_call_needs(made: Call, expected: list[tuple[str, str]]) -> None:
    assert [(need.action, need.resource) for need in needs(made)] == expected


@pytest.mark.parametrize(
    "parameters",
    [
        {"Tags": [{"Key": "Project", "Value": "site"}]},
        {"tags": {"Project": "site"}},
        {"Tags": [{"TagKey": "Project", "TagValue": "site"}]},
        {"Tags.member.1.Key": "Project", "Tags.member.1.Value": "site"},
        {"TagSpecification.1.Tag.1.Key": "Project", "TagSpecification.1.Tag.1.Value": "site"},
        {"Tags.Tag.1.Key": "Project", "Tags.Tag.1.Value": "site"},
    ],
)
def test_tags_of_a_request_are_read_however_the_api_spells_them(parameters: dict[str, Any]) -> None:
    assert call("kms", "CreateKey", **parameters).tags == {"Project": "site"}


def deployment(allowed: str) -> list[Call]:
    """A deploy role, the boundary, a function's role with a right that the boundary lacks, and their calls."""
    policy = json.dumps({"Statement": [{"Effect": "Allow", "Action": allowed, "Resource": "*"}]})
    own: dict[str, Any] = {"caller": "administrator"}
    whole = json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    return [
        call("iam", "CreatePolicy", PolicyName="site-prod-boundary", PolicyDocument=policy, **own),
        call("iam", "CreateRole", RoleName="site-prod-ci-deploy", **own),
        call("iam", "PutRolePolicy", RoleName="site-prod-ci-deploy", PolicyName="p", PolicyDocument=whole, **own),
        call("iam", "CreateRole", RoleName="site-prod-x", PermissionsBoundary=BOUNDARY),
        call("iam", "PutRolePolicy", RoleName="site-prod-x", PolicyName="p", PolicyDocument=whole),
        call("lambda", "CreateFunction", FunctionName="site-prod-f", Role=ROLE),
        call("sns", "Publish", caller="site-prod-f", TopicArn="arn:topic"),
        call("route53", "DeleteHostedZone", path="/2013-04-01/hostedzone/Z1"),
        call("s3", "ListBuckets", caller="localcloud"),
    ]  # fmt: skip


def test_calls_are_judged_by_who_made_them_and_functions_by_their_boundary_too() -> None:
    for allowed, expected in (("s3:*", False), ("sns:*", True)):
        calls = deployment(allowed)
        found = Deployment(calls).judged(calls)
        published = next(each for each in found if each.need.action == "sns:Publish")
        assert (published.role, published.is_allowed, published.boundary_allows) == ("site-prod-x", True, expected)
        assert "route53:DeleteHostedZone" not in {each.need.action for each in found}, "an administrator's"
        assert {each.role for each in found} == {"deploy", "site-prod-x"}


def test_need_of_a_role_is_told_its_boundary() -> None:
    found = Deployment(deployment("*")).judged(deployment("*"))
    written = next(each for each in found if each.need.action == "iam:PutRolePolicy")
    assert written.need.context["iam:PermissionsBoundary"] == BOUNDARY


def test_line_of_a_need_names_no_site() -> None:
    site = Site(prefix="site-prod", project="site", account_id=ACCOUNT, regions=["eu-central-1", "us-east-1"],
                state_region="eu-west-1", state_bucket="states", state_prefix="site/prod/")  # fmt: skip
    calls = [
        *deployment("*")[:3],
        call("s3", "GetObject", Bucket=f"site-prod-eu-central-1-{ACCOUNT}", Key="releases/1/x"),
        call("s3", "PutObject", Bucket="states", Key="site/prod/edge.tfstate", region="eu-west-1"),
        call("sns", "Publish", TopicArn=f"arn:aws:sns:us-east-1:{ACCOUNT}:site-prod-alarms", region="us-east-1"),
    ]
    assert lines(Deployment(calls).judged(calls), site) == {
        "deploy s3:GetObject arn:aws:s3:::{prefix}-{region}-{account}/releases/{id} aws:RequestedRegion={region}",
        "deploy s3:PutObject arn:aws:s3:::{state_bucket}/{state_prefix}{stack}.tfstate aws:RequestedRegion={state_region}",
        "deploy sns:Publish arn:aws:sns:us-east-1:{account}:{prefix}-{name} aws:RequestedRegion=us-east-1",
    }


def test_call_without_an_operation_is_an_error_and_no_gap(tmp_path: Path) -> None:
    log = tmp_path / "calls.jsonl"
    log.write_text(json.dumps({"operation": None, "service": "s3", "method": "PATCH", "path": "/x"}), encoding="utf-8")
    with pytest.raises(ValueError, match="s3 PATCH /x"):
        list(read_calls(log))


def test_change_updates_attributes_and_tags(tmp_path: Path) -> None:
    trust = '{"Statement": [{"Effect": "Allow"}]}'
    role, zone = {"assume_role_policy": trust}, {"comment": "c", "tags": {"K": "v"}}
    path = tmp_path / "cdk.tf.json"
    stack = {"resource": {"aws_iam_role": {"a": role}, "aws_route53_zone": {"z": zone}}}
    path.write_text(json.dumps(stack), encoding="utf-8")
    change(tmp_path)
    changed = json.loads(path.read_text(encoding="utf-8"))["resource"]
    assert json.loads(changed["aws_iam_role"]["a"]["assume_role_policy"])["Statement"][0]["Sid"] == "Changed"
    assert changed["aws_iam_role"]["a"]["tags"] == {"Changed": "yes"}
    assert changed["aws_route53_zone"]["z"] == {"comment": "c (changed)", "tags": {"K": "v", "Changed": "yes"}}


@pytest.mark.parametrize(("action", "exit_code"), [("sns:*", 0), ("s3:*", 1)])
def test_make_access_tells_a_denied_call_by_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], action: str, exit_code: int
) -> None:
    monkeypatch.setattr(access_check, "BUILD", tmp_path)
    log = tmp_path / "prod.example" / "localcloud" / "calls.jsonl"
    log.parent.mkdir(parents=True)
    fields = ("caller", "service", "region", "operation", "method", "path", "headers", "status", "body")
    logged = [
        {**{name: getattr(each, name) for name in fields}, "query": each.parameters, "parameters": {}}
        for each in deployment(action)
    ]
    log.write_text("".join(f"{json.dumps(line)}\n" for line in logged), encoding="utf-8")
    site_file = access_check.ROOT / "config" / "prod.example.toml"
    assert access_check.main(["--calls", str(site_file)]) == exit_code
    assert ("sns:Publish" in capsys.readouterr().out) is bool(exit_code)
