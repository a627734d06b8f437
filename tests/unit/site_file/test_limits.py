"""What a section would accept by its type and AWS or Terraform would not; generated site files found most of it."""

from pathlib import Path

import pytest

from constructs_lib.errors import ConfigError
from constructs_lib.site_file.loader import load_site_file
from tests.worlds.routing_site import write_site

ENDPOINT = '[[endpoint]]\nname = "dc"\nipv4_address = "203.0.113.1"\n'
NEAR = f'{ENDPOINT}near_region = "eu-west-3"\n'
PLACED = f"{ENDPOINT}latitude = 48.86\nlongitude = 2.35\n"
REPOSITORY = f"repo:{'o' * 39}@1/{'n' * 100}@2"
LONG = "w" * 44


def refused(folder: Path, policy: str, **parts: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_site_file(write_site(folder, "regional", policy, **parts))
    return str(caught.value)


# (policy, keys of an endpoint or tables, the key named, a part of what is allowed or to do)
REFUSED = [
    ("latency", f'{NEAR}check_host = "${{data.x}}"', "endpoint[0].check_host", "templates"),
    ("latency", f'{NEAR}check_host = "www.example.com:8443"', "endpoint[0].check_host", "without scheme, port or path"),
    ("latency", f'{NEAR}check_path = "/${{x}}"', "endpoint[0].check_path", "templates"),
    ("latency", f'{NEAR}check_search_string = "%{{ if true }}"', "endpoint[0].check_search_string", "templates"),
    ("latency", f'{NEAR}ipv6_address = "2001:4860::8888%eth0"', "endpoint[0].ipv6_address", "without %"),
    ("geoproximity", PLACED.replace("48.86", "48.8566"), "endpoint[0].latitude", "write 48.86"),
    ("geoproximity", PLACED.replace("48.86", "nan"), "endpoint[0].latitude", "a number from -90 to 90"),
    ("failover", "[traffic]\nrequests_per_page_view = nan", "traffic.requests_per_page_view", "a number"),
    ("failover", "[objectives]\nmonthly_cost_usd = 0.001", "objectives.monthly_cost_usd", "a number from 0.01"),
    ("failover", '[alerts]\nemail = "on\\u0007call@example.com"', "alerts.email", "an e-mail address"),
    ("failover", '[[content.rule]]\npattern = "a\\u0007b"', "content.rule[0].pattern", "control characters"),
    ("failover", '[alerts]\nemail = "${x}@example.com"', "alerts.email", "an e-mail address"),
    ("failover", '[alerts]\nrunbook_url = "https://a/${path.module}"', "alerts.runbook_url", "templates"),
    ("failover", f'[alerts]\nrunbook_url = "https://{"u" * 1001}"', "alerts.runbook_url", "at most 1,000 characters"),
    ("failover", f'[github]\nsubjects = {[REPOSITORY] * 5}', "github", "at most 2,048 characters"),
    ("failover", "[content]\nrule = [1]", "content.rule[0]", "tables [[content.rule]]"),
    ("failover", "[[content.rule]]\ncontent_type = \"text/css\"", "content.rule[0].pattern", "add pattern to content.rule[0]"),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "more", "key", "text"), REFUSED)
def test_site_file_rejects(tmp_path: Path, policy: str, more: str, key: str, text: str) -> None:
    message = refused(tmp_path, policy, more=more)
    assert f"{key} is" in message
    assert text in message


def test_default_location_without_ipv6_would_leave_ipv6_viewers_without_an_answer(tmp_path: Path) -> None:
    areas = {"first": 'continents = ["EU"]', "second": 'continents = ["NA"]'}
    message = refused(tmp_path, "geolocation", more=f"{ENDPOINT}is_default_location = true", **areas)
    assert "endpoint[0].ipv6_address is missing" in message


def test_weights_that_only_an_endpoint_without_ipv6_has_share_nothing_among_ipv6_viewers(tmp_path: Path) -> None:
    weights = {"first": "weight = 0", "second": "weight = 0"}
    message = refused(tmp_path, "weighted", more=f"{ENDPOINT}weight = 5", **weights)
    assert "only dc, without IPv6, has more" in message


def test_name_of_the_third_region_must_be_a_common_name(tmp_path: Path) -> None:
    third = '[[region]]\nname = "ap-northeast-1"\nrole = "secondary"\n'
    path = write_site(tmp_path, "regional", "latency", more=third)
    text = path.read_text(encoding="utf-8").replace("www.example.com", f"{LONG}.example.com")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="at most 64 characters"):
        load_site_file(path)
    path.write_text(text.replace(third, ""), encoding="utf-8")
    assert load_site_file(path).site.hostname.startswith(LONG)


@pytest.mark.parametrize("value", ['"https://hooks.example.com/T0/SECRET"', '["SECRET"]', '"${SECRET}"'])
@pytest.mark.parametrize("key", ["webhook_url", "webook_url"])
def test_webhook_is_never_shown_whatever_is_wrong_with_it(tmp_path: Path, key: str, value: str) -> None:
    message = refused(tmp_path, "failover", more=f"[alerts]\n{key} = {value}")
    assert "not shown" in message
    assert "SECRET" not in message


def test_unknown_key_with_a_line_break_stays_one_line(tmp_path: Path) -> None:
    assert "alerts.a\\nb is an unknown key" in refused(tmp_path, "failover", more='[alerts]\n"a\\nb" = 1')
