"""What is said of an outage, held against what is so."""

import asyncio
import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from localcloud.gateway.faults import TARGETS, FaultKind
from scripts.clock import AwsClock
from scripts.errors import EnvironmentFailureError
from scripts.local.endpoints import Endpoints
from tools.statements.__main__ import exit_code, main, read_rows
from tools.statements.faults import Fault, all_faults, faults_of
from tools.statements.judgement import Said, Seen, wrong_statements
from tools.statements.lateness import Lateness, watched
from tools.statements.page import BEGINS, ENDS, count, into_page, markdown
from tools.statements.rehearsal import Rehearsal, Row, published_page
from tools.statements.rehearsals import rows
from tools.statements.truth import Client

PRIMARY, SECONDARY, HOSTNAME = "eu-central-1", "us-east-1", "www.example.test"
RUNBOOK = "\n### path-unhealthy\n"
OUTAGE = {
    HOSTNAME: Seen(serves=True, region=SECONDARY),
    f"distribution in {PRIMARY}": Seen(serves=False),
    f"distribution in {SECONDARY}": Seen(serves=False),
    f"regional endpoint in {PRIMARY}": Seen(serves=True, region=PRIMARY),
    f"regional endpoint in {SECONDARY}": Seen(serves=True, region=SECONDARY),
}
SPARE_IS_ILL = OUTAGE | {
    HOSTNAME: Seen(serves=True, region=PRIMARY, by_cloudfront=True),
    f"distribution in {PRIMARY}": Seen(serves=True, region=PRIMARY, by_cloudfront=True),
    f"distribution in {SECONDARY}": Seen(serves=True, region=PRIMARY, by_cloudfront=True),
    f"regional endpoint in {SECONDARY}": Seen(serves=False),
}
ALL_IS_WELL = SPARE_IS_ILL | {
    f"distribution in {SECONDARY}": Seen(serves=True, region=SECONDARY, by_cloudfront=True),
    f"regional endpoint in {SECONDARY}": Seen(serves=True, region=SECONDARY),
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


ALERTS = {
    "blames CloudFront, which serves": "CloudFront does not serve; us-east-1 takes over by DNS",
    "blames a distribution that serves": "the distribution in us-east-1 is down",
    "blames a bucket that answers": "the bucket in us-east-1, the spare one, does not answer",
    "blames a spare region that answers": "the spare region us-east-1 does not answer (bucket or distribution)",
    "says that us-east-1 serves, which does not": "the bucket in eu-central-1 does not answer; us-east-1 covers",
}
ENDS_OF_ALERTS = (
    "the bucket in us-east-1 answers again",
    "the spare region us-east-1 answers again",
    "the CloudFront path serves again",
)


def about_alert(subject: str, truth: dict[str, Seen], state: str = "ALARM") -> list[str]:
    """Return what is wrong with an alert, or the end of one, whatever `status` says."""
    said = Said(status=status(), exit_code=1, mails=[(f"[{state}] www: {subject}", "eu-central-1")])
    found = wrong_statements(truth, said, public=HOSTNAME, first_region=PRIMARY, runbook=RUNBOOK)
    return [each for each in found if subject in each]


@pytest.mark.parametrize("words", ALERTS)
def test_alert_of_what_is_well_is_wrong(words: str) -> None:
    assert words in "".join(about_alert(ALERTS[words], ALL_IS_WELL))


@pytest.mark.parametrize(
    ("words", "truth"),
    [
        ("blames CloudFront, which serves", OUTAGE),
        ("blames a distribution that serves", OUTAGE),
        ("blames a bucket that answers", SPARE_IS_ILL),
        ("blames a spare region that answers", SPARE_IS_ILL),
        (
            "says that us-east-1 serves, which does not",
            OUTAGE | {f"regional endpoint in {PRIMARY}": Seen(serves=False)},
        ),
    ],
)
def test_alert_of_what_is_so_is_right(words: str, truth: dict[str, Seen]) -> None:
    assert about_alert(ALERTS[words], truth) == []


@pytest.mark.parametrize("subject", ENDS_OF_ALERTS)
def test_end_is_wrong_as_long_as_it_has_not_come(subject: str) -> None:
    ill = SPARE_IS_ILL | {name: Seen(serves=False) for name in SPARE_IS_ILL if name.startswith("distribution")}
    assert about_alert(subject, ill, "OK") == [f"told as over while it lasts: [OK] www: {subject}"]
    assert about_alert(subject, ALL_IS_WELL, "OK") == []


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


def test_copies_with_other_ports_say_the_same() -> None:
    said = [replace(ROWS[0], kind=f"kind-{port}", status=f"127.0.0.1 port {port} is silent") for port in (4, 5)]
    (line,) = markdown(said).splitlines()[2:]
    assert "kind-4, kind-5" in line
    assert "| the name server is silent |" in line


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
    # All of AWS's edge at once and a server outside AWS are of a site with a last exit, whose drill tells what becomes of them; a
    # custom origin is of a distribution that this project does not make.
    assert places == known - {"aws-edge", "server", "origin"}
    assert ("cloudfront:us-east-1", "nxdomain") in tried
    assert ("dns", "corrupt") not in tried


def test_a_control_plane_is_silent_until_its_alarm_can_be_on() -> None:
    lasts = {fault.place: fault.aws_seconds for fault in faults_of((PRIMARY, SECONDARY), {})}
    assert lasts["api:us-east-1"] > 2 * 5 * 60 + 60  # two runs of five minutes, and an evaluation
    assert lasts["s3:us-east-1"] == lasts["dns"] == 300


def test_fault_of_a_distribution_is_ordered_by_its_id_with_the_value_of_its_kind() -> None:
    ordered = {fault.name: fault.order() for fault in faults_of((PRIMARY, SECONDARY), {SECONDARY: "E2"})}
    assert ordered["cloudfront:us-east-1/status"] == {"target": "cloudfront:E2", "kind": "status", "value": 503}
    assert ordered["dns/hang"] == {"target": "dns", "kind": "hang"}


@pytest.mark.parametrize(
    ("worst_real_seconds", "speed", "is_told"), [(0.2, 5, False), (0.21, 5, True), (0.21, 4, False), (0.0, 100, False)]
)
def test_machine_that_was_late_by_half_a_checkers_patience_tells_nothing(
    worst_real_seconds: float, speed: float, is_told: bool
) -> None:
    assert (Lateness(worst_real_seconds).reason(speed) is not None) is is_told


def test_lateness_is_what_a_nap_took_too_long() -> None:
    async def held_up() -> float:
        async with watched() as lateness:
            await asyncio.sleep(0)  # the first nap begins
            time.sleep(0.3)  # the event loop is held up, as by a busy machine
            await asyncio.sleep(0.1)
            return lateness.worst_real_seconds

    assert 0.2 < asyncio.run(held_up()) < 5


BUSY = "this machine was busy"


class Tried(Rehearsal):
    """A rehearsal whose faults turn out as given, without a site."""

    def __init__(self, *verdicts: Row) -> None:
        self.left = list(verdicts)
        self.slowed_down = 0

    async def _slow_down(self) -> None:
        self.slowed_down += 1

    async def _row(self, fault: Fault, lateness: Lateness) -> Row:  # noqa: ARG002  as in the class
        return self.left.pop(0)


def of(row: Row, **changed: Any) -> Row:
    return replace(row, **changed)


FAULT = Fault(target="dns", place="dns", kind="hang")
RIGHT = of(ROWS[0], wrong=[])
WRONG = of(RIGHT, wrong=["status says so"])
NOBODY_KNOWS = of(WRONG, inconclusive=BUSY)


@pytest.mark.parametrize(
    ("turns_out", "becomes", "repeats"),
    [
        ((RIGHT, WRONG), RIGHT, 0),
        ((WRONG, RIGHT), WRONG, 0),
        ((NOBODY_KNOWS, RIGHT, WRONG), RIGHT, 1),
        ((NOBODY_KNOWS, WRONG, RIGHT), WRONG, 1),
        ((NOBODY_KNOWS,) * 4, NOBODY_KNOWS, 2),
    ],
)
def test_fault_is_run_again_and_slower_only_where_nobody_knows(
    turns_out: tuple[Row, ...], becomes: Row, repeats: int
) -> None:
    rehearsal = Tried(*turns_out)
    assert asyncio.run(rehearsal.row(FAULT)) == becomes
    assert (rehearsal.slowed_down, len(rehearsal.left)) == (repeats, len(turns_out) - 1 - repeats)


def test_faults_are_shared_out_among_the_copies_and_each_is_tried_once() -> None:
    async def found() -> list[Row]:
        return [row async for row in rows([Tried(*ROWS[:2]), Tried(*ROWS[2:])], [FAULT] * 4)]

    assert sorted(row.name for row in asyncio.run(found())) == sorted(row.name for row in ROWS)


def test_failure_of_one_copy_ends_the_run() -> None:
    async def found() -> list[Row]:
        return [row async for row in rows([Tried(), Tried(RIGHT)], [FAULT] * 2)]

    with pytest.raises(ExceptionGroup):
        asyncio.run(found())


@pytest.mark.parametrize(
    ("found", "code"),
    [([RIGHT], 0), ([RIGHT, WRONG], 1), ([RIGHT, NOBODY_KNOWS], 3), ([NOBODY_KNOWS, WRONG], 1)],
)
def test_exit_code_is_1_for_what_is_wrong_and_3_for_what_nobody_knows(found: list[Row], code: int) -> None:
    assert exit_code(found) == code


def test_what_nobody_knows_is_no_wrong_statement_and_none_that_is_right() -> None:
    assert (
        count([RIGHT, NOBODY_KNOWS])
        == "0 wrong statements over 2 faults, 1 of them inconclusive: this machine was busy"
    )
    assert markdown([NOBODY_KNOWS]).endswith("| inconclusive |")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["dns/corrupt", "nowhere/hang"], "no fault dns/corrupt, nowhere/hang; --list prints them"),
        (["dns/hang", "--page"], "name none with it"),
        (["--copies", "0"], "--copies 0: at least 1"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_deployed(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code: object = main([*arguments, "--folder", str(tmp_path)])
    except SystemExit as ended:
        code = ended.code
    assert (code, list(tmp_path.iterdir())) == (2, [])
    assert words in capsys.readouterr().err


def test_list_has_every_fault_and_deploys_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "--folder", str(tmp_path)]) == 0
    assert len(capsys.readouterr().out.split()) == 104
    assert list(tmp_path.iterdir()) == []


