"""The site file that `failover init` writes: it says what was answered, and no answer breaks out of its quotes."""

import tomllib
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scripts.errors import WrongUsageError
from scripts.onboarding.site_file import Answers, text_of

ANSWERS = Answers(
    domain="example.com",
    hostname="www.example.com",
    project="shop",
    environment="prod",
    primary="eu-central-1",
    secondary="eu-west-1",
)


def test_file_says_what_was_answered() -> None:
    site = tomllib.loads(
        text_of(replace(ANSWERS, email="oncall@example.com", state_bucket="states", state_region="eu-north-1"))
    )
    assert site["site"] == {
        "domain_name": "example.com",
        "hostname": "www.example.com",
        "environment": "prod",
        "project": "shop",
    }
    assert [(region["name"], region["role"]) for region in site["region"]] == [
        ("eu-central-1", "primary"),
        ("eu-west-1", "secondary"),
    ]
    assert site["alerts"] == {"email": "oncall@example.com"}
    assert site["state"] == {"backend": "s3", "bucket": "states", "region": "eu-north-1"}


def test_nothing_answered_is_a_comment_and_no_empty_key() -> None:
    site = tomllib.loads(text_of(ANSWERS))
    assert site["alerts"] == {}
    assert site["state"] == {"backend": "local"}
    assert "hosted_zone_id" not in site["site"]


@pytest.mark.parametrize(("interval", "least"), [(10, 117), (30, 174)])
def test_objective_can_be_met_by_the_arithmetic_of_the_checks(interval: int, least: int) -> None:
    assert tomllib.loads(text_of(replace(ANSWERS, interval=interval)))["objectives"]["rto_seconds"] >= least


@given(st.text(max_size=30))
@example("\x7f")
def test_any_answer_stays_within_its_key_or_is_refused(text: str) -> None:
    try:
        site = tomllib.loads(text_of(replace(ANSWERS, project=text)))
    except WrongUsageError:
        return
    assert site["site"]["project"] == text
    assert set(site["site"]) == {"domain_name", "hostname", "environment", "project"}
