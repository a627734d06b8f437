"""Named properties of the probers: where they are, what they may do, what wakes and watches them, what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.errors import ConfigError
from constructs_lib.site_file.loader import load_site_file
from scripts.cost.estimate import estimate, monthly_cost_usd
from scripts.terraform.deploy import stack_order
from tests.worlds.synthesized import Stacks, example_text, stacks_of

DEMO = example_text("demo")
STACK = "prober-eu-west-1"

Body = dict[str, Any]


def with_features(text: str) -> str:
    return f"{DEMO}\n[features]\n{text}\n"


@pytest.fixture(scope="module")
def looked_at() -> Stacks:
    return stacks_of(with_features('prober = ["eu-west-1"]'))


@pytest.fixture(scope="module")
def alarmed() -> Stacks:
    return stacks_of(with_features('prober = ["eu-west-1", "ap-southeast-2"]\nprober_alarms = true'))


def of_type(stacks: Stacks, stack: str, kind: str) -> list[Body]:
    return list(stacks[stack]["resource"].get(kind, {}).values())


def function(stacks: Stacks, stack: str = STACK) -> Body:
    (found,) = (body for body in of_type(stacks, stack, "aws_lambda_function") if "-prober-" in body["function_name"])
    return found


def test_it_is_off_unless_asked_for() -> None:
    stacks = stacks_of(DEMO)
    assert not [name for name in stacks if name.startswith("prober-")]
    assert "prober" not in json.dumps(stacks["monitoring"]["resource"])


def test_each_named_region_has_a_stack_that_reaches_that_region_alone(alarmed: Stacks) -> None:
    for region in ("eu-west-1", "ap-southeast-2"):
        (provider,) = alarmed[f"prober-{region}"]["provider"]["aws"]
        assert provider["region"] == region


def test_function_knows_the_site_and_every_way_to_it(looked_at: Stacks) -> None:
    variables = function(looked_at)["environment"]["variables"]
    assert (variables["HOSTNAME"], variables["HAS_PATH_OBJECT"]) == ("www.example.test", "true")
    assert json.loads(variables["REGIONS"]) == ["eu-central-1", "us-east-1"]
    assert set(json.loads(variables["ENDPOINTS"])) == {"eu-central-1", "us-east-1"}


def test_path_object_is_cloudfronts_alone() -> None:
    text = f'{example_text("regional.example")}\n[features]\nprober = ["ap-southeast-2"]\n'
    assert function(stacks_of(text), "prober-ap-southeast-2")["environment"]["variables"]["HAS_PATH_OBJECT"] == "false"


def test_it_may_publish_metrics_to_one_namespace_and_write_its_log(looked_at: Stacks) -> None:
    (policy,) = (json.loads(body["policy"]) for body in of_type(looked_at, STACK, "aws_iam_role_policy"))
    statements = {statement["Sid"]: statement for statement in policy["Statement"]}
    assert statements["PublishMetrics"]["Action"] == "cloudwatch:PutMetricData"
    assert statements["PublishMetrics"]["Condition"] == {"StringEquals": {"cloudwatch:namespace": "FailoverSite"}}
    others = [name for name in statements if name != "PublishMetrics"]
    assert [set(statements[name]["Action"]) for name in others] == [{"logs:CreateLogStream", "logs:PutLogEvents"}]


def test_its_log_does_not_grow_for_ever(looked_at: Stacks) -> None:
    (log,) = of_type(looked_at, STACK, "aws_cloudwatch_log_group")
    assert log["retention_in_days"] == 365


def test_every_minute_wakes_it_and_nothing_else(looked_at: Stacks) -> None:
    (rule,) = of_type(looked_at, STACK, "aws_cloudwatch_event_rule")
    (permission,) = of_type(looked_at, STACK, "aws_lambda_permission")
    assert rule["schedule_expression"] == "rate(1 minute)"
    assert permission["principal"] == "events.amazonaws.com"
    assert "aws_cloudwatch_event_rule.prober_schedule" in permission["source_arn"]


def test_it_has_no_alarm_unless_asked_for(looked_at: Stacks) -> None:
    assert of_type(looked_at, STACK, "aws_cloudwatch_metric_alarm") == []
    assert of_type(looked_at, STACK, "aws_sns_topic") == []


@pytest.mark.parametrize("region", ["eu-west-1", "ap-southeast-2"])
def test_alarm_reads_the_share_that_failed_where_it_is_published(alarmed: Stacks, region: str) -> None:
    (alarm,) = of_type(alarmed, f"prober-{region}", "aws_cloudwatch_metric_alarm")
    assert alarm["alarm_name"] == f"failover-site-demo-alarm-prober-failed.{region}"
    assert (alarm["metric_name"], alarm["statistic"], alarm["period"]) == ("BadAnswers", "Average", 300)
    assert (alarm["threshold"], alarm["evaluation_periods"]) == (0.5, 1)
    assert alarm["dimensions"] == {"Hostname": "www.example.test", "ProbeRegion": region}
    assert alarm["treat_missing_data"] == "missing"
    assert alarm["insufficient_data_actions"] == alarm["alarm_actions"]
    assert "aws_sns_topic" in alarm["alarm_actions"][0]


def test_dashboards_and_outputs_know_the_alarms(alarmed: Stacks) -> None:
    overview = next(
        body["dashboard_body"]
        for body in of_type(alarmed, "monitoring", "aws_cloudwatch_dashboard")
        if body["dashboard_name"].endswith("overview")
    )
    widgets = json.loads(overview)["widgets"]
    titles = [widget["properties"].get("title") for widget in widgets]
    assert {"Page views from eu-west-1 a minute", "Page views from ap-southeast-2 a minute"} <= set(titles)
    graph = widgets[titles.index("Page views from eu-west-1 a minute")]["properties"]
    assert graph["region"] == "eu-west-1"
    assert [line[:2] for line in graph["metrics"]] == [
        ["FailoverSite", "GoodAnswers"], ["FailoverSite", "BadAnswers"], ["FailoverSite", "ServedBySecondary"],
    ]  # fmt: skip
    assert (
        len(alarmed["monitoring"]["output"]["alarm_names"]["value"])
        == len(stacks_of(DEMO)["monitoring"]["output"]["alarm_names"]["value"]) + 2
    )


def test_alarm_in_us_east_1_tells_the_topic_that_the_monitoring_makes_there() -> None:
    elsewhere = DEMO.replace('"us-east-1"', '"eu-west-1"')
    stacks = stacks_of(f'{elsewhere}\n[features]\nprober = ["us-east-1"]\nprober_alarms = true\n')
    (alarm,) = of_type(stacks, "prober-us-east-1", "aws_cloudwatch_metric_alarm")
    assert of_type(stacks, "prober-us-east-1", "aws_sns_topic") == []
    assert alarm["alarm_actions"][0].startswith("arn:aws:sns:us-east-1:")
    assert alarm["alarm_actions"][0].endswith("-alarms")


def test_it_is_applied_before_what_names_its_alarm(tmp_path: Path) -> None:
    for name in ("dns", "edge", "region-a", "attachment-a", STACK, "monitoring"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cdk.tf.json").write_text("{}", encoding="utf-8")
    assert stack_order(tmp_path)[-2:] == [["attachment-a", STACK], ["monitoring"]]


def test_estimate_prices_a_prober(looked_at: Stacks, alarmed: Stacks) -> None:
    plain = monthly_cost_usd(estimate(stacks_of(DEMO)))
    assert monthly_cost_usd(estimate(looked_at)) - plain == pytest.approx(1.95, abs=0.03)
    assert monthly_cost_usd(estimate(alarmed)) - plain == pytest.approx(2 * 1.95 + 0.20, abs=0.1)


def test_deploy_role_may_act_where_a_prober_is() -> None:
    subjects = '\n[github]\nsubjects = ["repo:example-org@1234/site@5678"]\n'
    policies = json.dumps(stacks_of(with_features('prober = ["ap-southeast-2"]') + subjects)["access"])
    assert "ap-southeast-2" in policies


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ('prober = ["us-east-1"]', r'features\.prober\[0\] is "us-east-1".*a region that serves nothing'),
        ('prober = ["eu-west-1", "eu-west-1"]', "each region once"),
        ('prober = ["eu-west-9"]', "did you mean eu-west-"),
        ('prober = "eu-west-1"', "a list of AWS regions that do not serve"),
        ("prober = true", "a list of AWS regions that do not serve"),
        ("prober_alarms = true", "true only together with features.prober"),
        ("prober = []\nprober_alarms = true", "true only together with features.prober"),
        (
            'prober = ["eu-west-1"]\n[residency]\nallowed_regions = ["eu-central-1", "us-east-1"]',
            r'features\.prober\[0\] is "eu-west-1".*a region of residency\.allowed_regions',
        ),
    ],
)
def test_site_file_rejects_a_prober_that_cannot_be(tmp_path: Path, features: str, said: str) -> None:
    path = tmp_path / "site.toml"
    path.write_text(with_features(features), encoding="utf-8")
    with pytest.raises(ConfigError, match=f"(?s){said}"):
        load_site_file(path)
