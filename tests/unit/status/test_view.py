"""What answers, checks and alarms mean together: each row is an outage and what status says of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from scripts.errors import AwsError
from scripts.exits.exits import ExitState
from scripts.exits.store import ExitUnavailableError
from scripts.probe.network import Remaining
from scripts.release.overview import Overview, RegionOverview
from scripts.release.routing import Routing
from scripts.status.entries import Answer, Entry, compared
from scripts.status.reports import AlarmReport, CheckReport
from scripts.status.view import Users, View, as_document, exit_code, problems, unknowns, users

PRIMARY, SECONDARY, HOSTNAME = "eu-central-1", "us-east-1", "www.example.test"
PUBLIC = Entry(name=HOSTNAME, hostname=HOSTNAME)
CHECKS = ("path", PRIMARY, SECONDARY)


def good(name: str, served_by: str, region: str) -> Answer:
    return Answer(
        entry=Entry(name=name, hostname=HOSTNAME), addresses=("192.0.2.1",), served_by=served_by, region=region
    )


ENTRIES = (
    good(f"distribution in {PRIMARY}", "cloudfront", PRIMARY),
    good(f"distribution in {SECONDARY}", "cloudfront", SECONDARY),
    good(f"regional endpoint in {PRIMARY}", "endpoint", PRIMARY),
    good(f"regional endpoint in {SECONDARY}", "endpoint", SECONDARY),
)


def checks(*failing: str) -> tuple[CheckReport, ...]:
    return tuple(
        CheckReport(name=name, succeeding=0 if name in failing else 3, checkers=3, reason="Failure: no connection")
        for name in CHECKS
    )


def overview(*, drained: tuple[str, ...] = (), silent: tuple[str, ...] = ()) -> Overview:
    regions: Mapping[str, RegionOverview] = {
        region: RegionOverview(is_drained=region in drained, answers=region not in silent, pointer=None, parity=None)
        for region in (PRIMARY, SECONDARY)
    }
    routing = Routing(active=None, previous=None, drained_regions=drained)
    return Overview(hostname=HOSTNAME, entry="cloudfront", routing=routing, regions=regions)


HEALTHY = View(
    entry="cloudfront",
    first_region=PRIMARY,
    public=replace(good(HOSTNAME, "cloudfront", PRIMARY), entry=PUBLIC),
    entries=ENTRIES,
    checks=checks(),
    alarms=(AlarmReport(region=SECONDARY),),
    overview=overview(),
)


def served(by: str, region: str) -> Answer:
    return replace(HEALTHY.public, served_by=by, region=region)


def broken(problem: str, *names: str) -> tuple[Answer, ...]:
    return tuple(
        replace(each, problem=problem, region=None, served_by=None) if each.entry.name in names else each
        for each in ENTRIES
    )


NO_CLOUDFRONT = broken("refused", f"distribution in {PRIMARY}", f"distribution in {SECONDARY}")
EVERY_CHECK = checks(*CHECKS)


def test_site_without_a_fault_is_served_from_the_primary_and_exits_0() -> None:
    assert users(HEALTHY).sentence == f"users are served by CloudFront from {PRIMARY}"
    assert (users(HEALTHY).layer, problems(HEALTHY), exit_code(HEALTHY)) == (None, [], 0)


@pytest.mark.parametrize(
    ("view", "are_served", "layer", "words"),
    [
        (replace(HEALTHY, public=served("cloudfront", SECONDARY)), True, 1, "layer 1 (origin group) covers"),
        (
            replace(HEALTHY, public=served("cloudfront", SECONDARY), overview=overview(drained=(PRIMARY,))),
            True,
            2,
            f"{PRIMARY} is drained",
        ),
        (replace(HEALTHY, public=served("endpoint", SECONDARY)), True, 3, f"regional endpoint in {SECONDARY}"),
        (replace(HEALTHY, first_region=None, public=served("cloudfront", SECONDARY)), True, None, f"from {SECONDARY}"),
        (replace(HEALTHY, entry="regional", public=served("endpoint", SECONDARY)), True, 3, "layer 3 (DNS) covers"),
        (replace(HEALTHY, entry="regional", public=served("endpoint", PRIMARY)), True, None, "regional endpoint in"),
        (
            replace(HEALTHY, public=Answer(entry=PUBLIC, problem="refused")),
            False,
            None,
            "users are not served: refused",
        ),
        (
            replace(
                HEALTHY, public=replace(served("cloudfront", PRIMARY), is_from_cache=True, marker_problem="status 502")
            ),
            False,
            None,
            "pages that an edge still holds",
        ),
        (
            replace(HEALTHY, public=replace(served("cloudfront", PRIMARY), marker_problem="status 502")),
            False,
            None,
            "status 502",
        ),
        (
            replace(
                HEALTHY, public=compared(replace(served("cloudfront", PRIMARY), digest="bad"), frozenset({"good"}))
            ),
            False,
            None,
            "users get wrong content",
        ),
    ],
)
def test_what_users_get_names_the_layer_that_covers(
    view: View, are_served: bool, layer: int | None, words: str
) -> None:
    found = users(view)
    assert (found.are_served, found.layer) == (are_served, layer)
    assert words in found.sentence


def test_outage_of_cloudfront_before_dns_has_switched_says_who_will_stand_in() -> None:
    view = replace(HEALTHY, public=Answer(entry=PUBLIC, problem="refused"), entries=NO_CLOUDFRONT)
    assert users(view).sentence.endswith("DNS leads there once the path check is unhealthy")
    detected = replace(view, checks=EVERY_CHECK)
    assert users(detected).sentence.endswith(
        f"regional endpoint in {PRIMARY} serves, and DNS leads there within about two minutes"
    )


def test_outage_of_everything_says_that_nothing_stands_in() -> None:
    dead = broken("refused", *(each.entry.name for each in ENTRIES))
    view = replace(HEALTHY, public=Answer(entry=PUBLIC, problem="refused"), entries=dead, checks=EVERY_CHECK)
    assert users(view).sentence.endswith("no other entry serves either")


def test_outage_of_cloudfront_is_one_cause_and_no_region_is_blamed() -> None:
    view = replace(HEALTHY, public=served("endpoint", SECONDARY), entries=NO_CLOUDFRONT, checks=EVERY_CHECK)
    said = problems(view)
    assert exit_code(view) == 1
    assert sum("health check" in each for each in said) == 1
    assert any("CloudFront, for a regional endpoint serves. Evacuating a region moves nothing" in each for each in said)
    assert not any("region check of" in each for each in said)


def test_every_check_unhealthy_without_a_regional_endpoint_leaves_both_causes_open() -> None:
    dead = broken("refused", *(each.entry.name for each in ENTRIES))
    assert any(
        "CloudFront or every bucket" in each for each in problems(replace(HEALTHY, entries=dead, checks=EVERY_CHECK))
    )


ENDS_SOON = Remaining(left_days=3, wanted_days=14)


def test_certificate_that_holds_long_enough_is_no_problem() -> None:
    long = replace(ENTRIES[0], certificate=Remaining(left_days=14.5, wanted_days=14))
    assert problems(replace(HEALTHY, entries=(long, *ENTRIES[1:]))) == []


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (replace(HEALTHY, checks=checks(PRIMARY)), f"the region check of {PRIMARY} is unhealthy (0 of 3 checkers"),
        (replace(HEALTHY, checks=checks("path")), "the path check is unhealthy"),
        (
            replace(HEALTHY, alarms=(AlarmReport(region=SECONDARY, names=("a-alarm",)),)),
            f"alarm on in {SECONDARY}: a-alarm",
        ),
        (replace(HEALTHY, overview=overview(silent=(PRIMARY,))), f"S3 in {PRIMARY} does not answer"),
        (
            replace(HEALTHY, entries=broken("status 503", f"regional endpoint in {SECONDARY}")),
            f"regional endpoint in {SECONDARY} does not serve: status 503",
        ),
        (
            replace(HEALTHY, entries=(replace(ENTRIES[0], marker_problem="status 403"), *ENTRIES[1:])),
            f"distribution in {PRIMARY} has no region marker: status 403",
        ),
        (
            replace(HEALTHY, entries=(replace(ENTRIES[0], certificate=ENDS_SOON), *ENTRIES[1:])),
            f"the certificate that distribution in {PRIMARY} shows expires in 3 days; 14 are wanted: put its validation",
        ),
        (replace(HEALTHY, public=served("endpoint", SECONDARY)), "layer 3 (DNS) covers"),
    ],
)
def test_anything_that_fails_is_named_and_exits_1(view: View, words: str) -> None:
    assert any(words in each for each in problems(view))
    assert exit_code(view) == 1


def test_drain_that_somebody_decided_is_shown_and_is_no_failure() -> None:
    view = replace(HEALTHY, public=served("cloudfront", SECONDARY), overview=overview(drained=(PRIMARY,)))
    assert (users(view).layer, exit_code(view)) == (2, 0)


def test_what_could_not_be_asked_is_unknown_and_never_healthy() -> None:
    error = AwsError(operation="GetHealthCheckStatus", resource="path", code="Throttling")
    view = replace(HEALTHY, checks=(CheckReport(name="path", error=error), *checks()[1:]))
    assert as_document(view)["health_checks"] == {
        "path": {"is_healthy": None, "succeeding": 0, "checkers": 0},
        PRIMARY: {"is_healthy": True, "succeeding": 3, "checkers": 3},
        SECONDARY: {"is_healthy": True, "succeeding": 3, "checkers": 3},
    }
    assert unknowns(view) == [str(error)]
    assert exit_code(view) == 3


def test_failure_counts_more_than_what_is_unknown() -> None:
    view = replace(HEALTHY, overview=None, unasked=("no store",), public=served("endpoint", SECONDARY))
    assert (unknowns(view), exit_code(view)) == (["no store"], 1)


def test_document_holds_the_exit_code_and_every_entry() -> None:
    found = as_document(HEALTHY)
    assert found["exit_code"] == 0
    assert found["users"] == {
        "are_served": True,
        "layer": None,
        "sentence": f"users are served by CloudFront from {PRIMARY}",
    }
    entries = found["entries"]
    assert isinstance(entries, list)
    assert [each["name"] for each in entries] == [HOSTNAME, *(each.entry.name for each in ENTRIES)]
    assert all(each["serves"] for each in entries)


def test_path_check_alone_is_named_where_there_is_no_other() -> None:
    (line,) = [each for each in problems(replace(HEALTHY, checks=checks("path")[:1])) if "check" in each]
    assert line.startswith("the path check is unhealthy")


def test_path_check_and_the_one_region_check_together_are_one_cause() -> None:
    found = problems(replace(HEALTHY, checks=checks("path", PRIMARY)[:2]))
    assert [each.partition(":")[0] for each in found] == ["every health check is unhealthy, which is one cause"]


def test_server_outside_aws_that_serves_is_layer_3() -> None:
    found = users(replace(HEALTHY, public=served("endpoint", "backup"), exit_names=("backup",)))
    assert found == Users(
        are_served=True, layer=3, sentence="layer 3 (DNS) covers: users are served by backup, outside AWS"
    )


@pytest.mark.parametrize(
    ("state", "lines"),
    [
        (ExitState(name="backup", place="/srv"), []),
        (
            ExitState(name="backup", place="/srv", wrong=("/a",)),
            ["backup, outside AWS, does not hold all of the active release: failover verify --repair"],
        ),
        (
            ExitState(
                name="backup", place="/srv", error=ExitUnavailableError(name="backup", place="/srv", why="silent")
            ),
            [],
        ),
    ],
    ids=["whole", "lacks a file", "not known"],
)
def test_server_outside_aws_is_a_problem_where_it_is_known_to_lack_something(
    state: ExitState, lines: list[str]
) -> None:
    assert problems(replace(HEALTHY, exits=(state,))) == lines


def test_check_of_a_server_outside_aws_that_could_not_be_read_is_unknown_and_one_that_could_is_not() -> None:
    error = AwsError(operation="GetHealthCheckStatus", resource="backup", code="Throttling")
    read, unread = CheckReport(name="a", succeeding=3, checkers=3), CheckReport(name="aaaa", error=error)
    assert unknowns(replace(HEALTHY, standby_checks=(read, unread))) == [str(error)]


def test_distribution_that_serves_is_no_regional_endpoint() -> None:
    dead = broken("refused", *(each.entry.name for each in ENTRIES if each.served_by == "endpoint"))
    assert any(
        "CloudFront or every bucket" in each for each in problems(replace(HEALTHY, entries=dead, checks=EVERY_CHECK))
    )


def test_alarms_of_a_region_that_could_not_be_asked_are_null_in_the_document() -> None:
    error = AwsError(operation="DescribeAlarms", resource="a", code="Throttling")
    alarms = (AlarmReport(region=PRIMARY, error=error), AlarmReport(region=SECONDARY, names=("a-alarm",)))
    assert as_document(replace(HEALTHY, alarms=alarms))["alarms"] == {PRIMARY: None, SECONDARY: ["a-alarm"]}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, None),
        ({"problem": "status 503"}, "status 503"),
        ({"marker_problem": "status 502"}, "status 502"),
        ({"problem": "status 503", "marker_problem": "status 502"}, "status 503"),
    ],
)
def test_document_says_of_an_entry_what_is_wrong_with_its_page_or_else_its_marker(
    changes: dict[str, Any], problem: str | None
) -> None:
    view = replace(HEALTHY, public=replace(served("cloudfront", PRIMARY), **changes))
    document: Any = as_document(view)
    assert (document["entries"][0]["problem"], document["entries"][0]["serves"]) == (problem, problem is None)