def test_what_an_earlier_run_found_is_gone_on_with_but_for_what_nobody_knows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "rows.json"
    hang, refuse = of(RIGHT, place="dns", kind="hang"), of(NOBODY_KNOWS, place="dns", kind="refuse")
    kept.write_text(json.dumps([hang.to_json(), refuse.to_json()]), encoding="utf-8")
    assert read_rows(kept) == {"dns/hang": hang}
    assert read_rows(tmp_path / "none.json") == {}
    assert main(["dns/hang", "--resume", "--folder", str(tmp_path)]) == 0  # nothing is left, so nothing is deployed
    assert "| `dns` | hang |" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["rows.json"]


@pytest.mark.parametrize(("region", "layer", "is_right"), [(PRIMARY, None, True), (SECONDARY, 1, False)])
def test_exit_code_0_is_right_where_everything_serves_and_no_layer_covers(
    region: str, layer: int | None, is_right: bool
) -> None:
    truth = ALL_IS_WELL | {HOSTNAME: Seen(serves=True, region=region, by_cloudfront=True)}
    entries = [{"name": name, "serves": True, "region": seen.region} for name, seen in truth.items()]
    document = {"users": {"are_served": True, "layer": layer}, "entries": entries, "exit_code": 0}
    said = Said(status=document, exit_code=0, mails=[])
    found = wrong_statements(truth, said, public=HOSTNAME, first_region=PRIMARY, runbook=RUNBOOK)
    assert found == ([] if is_right else ["status exits with 0 though something fails"])


