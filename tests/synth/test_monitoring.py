"""Named properties of the monitoring stack: what watches what, from where, for how much, and who is told."""

import itertools
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alerts.advice import guide_of
from alerts.checks import Checks
from alerts.guides import GUIDES

from constructs_lib.monitoring.alarms.detection import periods_until_detected
from constructs_lib.monitoring.alarms.names import AlarmKind, alarm_name
from constructs_lib.monitoring.usage_cost import PRICES, expression, usage_cost
from constructs_lib.naming import GLOBAL_REGION
from constructs_lib.site_file.models import SiteFile
from localcloud.model.metric_math import evaluate_expression
from scripts.cost.estimate import estimate, monthly_cost_usd
from tests.worlds.synthesized import Stacks, example_text, replaced, site_of, stacks_of

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"
DEMO = example_text("demo")
FREE_ALARM_METRICS = 10
FREE_DASHBOARDS = 3
_FEATURES = ("canary", "certificate_alarms", "composite_alarms", "origin_latency", "replication_metrics", "parity")
EVERYTHING = '[features]\nprober = ["eu-west-1"]\nprober_alarms = true\n' + "".join(
    f"{feature} = true\n" for feature in _FEATURES
)

Body = dict[str, Any]


@pytest.fixture(scope="module")
def full() -> Stacks:
    """The demo's site with every optional part of the monitoring."""
    return stacks_of(DEMO + EVERYTHING)


@pytest.fixture(scope="module")
def silent() -> Stacks:
    """The demo's site with nobody to tell."""
    return stacks_of(re.sub(r"\[alerts\].*?\n\n", "", DEMO, flags=re.DOTALL))


@pytest.fixture(scope="module")
def elsewhere() -> Stacks:
    """The demo's site without us-east-1 among its regions."""
    return stacks_of(replaced(DEMO, ('"us-east-1"', '"eu-west-1"')))


@pytest.fixture(scope="session", params=("demo", "prod.example", "hardened.example"))
def example(request: pytest.FixtureRequest) -> str:
    """The examples with CloudFront, two regions and alerts; the others are in the tests that name them."""
    name: str = request.param
    return name


def watching(stacks: Stacks) -> Iterator[Body]:
    """The stacks that hold what watches the site: monitoring, and each region's attachment."""
    return (stack for name, stack in stacks.items() if name == "monitoring" or name.startswith("attachment-"))


def of_type(stacks: Stacks, kind: str) -> list[Body]:
    return [body for stack in watching(stacks) for body in stack["resource"].get(kind, {}).values()]


def region_of(stacks: Stacks, body: Body) -> str:
    """The region of the one provider of the stack that the body is in."""
    (region,) = (
        provider["region"]
        for stack in watching(stacks)
        if any(each is body for bodies in stack["resource"].values() for each in bodies.values())
        for provider in stack["provider"]["aws"]
    )
    assert isinstance(region, str)
    return region


def golden_of(example: str) -> Stacks:
    return {path.stem: json.loads(path.read_bytes()) for path in (GOLDEN / example).glob("*.json")}


def metrics(alarm: Body) -> Iterator[Body]:
    if "metric_query" not in alarm:
        yield alarm
    for query in alarm.get("metric_query", []):
        if "metric" in query:
            yield query["metric"]


def alarm(stacks: Stacks, kind: AlarmKind) -> Body:
    (found,) = (
        body for body in of_type(stacks, "aws_cloudwatch_metric_alarm") if f"-alarm-{kind}" in body["alarm_name"]
    )
    return found


def free_alarms(stacks: Stacks) -> list[Body]:
    """Returns the alarms that no feature asked for."""
    alarms = of_type(stacks, "aws_cloudwatch_metric_alarm")
    asked_for = ("-alarm-parity-", "-alarm-replication-")
    return [body for body in alarms if not any(kind in body["alarm_name"] for kind in asked_for)]


