"""Named properties of the parity check: who wakes it, what it may do, how often it runs at once, what watches it."""

import json
from typing import Any

import pytest

from scripts.cost.estimate import estimate, monthly_cost_usd
from tests.worlds.synthesized import Stacks, example_text, stacks_of

DEMO = example_text("demo")
REGIONS = ("eu-central-1", "us-east-1")

Body = dict[str, Any]


@pytest.fixture(scope="module")
def plain() -> Stacks:
    return stacks_of(DEMO)


@pytest.fixture(scope="module")
def checked() -> Stacks:
    return stacks_of(f"{DEMO}\n[features]\nparity = true\n")


def of_type(stacks: Stacks, stack: str, kind: str) -> list[Body]:
    return list(stacks[stack]["resource"].get(kind, {}).values())


def function(stacks: Stacks, region: str) -> Body:
    (found,) = (
        body
        for body in of_type(stacks, f"region-{region}", "aws_lambda_function")
        if "-parity-" in body["function_name"]
    )
    return found


def statements(stacks: Stacks, region: str) -> dict[str, Body]:
    (policy,) = (
        json.loads(body["policy"])
        for body in of_type(stacks, f"region-{region}", "aws_iam_role_policy")
        if "parity_check" in body["role"]
    )
    return {statement["Sid"]: statement for statement in policy["Statement"]}


def test_it_is_off_unless_asked_for(plain: Stacks) -> None:
    for region in REGIONS:
        assert of_type(plain, f"region-{region}", "aws_s3_bucket_notification") == []
        assert "-parity-" not in json.dumps(plain[f"region-{region}"])


def test_commands_are_told_which_regions_have_one(plain: Stacks, checked: Stacks) -> None:
    found = [stacks["edge"]["output"]["parity_regions"]["value"] for stacks in (plain, checked)]
    assert found == [[], list(REGIONS)]


def test_events_alone_bring_no_function() -> None:
    """For rules of a team's own."""
    stacks = stacks_of(f"{DEMO}\n[features]\nobject_events = true\n")
    for region in REGIONS:
        (notification,) = of_type(stacks, f"region-{region}", "aws_s3_bucket_notification")
        assert notification["eventbridge"] is True
        assert "-parity-" not in json.dumps(stacks[f"region-{region}"])


def test_turning_it_on_changes_nothing_that_was_there_but_the_reasons_of_a_bucket(
    plain: Stacks, checked: Stacks
) -> None:
    def bare(body: Body) -> Body:
        return {key: value for key, value in body.items() if key != "//"}

    for stack in ("dns", "edge", *(f"region-{region}" for region in REGIONS)):
        for kind, bodies in plain[stack]["resource"].items():
            for name, body in bodies.items():
                assert bare(checked[stack]["resource"][kind][name]) == bare(body)


@pytest.mark.parametrize("region", REGIONS)
def test_it_is_woken_by_what_matters_and_every_hour(checked: Stacks, region: str) -> None:
    rules = {
        body["name"].rpartition("-")[2]: body
        for body in of_type(checked, f"region-{region}", "aws_cloudwatch_event_rule")
    }
    patterns = {name: json.loads(body["event_pattern"]) for name, body in rules.items() if "event_pattern" in body}
    keys = {name: (pattern["detail-type"], pattern["detail"]["object"]["key"]) for name, pattern in patterns.items()}
    assert keys == {
        "switched": (["Object Created"], ["control/active.json"]),
        "deleted": (
            ["Object Deleted"],
            [{"prefix": "releases/"}, {"prefix": "control/manifests/"}, "control/active.json"],
        ),
    }
    assert rules["hourly"]["schedule_expression"] == "rate(1 hour)"
    for pattern in patterns.values():
        assert "content_bucket" in pattern["detail"]["bucket"]["name"][0]


@pytest.mark.parametrize("region", REGIONS)
def test_every_rule_may_wake_it(checked: Stacks, region: str) -> None:
    permissions = of_type(checked, f"region-{region}", "aws_lambda_permission")
    sources = {body["source_arn"] for body in permissions if body["principal"] == "events.amazonaws.com"}
    rules = checked[f"region-{region}"]["resource"]["aws_cloudwatch_event_rule"]
    assert sources == {f"${{aws_cloudwatch_event_rule.{name}.arn}}" for name in rules}


@pytest.mark.parametrize("region", REGIONS)
def test_it_runs_once_at_a_time(checked: Stacks, region: str) -> None:
    """A storm of events must not take the executions that the regional endpoint needs."""
    assert function(checked, region)["reserved_concurrent_executions"] == 1


@pytest.mark.parametrize("region", REGIONS)
def test_it_writes_releases_of_its_own_region_and_deletes_nothing(checked: Stacks, region: str) -> None:
    found = statements(checked, region)
    assert {action for each in found.values() for action in _listed(each["Action"])} == {
        "s3:ListBucket",
        "s3:ListBucketVersions",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:PutObject",
        "cloudwatch:PutMetricData",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }
    assert found["PutBack"]["Resource"] == "${aws_s3_bucket.content_bucket_017204D5.arn}/releases/*"
    assert found["PublishMetric"]["Condition"] == {"StringEquals": {"cloudwatch:namespace": "FailoverSite"}}


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize(("region", "other"), [REGIONS, REGIONS[::-1]])
def test_it_knows_the_other_regions_bucket_without_its_state(checked: Stacks, region: str, other: str) -> None:
    (others,) = json.loads(function(checked, region)["environment"]["variables"]["OTHERS"]).items()
    assert others == (other, f"failover-site-demo-{other}-${{data.aws_caller_identity.account.account_id}}")
    assert others[1] == of_type(checked, f"region-{other}", "aws_s3_bucket")[0]["bucket"]
    assert "terraform_remote_state" not in json.dumps(function(checked, region))


@pytest.mark.parametrize("region", REGIONS)
def test_each_region_has_an_alarm_on_loss_and_one_on_silence(checked: Stacks, region: str) -> None:
    alarms = {
        body["alarm_name"].partition("-alarm-")[2]: body
        for body in of_type(checked, f"attachment-{region}", "aws_cloudwatch_metric_alarm")
    }
    lost, unchecked = alarms[f"parity-lost.{region}"], alarms[f"parity-unchecked.{region}"]
    for body in (lost, unchecked):
        assert (body["namespace"], body["metric_name"]) == ("FailoverSite", "MissingObjects")
        assert body["dimensions"] == {"Hostname": "www.example.test", "Region": region}
    assert (lost["statistic"], lost["threshold"], lost["treat_missing_data"]) == ("Maximum", 1, "ignore")
    assert (unchecked["period"], unchecked["treat_missing_data"]) == (3600, "missing")
    assert unchecked["insufficient_data_actions"] == unchecked["alarm_actions"]


def test_price_is_what_the_docs_say(plain: Stacks, checked: Stacks) -> None:
    dearer = monthly_cost_usd(estimate(checked)) - monthly_cost_usd(estimate(plain))
    assert dearer == pytest.approx(1.05, abs=0.02)