QUICK = AwsClock(speed=1e6)


@pytest.mark.parametrize(
    "before",
    [
        [],
        [{"www": "old", "endpoint": "new"}],
        [{"www": "", "endpoint": "new"}, {"www": "", "endpoint": ""}],
    ],
)
def test_right_page_is_the_one_that_every_entry_serves(before: list[dict[str, str]]) -> None:
    left = [*before, {"www": "new", "endpoint": "new"}]
    assert asyncio.run(published_page(lambda: left.pop(0), QUICK)) == "new"
    assert not left


def test_copy_whose_entries_never_agree_is_no_measure() -> None:
    with pytest.raises(EnvironmentFailureError, match="different home pages"):
        asyncio.run(published_page(lambda: {"www": "old", "endpoint": "new"}, QUICK))


@pytest.mark.parametrize(("status", "expected"), [(200, "of-the-page"), (404, ""), (503, "")])
def test_error_page_is_no_home_page(monkeypatch: pytest.MonkeyPatch, status: int, expected: str) -> None:
    client = Client(endpoints=cast("Endpoints", None), hostname=HOSTNAME, entries={"public name": (HOSTNAME, HOSTNAME)})
    monkeypatch.setattr(Client, "_address", lambda *_: "127.0.0.1")
    monkeypatch.setattr(Client, "_read", lambda *_: (status, {}, "of-the-page", b"<h1>it says something</h1>"))
    assert client.home_pages() == {"public name": expected}