def test_alarms_of_an_example_are_the_ten_free_ones(stacks: Stacks) -> None:
    """An expression is billed by its metrics, a composite alarm always: https://aws.amazon.com/cloudwatch/pricing/"""
    alarms = free_alarms(stacks)
    assert sum(len(list(metrics(body))) for body in alarms) == FREE_ALARM_METRICS
    assert of_type(stacks, "aws_cloudwatch_composite_alarm") == []


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*/monitoring.json")), ids=lambda path: path.parent.name)
def test_no_example_goes_beyond_what_is_free(path: Path) -> None:
    golden = golden_of(path.parent.name)
    more = 2 if of_type(golden, "aws_fis_experiment_template") else 0
    more += 1 if path.parent.name == "geoproximity.example" else 0  # three regions and an external endpoint
    more += 2 if path.parent.name == "last-exit.example" else 0  # the check of the standby and of the exit
    assert sum(len(list(metrics(body))) for body in free_alarms(golden)) <= FREE_ALARM_METRICS + more
    assert len(of_type(golden, "aws_cloudwatch_dashboard")) <= FREE_DASHBOARDS


def test_more_regions_than_two_share_a_dashboard() -> None:
    golden = golden_of("geoproximity.example")
    names = {body["dashboard_name"].rpartition("-")[2] for body in of_type(golden, "aws_cloudwatch_dashboard")}
    assert names == {"overview", "regions"}


def test_without_cloudfront_every_endpoint_has_its_alarms_and_there_is_no_path_to_watch() -> None:
    golden = golden_of("regional.example")
    kinds = Counter(
        body["alarm_name"].partition("-alarm-")[2].partition(".")[0]
        for body in of_type(golden, "aws_cloudwatch_metric_alarm")
    )
    assert kinds == {
        AlarmKind.REGION: 2,
        AlarmKind.EXTERNAL: 2,
        AlarmKind.ENDPOINT_ERRORS: 2,
        AlarmKind.GLOBAL_REGION_SILENT: 1,
    }


@pytest.mark.parametrize(("name", "endpoints"), [
    ("geoproximity.example", ["other-cloud-a"]),
    ("multivalue.example", ["server-1-a", "server-1-aaaa", "server-2-a"]),
    ("regional.example", ["on-premises-a", "on-premises-aaaa"]),
])  # fmt: skip
def test_every_address_of_an_external_endpoint_has_its_alarm_and_its_graph(name: str, endpoints: list[str]) -> None:
    stacks = stacks_of(example_text(name))
    prefix = alarm_name(site_of(example_text(name)), AlarmKind.EXTERNAL)
    alarms = {body["alarm_name"]: body for body in of_type(stacks, "aws_cloudwatch_metric_alarm")}
    assert sorted(each for each in alarms if each.startswith(prefix)) == [f"{prefix}.{each}" for each in endpoints]
    (overview,) = (body for body in of_type(stacks, "aws_cloudwatch_dashboard") if "overview" in body["dashboard_name"])
    for endpoint in endpoints:
        body = alarms[f"{prefix}.{endpoint}"]
        assert (body["namespace"], body["metric_name"]) == ("AWS/Route53", "HealthCheckStatus")
        assert region_of(stacks, body) == GLOBAL_REGION
        assert f'"label": "{endpoint}"' in overview["dashboard_body"]


@pytest.mark.parametrize(("name", "has_path"), [("regional.example", False), ("weighted.example", True)])
def test_formatter_is_told_of_an_entry_without_cloudfront(name: str, has_path: bool) -> None:
    stacks = stacks_of(example_text(name) + '[alerts]\nemail = "oncall@example.com"\n')
    formatters = [body for body in of_type(stacks, "aws_lambda_function") if "alerts" in body["function_name"]]
    assert formatters
    for body in formatters:
        assert ("path" in json.loads(body["environment"]["variables"]["CHECKS"])) is has_path


@pytest.mark.parametrize("name", ["regional.example", "geoproximity.example", "weighted.example"])
def test_every_feature_fits_every_routing(name: str) -> None:
    text = example_text(name)
    assert "[features]" not in text
    features = EVERYTHING if name == "weighted.example" else replaced(EVERYTHING, ("origin_latency = true\n", ""))
    stacks = stacks_of(text + features)
    names = [body["alarm_name"] for body in of_type(stacks, "aws_cloudwatch_metric_alarm")]
    assert len(names) == len(set(names))
    assert len(of_type(stacks, "aws_cloudwatch_composite_alarm")) == 1


