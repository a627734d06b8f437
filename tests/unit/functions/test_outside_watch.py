"""The watcher's and the canary's own handlers: silence is an error, and it says whose."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest

from tests.worlds.shipped_function import QuietHandler, give_clients, load, loopback_server

WATCHED = {"ALARM_PREFIX": "site-prod-alarm-", "WATCHED_REGION": "us-east-1"}


@dataclass
class Region:
    """The CloudWatch client of one region."""

    alarms: int = 8
    is_silent: bool = False

    def describe_alarms(self, *, AlarmNamePrefix: str) -> dict[str, Any]:  # noqa: N803
        assert AlarmNamePrefix == WATCHED["ALARM_PREFIX"]
        if self.is_silent:
            raise TimeoutError("no answer")
        return {"MetricAlarms": [{}] * self.alarms}


def watcher(monkeypatch: pytest.MonkeyPatch, region: Region) -> ModuleType:
    module = load(monkeypatch, "outside_watch/handler.py", environment=WATCHED)
    give_clients(monkeypatch, module, {"cloudwatch": region})  # no S3: the region check tells of that
    return module


def test_watcher_is_content_when_the_alarms_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert watcher(monkeypatch, Region()).handler({}, None) == {"region": "us-east-1", "alarms": 8}


def test_watcher_fails_and_names_what_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="CloudWatch in us-east-1 does not answer: TimeoutError"):
        watcher(monkeypatch, Region(is_silent=True)).handler({}, None)


def test_watcher_fails_when_the_alarms_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="holds no alarm"):
        watcher(monkeypatch, Region(alarms=0)).handler({}, None)


@dataclass
class Site:
    """A loopback site: path -> body."""

    url: str = ""
    pages: dict[str, bytes] = field(default_factory=dict)


@pytest.fixture
def loopback() -> Iterator[Site]:
    found = Site(
        pages={"/": b"<!doctype html><html></html>", "/health/region.json": json.dumps({"region": "eu"}).encode()}
    )

    class Handler(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802  (the name that http.server calls)
            body = found.pages.get(self.path)
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write(body or b"")

    with loopback_server(Handler) as url:
        found.url = url
        yield found


def canary(monkeypatch: pytest.MonkeyPatch, site: Site) -> ModuleType:
    return load(monkeypatch, "canary/python/canary.py", environment={"SITE_URL": site.url})


def test_canary_says_which_region_answered(
    monkeypatch: pytest.MonkeyPatch, loopback: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    canary(monkeypatch, loopback).handler({}, None)
    assert capsys.readouterr().out == "served from eu\n"


@pytest.mark.parametrize(
    "broken", [{"/": b"<html>cut off"}, {"/": b""}, {"/health/region.json": b"{}"}, {"/health/region.json": b""}]
)
def test_canary_fails_on_what_is_no_site(
    monkeypatch: pytest.MonkeyPatch, loopback: Site, broken: dict[str, bytes]
) -> None:
    loopback.pages |= broken
    with pytest.raises((RuntimeError, KeyError)):
        canary(monkeypatch, loopback).handler({}, None)


def test_canary_fails_on_a_page_that_is_missing(monkeypatch: pytest.MonkeyPatch, loopback: Site) -> None:
    del loopback.pages["/"]
    with pytest.raises(OSError, match="404"):
        canary(monkeypatch, loopback).handler({}, None)
