"""What is said of an outage, held against what is so."""

from typing import Any

import pytest

from tools.statements.judgement import Said, Seen, wrong_statements

PRIMARY, SECONDARY, HOSTNAME = "eu-central-1", "us-east-1", "www.example.test"
RUNBOOK = "\n### path-unhealthy\n"
OUTAGE = {
    HOSTNAME: Seen(serves=True, region=SECONDARY),
    f"distribution in {PRIMARY}": Seen(serves=False),
    f"regional endpoint in {PRIMARY}": Seen(serves=True, region=PRIMARY),
}
MAIL = ("[ALARM] www: CloudFront does not serve; us-east-1 takes over", 'section "path-unhealthy"\nus-east-1')


def status(**users: Any) -> dict[str, Any]:
    entries = [{"name": name, "serves": seen.serves, "region": seen.region} for name, seen in OUTAGE.items()]
    return {"users": {"are_served": True, "layer": 3, **users}, "entries": entries, "exit_code": 1, "problems": ["x"]}


def wrong(*mails: tuple[str, str], exit_code: int = 1, **users: Any) -> list[str]:
    said = Said(status=status(**users), exit_code=exit_code, mails=mails)
    return wrong_statements(OUTAGE, said, public=HOSTNAME, first_region=PRIMARY, runbook=RUNBOOK)


def test_what_is_so_is_not_wrong() -> None:
    assert wrong(MAIL) == []


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (wrong(MAIL, layer=1), "layer 1 covers, it is 3"),
        (wrong(MAIL, are_served=False), "not served"),
        (wrong(MAIL, exit_code=0), "exits with 0 though something fails"),
        (wrong(MAIL, MAIL), "2 alerts for one cause"),
        (
            wrong(("[ALARM] www: the bucket in eu-central-1 does not answer", "eu-central-1")),
            "blames a bucket that answers",
        ),
        (wrong((MAIL[0], "us-east-1: failover evacuate eu-central-1")), "advises to evacuate"),
        (wrong((MAIL[0], "no place")), "names no region"),
        (wrong((MAIL[0], 'us-east-1 section "no-such"')), "no section no-such"),
        (wrong(("[OK] www: the CloudFront path serves again", "us-east-1")), "told as over while it lasts"),
    ],
)
def test_what_is_not_so_is_named(found: list[str], words: str) -> None:
    assert any(words in each for each in found), found