def test_dashboards_of_an_example_are_the_three_free_ones(site: SiteFile, stacks: Stacks) -> None:
    names = {body["dashboard_name"] for body in of_type(stacks, "aws_cloudwatch_dashboard")}
    assert names == {f"{site.prefix}-overview", *(f"{site.prefix}-{region.name}" for region in site.region)}
    assert len(names) == FREE_DASHBOARDS


def test_an_example_uses_nothing_that_costs(stacks: Stacks) -> None:
    for kind in ("aws_synthetics_canary", "aws_cloudfront_monitoring_subscription", "aws_kms_key"):
        assert of_type(stacks, kind) == []


@pytest.mark.parametrize(
    ("kind", "namespace"),
    [
        (AlarmKind.PATH, "AWS/Route53"),
        (AlarmKind.ORIGIN_LATENCY, "AWS/CloudFront"),
    ],
)
def test_alarm_on_a_global_metric_lives_in_us_east_1(full: Stacks, kind: AlarmKind, namespace: str) -> None:
    found = alarm(full, kind)
    assert {metric["namespace"] for metric in metrics(found)} == {namespace}
    assert region_of(full, found) == GLOBAL_REGION


def test_viewers_errors_count_while_the_primarys_region_check_is_healthy(site: SiteFile, stacks: Stacks) -> None:
    """While it is not, its own failing probes are most of the distribution's 5xx; and what the path check tells is told once."""
    found = alarm(stacks, AlarmKind.EDGE_ERRORS)
    queries = {query["id"]: query for query in found["metric_query"]}
    assert queries["result"]["expression"] == "errors * path * region"
    assert "path" in queries["path"]["metric"]["dimensions"]["HealthCheckId"]
    assert f"region_{site.primary.name}" in queries["region"]["metric"]["dimensions"]["HealthCheckId"]
    assert region_of(stacks, found) == GLOBAL_REGION


@pytest.mark.parametrize(("interval", "threshold", "minutes"), [(10, 1, 2), (10, 3, 2), (30, 3, 3), (30, 10, 8)])
def test_viewers_errors_wait_until_a_region_check_would_have_noticed(
    interval: int, threshold: int, minutes: int
) -> None:
    """aws-facts, timing model: 109 s at 30 s x 3 with the slowest probe, so failing probes fill two minutes at most."""
    site = site_of(DEMO)
    check = site.health_check.model_copy(update={"request_interval_seconds": interval, "failure_threshold": threshold})
    assert periods_until_detected(check) == minutes


def test_viewers_errors_wait_for_the_region_checks_own_interval() -> None:
    site = site_of(DEMO)
    update = {"request_interval_seconds": 10, "region_request_interval_seconds": 30, "failure_threshold": 10}
    check = site.health_check.model_copy(update=update)
    assert periods_until_detected(check) == 8


def test_every_region_check_has_an_alarm(site: SiteFile, stacks: Stacks) -> None:
    names = {body["alarm_name"] for body in of_type(stacks, "aws_cloudwatch_metric_alarm")}
    assert {alarm_name(site, AlarmKind.REGION, region.name) for region in site.region} <= names


def test_alarm_of_a_region_needs_a_healthy_path_for_longer_than_the_checks_differ(
    site: SiteFile, stacks: Stacks
) -> None:
    """An outage of CloudFront, which the region checks see too, is the path alarm's to tell."""
    for region in site.region:
        (found,) = (
            body
            for body in of_type(stacks, "aws_cloudwatch_metric_alarm")
            if body["alarm_name"] == alarm_name(site, AlarmKind.REGION, region.name)
        )
        queries = {query["id"]: query for query in found["metric_query"]}
        assert queries["result"]["expression"] == "path * (1 - region)"
        assert f"region_{region.name}" in queries["region"]["metric"]["dimensions"]["HealthCheckId"]
        assert "path" in queries["path"]["metric"]["dimensions"]["HealthCheckId"]
        assert found["evaluation_periods"] == periods_until_detected(site.health_check)


