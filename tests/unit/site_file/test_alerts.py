"""`[alerts]` and `[features]` of the site file: defaults, and what each refusal says."""

from pathlib import Path

import pytest

from tests.worlds.site_file_reports import GOOD, load, report

PLAIN = GOOD.partition("[alerts]")[0] + '[state]\nbackend = "local"\n'


def test_nobody_is_told_and_nothing_costs_by_default(tmp_path: Path) -> None:
    site = load(tmp_path, PLAIN)
    assert site.alerts.are_delivered is False
    assert not any(site.features.model_dump().values())


@pytest.mark.parametrize("line", ['email = "oncall@example.test"', 'webhook_url = "ssm:/site/webhook"'])
def test_one_way_is_enough_to_be_told(tmp_path: Path, line: str) -> None:
    assert load(tmp_path, f"{PLAIN}[alerts]\n{line}\n").alerts.are_delivered is True


def test_webhook_is_known_by_its_parameter(tmp_path: Path) -> None:
    site = load(tmp_path, f'{PLAIN}[alerts]\nwebhook_url = "ssm:/site/webhook"\n')
    assert site.alerts.webhook_parameter == "/site/webhook"


@pytest.mark.parametrize("url", ["https://hooks.slack.com/services/T0/B0/x", "ssm:relative", "ssm:/with space", "ssm:"])
def test_webhook_rejects_the_url_itself_and_says_where_to_put_it(tmp_path: Path, url: str) -> None:
    text = report(tmp_path, f'{PLAIN}[alerts]\nwebhook_url = "{url}"\n')
    assert "alerts.webhook_url is something else" in text
    assert f'"{url}"' not in text
    assert "ssm:/failover-site-prod/webhook" in text
    assert "aws ssm put-parameter --type SecureString" in text


@pytest.mark.parametrize(
    ("line", "key", "allowed"),
    [
        ('email = "nobody"', "alerts.email", "an e-mail address"),
        ('webhook_format = "teams"', "alerts.webhook_format", '"slack" or "generic"'),
        ('runbook_url = "https://a b"', "alerts.runbook_url", "a link: http:// or https://"),
        ('runbook_url = "docs/DISASTER_RECOVERY.md"', "alerts.runbook_url", "a link: http:// or https://"),
    ],
)
def test_alerts_reject_what_cannot_be_delivered(tmp_path: Path, line: str, key: str, allowed: str) -> None:
    text = report(tmp_path, f"{PLAIN}[alerts]\n{line}\n")
    assert key in text
    assert allowed in text


@pytest.mark.parametrize("name", ["canary", "composite_alarms", "origin_latency", "replication_metrics"])
def test_feature_rejects_what_is_no_boolean(tmp_path: Path, name: str) -> None:
    assert f"features.{name} is 1" in report(tmp_path, f"{PLAIN}[features]\n{name} = 1\n")


@pytest.mark.parametrize(
    ("parameter", "is_refused"), [("/failover-site-demo/webhook", False), ("/elsewhere/webhook", True)]
)
def test_webhook_must_be_one_that_the_boundary_lets_be_read(tmp_path: Path, parameter: str, is_refused: bool) -> None:
    github = '[github]\nsubjects = ["repo:example-org/website", "repo:example-org@1/website@2"]\n'
    text = f'{PLAIN}[alerts]\nwebhook_url = "ssm:{parameter}"\n'
    load(tmp_path, text)  # without roles for GitHub there is no boundary
    bounded = f"{text}{github}".replace('backend = "local"', 'backend = "s3"\nbucket = "a-state"\nregion = "eu-west-1"')
    if is_refused:
        assert "a parameter below /failover-site-demo/" in report(tmp_path, bounded)
    else:
        load(tmp_path, bounded)
