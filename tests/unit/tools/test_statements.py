"""What is said of an outage, held against what is so."""

import re
from pathlib import Path
from typing import Any

import pytest

from localcloud.gateway.faults import TARGETS, FaultKind
from tools.statements.__main__ import main
from tools.statements.judgement import Said, Seen, wrong_statements
from tools.statements.page import BEGINS, ENDS, count, into_page, markdown
from tools.statements.rehearsal import Row, all_faults

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


ROWS = [
    Row(
        place="cloudfront",
        kind=kind,
        users="endpoint, us-east-1",
        status="layer 3 covers",
        exit_code=1,
        alerts=["CloudFront does not serve"],
        sections=["path-unhealthy"],
        wrong=wrong_,
    )
    for kind, wrong_ in (("refuse", []), ("status", []), ("hang", ["status says so"]))
]
ROWS.append(
    Row(place="api", kind="hang", users="CloudFront, x", status="-", exit_code=0, alerts=[], sections=[], wrong=[])
)


def test_table_has_a_line_for_all_kinds_of_which_the_same_is_said() -> None:
    said = "endpoint, us-east-1 | layer 3 covers | 1 | CloudFront does not serve | path-unhealthy"
    assert markdown(ROWS).splitlines()[2:] == [
        "| `api` | hang | CloudFront, x | - | 0 | none | - | 0 |",
        f"| `cloudfront` | refuse, status 503 | {said} | 0 |",
        f"| `cloudfront` | hang | {said} | 1 |",
    ]
    assert count(ROWS) == "1 wrong statements over 4 faults"


def test_table_replaces_what_stood_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGINS}\nold\n{ENDS}\nafter\n", encoding="utf-8")
    into_page(page, ROWS)
    into_page(page, ROWS)
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{BEGINS}\n| What is broken |")
    assert text.endswith(f"1 wrong statements over 4 faults.\n{ENDS}\nafter\n")
    assert "old" not in text


def test_every_kind_that_localcloud_knows_of_a_target_is_tried() -> None:
    tried = list(all_faults(("eu-central-1", "us-east-1")))
    assert len(tried) == len(set(tried))
    assert {kind for _, kind in tried} == {kind.value for kind in FaultKind}
    places = {place.partition(":")[0] for place, _ in tried}
    known = {target.split(":")[0].strip() for target in re.sub("<.*?>", "", TARGETS).split(",")}
    # All of AWS's edge at once, and a server outside AWS: of a site with a last exit, whose drill tells what becomes of them.
    assert places == known - {"aws-edge", "server"}
    assert ("cloudfront:us-east-1", "nxdomain") in tried
    assert ("dns", "corrupt") not in tried


def test_folder_of_no_demo_is_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 3
    assert capsys.readouterr().err.startswith(f"statements: {tmp_path}/localcloud/endpoints.json is not there: ")