def test_formatter_knows_every_health_check_and_may_read_it(site: SiteFile, stacks: Stacks) -> None:
    formatters = [body for body in of_type(stacks, "aws_lambda_function") if "-alerts-" in body["function_name"]]
    assert formatters
    for body in formatters:
        checks = json.loads(body["environment"]["variables"]["CHECKS"])
        assert list(checks) == ["path", *(region.name for region in site.region)]
        assert all("health_check" in id_ for id_ in checks.values())
    readers = [
        statement
        for body in of_type(stacks, "aws_iam_role_policy")
        for statement in json.loads(body["policy"])["Statement"]
        if statement.get("Sid") == "SeeHealthChecks"
    ]
    assert len(readers) == len(formatters)
    for statement in readers:
        assert statement["Action"] == "route53:GetHealthCheckStatus"
        assert len(statement["Resource"]) == 1 + len(site.region)


def test_words_that_need_a_glossary_are_in_no_alarm_and_no_dashboard(full: Stacks) -> None:
    texts = json.dumps(list(watching(full)))
    assert not re.findall(r"\b(ill|dearest|drives)\b", texts)


def test_alarm_about_us_east_1_lives_outside_it(stacks: Stacks) -> None:
    found = alarm(stacks, AlarmKind.GLOBAL_REGION_SILENT)
    assert region_of(stacks, found) != GLOBAL_REGION
    (watcher,) = (body for body in of_type(stacks, "aws_lambda_function") if "-watch-" in body["function_name"])
    assert region_of(stacks, watcher) == region_of(stacks, found)
    assert watcher["environment"]["variables"]["WATCHED_REGION"] == GLOBAL_REGION


def test_watcher_asks_for_alarms_alone(full: Stacks) -> None:
    """An outage of that region's S3 is the region check's to tell, and silences no alarm."""
    (watcher,) = (body for body in of_type(full, "aws_lambda_function") if "-watch-" in body["function_name"])
    assert set(watcher["environment"]["variables"]) == {"ALARM_PREFIX", "WATCHED_REGION"}


def test_where_no_data_may_be_alarms_are_worded_in_the_primary_region() -> None:
    text = replaced(DEMO, ('"us-east-1"', '"eu-west-1"'))
    stacks = stacks_of(f'{text}\n[residency]\nallowed_regions = ["eu-central-1", "eu-west-1"]\n')
    for kind in ("aws_lambda_function", "aws_cloudwatch_log_group"):
        assert {region_of(stacks, body) for body in of_type(stacks, kind)} == {"eu-central-1", "eu-west-1"}
    readers = [
        body["endpoint"]
        for body in of_type(stacks, "aws_sns_topic_subscription")
        if region_of(stacks, body) == GLOBAL_REGION
    ]
    assert len(readers) == 1
    assert "alerting_eu-central-1_formatter" in readers[0]
    assert stacks["monitoring"]["output"]["alert_regions"]["value"] == ["eu-central-1", "eu-west-1"]


def test_alarm_topics_are_in_every_region_that_has_alarms(elsewhere: Stacks) -> None:
    topics = {region_of(elsewhere, body) for body in of_type(elsewhere, "aws_sns_topic")}
    alarms = {region_of(elsewhere, body) for body in of_type(elsewhere, "aws_cloudwatch_metric_alarm")}
    assert alarms == {"us-east-1", "eu-central-1", "eu-west-1"} == topics


def test_alarm_publishes_to_a_topic_of_its_own_region(full: Stacks) -> None:
    for body in [*of_type(full, "aws_cloudwatch_metric_alarm"), *of_type(full, "aws_cloudwatch_composite_alarm")]:
        (topic,) = body["alarm_actions"]
        region = region_of(full, body)
        # us-east-1's topic is the monitoring stack's: the region's own stack, which comes before it, has its ARN as a text.
        assert f"alerting_{region}" in topic or re.fullmatch(
            rf"arn:aws:sns:{GLOBAL_REGION}:\$\{{data\.aws_caller_identity\.account\.account_id\}}:.*-alarms", topic
        )
        assert region == GLOBAL_REGION or f"alerting_{region}" in topic
        assert body["ok_actions"] == [topic]


@pytest.mark.parametrize("kind", [AlarmKind.PATH, AlarmKind.GLOBAL_REGION_SILENT, AlarmKind.CANARY, AlarmKind.REGION])
def test_silence_of_a_source_that_always_speaks_is_told(full: Stacks, kind: AlarmKind) -> None:
    found = [body for body in of_type(full, "aws_cloudwatch_metric_alarm") if f"-alarm-{kind}" in body["alarm_name"]]
    for body in found:
        assert body["treat_missing_data"] == "missing"
        assert body["insufficient_data_actions"] == body["alarm_actions"]
    assert found


@pytest.mark.parametrize("kind", [AlarmKind.EDGE_ERRORS, AlarmKind.ENDPOINT_ERRORS, AlarmKind.ORIGIN_LATENCY])
def test_silence_without_requests_is_fine(full: Stacks, kind: AlarmKind) -> None:
    assert alarm(full, kind)["treat_missing_data"] == "notBreaching"


def test_alarm_topic_takes_no_key_that_cloudwatch_may_not_use(stacks: Stacks) -> None:
    """https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns"""
    keys = {body["name"].rpartition("-")[2]: body.get("kms_master_key_id") for body in of_type(stacks, "aws_sns_topic")}
    assert keys == {"alarms": None, "alerts": "alias/aws/sns"}


def test_alarm_topic_takes_messages_of_this_account_only(stacks: Stacks) -> None:
    for body in of_type(stacks, "aws_sns_topic_policy"):
        (statement,) = json.loads(body["policy"])["Statement"]
        assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        assert statement["Action"] == "sns:Publish"
        assert "account_id" in statement["Condition"]["StringEquals"]["AWS:SourceAccount"]


def test_people_read_worded_alerts_and_the_formatter_the_raw_ones(stacks: Stacks) -> None:
    subscriptions = Counter(
        (body["protocol"], "alarm_topic" if "_alarm_topic" in body["topic_arn"] else "alert_topic")
        for body in of_type(stacks, "aws_sns_topic_subscription")
    )
    regions = len({region_of(stacks, body) for body in of_type(stacks, "aws_sns_topic")})
    assert subscriptions == {("lambda", "alarm_topic"): regions, ("email", "alert_topic"): regions}


def test_without_alerts_there_are_topics_but_nobody_is_told(silent: Stacks) -> None:
    assert of_type(silent, "aws_sns_topic") != []
    assert of_type(silent, "aws_sns_topic_subscription") == []
    assert of_type(silent, "aws_budgets_budget") == []
    assert all("-alerts-" not in body["function_name"] for body in of_type(silent, "aws_lambda_function"))


def test_formatter_reads_the_webhook_from_one_parameter_only() -> None:
    webhook = '[alerts]\nwebhook_url = "ssm:/failover-site-demo/webhook"\n'
    stacks = stacks_of(replaced(DEMO, ("[alerts]\n", webhook)))
    policies = [json.loads(body["policy"]) for body in of_type(stacks, "aws_iam_role_policy")]
    readers = [
        statement
        for policy in policies
        for statement in policy["Statement"]
        if statement["Action"] == "ssm:GetParameter"
    ]
    assert len(readers) == 2
    assert all(reader["Resource"].endswith(":parameter/failover-site-demo/webhook") for reader in readers)


@pytest.mark.parametrize(("email", "is_all"), [("", True), ('email = "oncall@example.com"\n', False)])
def test_formatter_knows_whether_the_webhook_is_all_there_is(email: str, is_all: bool) -> None:
    (had,) = re.findall(r"^email = .*\n", DEMO, re.MULTILINE)
    stacks = stacks_of(replaced(DEMO, (had, f'{email}webhook_url = "ssm:/failover-site-demo/webhook"\n')))
    formatters = [body for body in of_type(stacks, "aws_lambda_function") if "-alerts-" in body["function_name"]]
    assert formatters
    assert all(("WEBHOOK_ONLY" in body["environment"]["variables"]) is is_all for body in formatters)


def test_budget_is_the_objective_and_mails_before_and_after_it_is_passed(site: SiteFile, stacks: Stacks) -> None:
    (budget,) = of_type(stacks, "aws_budgets_budget")
    assert float(budget["limit_amount"]) == site.objectives.monthly_cost_usd
    assert (budget["limit_unit"], budget["time_unit"]) == ("USD", "MONTHLY")
    kinds = {entry["notification_type"]: entry for entry in budget["notification"]}
    assert set(kinds) == {"FORECASTED", "ACTUAL"}
    assert all(entry["subscriber_email_addresses"] == [site.alerts.email] for entry in kinds.values())


def test_timeline_takes_state_changes_of_the_sites_alarms_into_a_log_group(site: SiteFile, stacks: Stacks) -> None:
    rules = [body for body in of_type(stacks, "aws_cloudwatch_event_rule") if "event_pattern" in body]
    for rule in rules:
        pattern = json.loads(rule["event_pattern"])
        assert pattern["detail-type"] == ["CloudWatch Alarm State Change"]
        assert pattern["detail"]["alarmName"] == [{"prefix": f"{site.prefix}-alarm-"}]
    places = {region_of(stacks, rule) for rule in rules}
    assert places == {region_of(stacks, body) for body in of_type(stacks, "aws_cloudwatch_metric_alarm")}


def test_only_the_timelines_own_rule_may_write_its_log(stacks: Stacks) -> None:
    for body in of_type(stacks, "aws_cloudwatch_log_resource_policy"):
        (_, statement) = json.loads(body["policy_document"])["Statement"]
        assert statement["Action"] == "logs:PutLogEvents"
        assert "events_" in statement["Condition"]["ArnEquals"]["aws:SourceArn"]


def test_overview_shows_alarms_timeline_and_cost(stacks: Stacks) -> None:
    (body,) = (
        body for body in of_type(stacks, "aws_cloudwatch_dashboard") if body["dashboard_name"].endswith("overview")
    )
    widgets = json.loads(body["dashboard_body"])["widgets"]
    assert {widget["type"] for widget in widgets} == {"text", "alarm", "metric", "log"}
    assert any("EstimatedCharges" in str(widget) for widget in widgets)


def test_overview_shows_what_the_use_of_each_region_costs(site: SiteFile, stacks: Stacks) -> None:
    (body,) = (
        body for body in of_type(stacks, "aws_cloudwatch_dashboard") if body["dashboard_name"].endswith("overview")
    )
    graphs = [widget["properties"] for widget in json.loads(body["dashboard_body"])["widgets"]]
    of_cost = {graph["region"]: graph for graph in graphs if graph.get("title", "").startswith("Use of ")}
    assert list(of_cost) == [region.name for region in site.region]
    for region, graph in of_cost.items():
        drawn = [line[0] for line in graph["metrics"] if "expression" in line[0]]
        read = {line[-1]["id"]: line for line in graph["metrics"] if len(line) > 1}
        assert all(line[-1]["visible"] is False and line[-1]["period"] == 86_400 for line in read.values())
        assert {id_ for each in drawn for id_ in re.findall(r"m\d_\d", each["expression"])} == set(read)
        assert f"region-{region}" in str(read["m0_0"])  # this region's bucket, by the outputs of its stack


def test_use_of_a_region_is_priced_as_failover_cost_does() -> None:
    prices = tomllib.loads((Path(__file__).parents[2] / "scripts/cost/prices.toml").read_text(encoding="utf-8"))
    assert {name: prices[name]["usd"] for name in PRICES} == PRICES
    stored, requests, function, sent = usage_cost("b", "a", "f", memory_megabytes=512)
    used: dict[str, float | None] = {"m": 50e9, "n": 0}
    assert evaluate_expression(expression(stored, ["m"]), used) == pytest.approx(50e9 / 1024**3 * 0.0245 / 30)
    assert evaluate_expression(expression(requests, ["m"]), {"m": 1e6}) == pytest.approx(1.2)
    # A million runs of 50 ms each with half a gigabyte.
    assert evaluate_expression(expression(function, ["m", "n"]), {"m": 1e6, "n": 50e6}) == pytest.approx(
        0.2 + 25_000 * 0.0000133334
    )
    assert evaluate_expression(expression(sent, ["m"]), {"m": 1024.0**3}) == pytest.approx(0.09)
    assert "e-" not in expression(stored, ["m"])


def test_widgets_do_not_overlap_and_stay_on_the_grid(stacks: Stacks) -> None:
    for body in of_type(stacks, "aws_cloudwatch_dashboard"):
        cells: Counter[tuple[int, int]] = Counter()
        for widget in json.loads(body["dashboard_body"])["widgets"]:
            assert widget["x"] + widget["width"] <= 24
            cells.update(
                (widget["x"] + right, widget["y"] + down)
                for right in range(widget["width"])
                for down in range(widget["height"])
            )
        assert max(cells.values()) == 1


def test_composite_alarms_name_alarms_that_exist(full: Stacks) -> None:
    rules = {
        body["alarm_name"].partition("-alarm-")[2]: body["alarm_rule"]
        for body in of_type(full, "aws_cloudwatch_composite_alarm")
    }
    assert set(rules) == {"serving-from-secondary"}
    for rule in rules.values():
        references = re.findall(r"aws_cloudwatch_metric_alarm\.([\w-]+)\.alarm_name", rule)
        assert set(references) <= set(full["monitoring"]["resource"]["aws_cloudwatch_metric_alarm"])
        assert references


def test_names_stay_within_the_limits_of_iam_and_s3() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html and S3's bucketnamingrules.html"""
    text = replaced(
        DEMO,
        ('"failover-site"', f'"{"p" * 20}"'),
        ('"demo"', f'"{"e" * 12}"'),
        ('"eu-central-1"', '"ap-northeast-1"'),
        ('"us-east-1"', '"ap-southeast-1"'),
    )
    stacks = stacks_of(text + EVERYTHING)
    account = re.compile(r"\$\{data\.aws_caller_identity\.\w+\.account_id\}")
    buckets = [account.sub("1" * 12, body["bucket"]) for body in of_type(stacks, "aws_s3_bucket")]
    assert max(map(len, buckets)) <= 63
    assert max(len(body["name"]) for body in of_type(stacks, "aws_iam_role")) <= 64
    assert max(len(body["function_name"]) for body in of_type(stacks, "aws_lambda_function")) <= 64


def test_canaries_are_in_both_regions_and_ask_the_public_name(full: Stacks) -> None:
    canaries = of_type(full, "aws_synthetics_canary")
    assert {region_of(full, body) for body in canaries} == {"eu-central-1", "us-east-1"}
    for body in canaries:
        assert body["run_config"]["environment_variables"] == {"SITE_URL": "https://www.example.test"}


def test_replication_alarms_read_the_metrics_of_a_rule_that_publishes_them(full: Stacks, stacks: Stacks) -> None:
    found = [body for body in of_type(full, "aws_cloudwatch_metric_alarm") if "replication" in body["alarm_name"]]
    assert len(found) == 4
    for body in found:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html
        assert region_of(full, body) == body["alarm_name"].rpartition("-to-")[2]
        assert body["treat_missing_data"] == "ignore"
    (source,) = full["attachment-us-east-1"]["resource"]["aws_s3_bucket_replication_configuration"].values()
    (rule,) = source["rule"]
    assert {body["dimensions"]["RuleId"] for body in found} == {rule["id"]}
    assert rule["destination"]["metrics"] == {"status": "Enabled"}
    assert "metrics" not in str(of_type(stacks, "aws_s3_bucket_replication_configuration"))


@pytest.mark.parametrize(
    ("feature", "usd"),
    [
        ("certificate_alarms = true", 0.30),
        ("composite_alarms = true", 0.50),
        ("origin_latency = true", 2.50),
        ("canary = true", 3.70),
        ("replication_metrics = true", 2.80),
    ],
)
def test_price_of_a_feature_is_what_its_docstring_says(stacks: Stacks, example: str, feature: str, usd: float) -> None:
    text = example_text(example)
    with_section = text if "\n[features]\n" in text else f"{text}\n[features]\n"
    dearer = stacks_of(with_section.replace("\n[features]\n", f"\n[features]\n{feature}\n"))
    assert monthly_cost_usd(estimate(dearer)) - monthly_cost_usd(estimate(stacks)) == pytest.approx(usd, abs=0.02)


def test_outputs_hold_nothing_secret(stacks: Stacks) -> None:
    outputs = stacks["monitoring"]["output"]
    assert "webhook" not in json.dumps(outputs)
    # cdktf adds the outputs through which stacks read each other; this one is read by nobody.
    assert set(outputs) == {
        "alarm_names",
        "alarm_topic_arns",
        "alert_regions",
        "alert_topic_arns",
        "custom_metrics_namespace",
        "dashboard_names",
        "event_log_groups",
    }


def test_nothing_that_serves_depends_on_the_monitoring(stacks: Stacks) -> None:
    for name, stack in stacks.items():
        if name != "monitoring":
            assert "cross-stack-reference-input-monitoring" not in json.dumps(stack.get("data", {}))


@pytest.mark.parametrize("kind", AlarmKind)
def test_formatter_knows_every_kind_of_alarm(kind: AlarmKind) -> None:
    assert kind.value in GUIDES


def test_formatter_knows_no_other_kind() -> None:
    assert set(GUIDES) == {kind.value for kind in AlarmKind}


def test_advice_without_cloudfront_leaves_out_what_it_has_not() -> None:
    """`failover evacuate` is refused there, and there is no origin group."""
    only_behind_cloudfront = {AlarmKind.PATH, AlarmKind.EDGE_ERRORS, AlarmKind.ORIGIN_LATENCY}
    states = {"eu-central-1": False, "us-east-1": True}
    checks = Checks(regions=tuple(states), states=states, reasons={}, has_path=False)
    for kind in set(AlarmKind) - only_behind_cloudfront:
        advice = guide_of(kind.value, "eu-central-1", checks)
        said = f"{advice.covers} {advice.todo}"
        assert not any(word in said for word in ("failover evacuate", "Layer 1", "CloudFront,")), kind


def test_page_lists_exactly_the_alarms_that_there_are(full: Stacks) -> None:
    """Those of docs/MONITORING.md's tables; only an external endpoint brings the one that this site has not."""
    lines = (ROOT / "docs" / "MONITORING.md").read_text(encoding="utf-8").splitlines()
    begins = [number for number, line in enumerate(lines) if line.startswith(("| Alarm |", "| `[features]` |"))]
    rows = [line for begin in begins for line in itertools.takewhile(lambda line: line.startswith("|"), lines[begin:])]
    listed = {name for row in rows for name in re.findall(r"`([a-z][a-z0-9-]+)(?:\.<[^`]*)?`", row)}
    bodies = of_type(full, "aws_cloudwatch_metric_alarm") + of_type(full, "aws_cloudwatch_composite_alarm")
    bodies += full["prober-eu-west-1"]["resource"]["aws_cloudwatch_metric_alarm"].values()
    there = {body["alarm_name"].partition("-alarm-")[2].partition(".")[0] for body in bodies}
    assert there == {kind.value for kind in AlarmKind} - {AlarmKind.EXTERNAL.value}
    assert {name for name in listed if "-" in name and not name.startswith("us-")} == {kind.value for kind in AlarmKind}


@pytest.mark.parametrize("kind", AlarmKind)
def test_runbook_has_a_section_for_every_kind_of_alarm(kind: AlarmKind) -> None:
    runbook = (ROOT / "docs" / "DISASTER_RECOVERY.md").read_text(encoding="utf-8")
    assert f"\n### {kind.value}\n" in runbook


def test_every_certificate_that_serves_has_its_alarm_in_its_own_region(full: Stacks) -> None:
    """The metric is where the certificate is; CloudFront's is in us-east-1 beside that region's own."""
    found = [body for body in of_type(full, "aws_cloudwatch_metric_alarm") if body.get("metric_name") == "DaysToExpiry"]
    places = {body["alarm_name"].rpartition(".")[2]: region_of(full, body) for body in found}
    assert places == {"eu-central-1": "eu-central-1", "us-east-1": "us-east-1", "cloudfront": "us-east-1"}
    assert len({body["dimensions"]["CertificateArn"] for body in found}) == 3
    assert {(body["threshold"], body["comparison_operator"]) for body in found} == {(45, "LessThanOrEqualToThreshold")}
    assert {body["treat_missing_data"] for body in found} == {"ignore"}


def test_without_cloudfront_the_certificate_that_no_distribution_uses_has_no_alarm() -> None:
    stacks = stacks_of(example_text("regional.example") + "[features]\ncertificate_alarms = true\n")
    names = [body["alarm_name"] for body in of_type(stacks, "aws_cloudwatch_metric_alarm")]
    assert sum("certificate-expiring" in name for name in names) == 2
    assert not any(name.endswith(".cloudfront") for name in names)
