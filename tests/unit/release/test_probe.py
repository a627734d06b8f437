"""The probe after a switch: what counts as served, until when a wrong answer is asked again, and what a failure undoes."""

import hashlib
from itertools import pairwise

import pytest

from scripts.probe.http1 import Response
from scripts.release.changes import Changes
from scripts.release.manifest import Manifest, ReleaseFile
from scripts.release.probe import DEADLINE_SECONDS, CannotAskError, ProbeFailedError, SwitchProbe
from scripts.release.samples import LARGEST_SAMPLE_BYTES, sample
from tests.worlds.manual_clock import ManualClock

NAMES = ("www.example.test", "eu-central-1.www.example.test")


def file(path: str, body: bytes = b"new", size_bytes: int | None = None) -> ReleaseFile:
    md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
    size = len(body) if size_bytes is None else size_bytes
    return ReleaseFile(
        path=path, increment="1" * 16, size_bytes=size, md5=md5, content_type="text/html", cache_control="no-store"
    )


def answer(status: int = 200, body: bytes = b"new") -> Response:
    return Response(status=status, headers={"x-amz-meta-release": "0" * 16}, body=body)


class Site:
    """Answers by script: the last answer of a name is repeated."""

    def __init__(self, *answers: Response | Exception) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, str]] = []

    async def __call__(self, hostname: str, path: str) -> Response:
        self.asked.append((hostname, path))
        found = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(found, Exception):
            raise found
        return found


def test_every_name_is_asked_for_every_file() -> None:
    site = Site(answer())
    assert SwitchProbe(NAMES, site, ManualClock()).ask([file("index.html"), file("a b.html")]) == []
    assert sorted(site.asked) == sorted((name, path) for name in NAMES for path in ("/index.html", "/a%20b.html"))


def test_machine_that_cannot_ask_says_so() -> None:
    clock = ManualClock()
    (bad,) = SwitchProbe(NAMES[:1], Site(CannotAskError("no nameserver")), clock).ask([file("index.html")])
    assert bad.is_of_this_machine
    (bad,) = SwitchProbe(NAMES[:1], Site(ProbeFailedError("NXDOMAIN")), ManualClock()).ask([file("index.html")])
    assert not bad.is_of_this_machine


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (answer(503), "status 503"),
        (answer(body=b"old"), "content of another release (increment 0000000000000000)"),
        (ProbeFailedError("no such host"), "no such host"),
    ],
)
def test_wrong_answer_is_named_at_the_deadline(found: Response | Exception, reason: str) -> None:
    clock = ManualClock()
    (bad,) = SwitchProbe(NAMES[:1], Site(found), clock).ask([file("index.html")])
    assert str(bad) == f"https://www.example.test/index.html: {reason}"
    assert clock.seconds == DEADLINE_SECONDS


def test_answer_that_comes_right_in_time_is_good() -> None:
    clock = ManualClock()
    site = Site(answer(body=b"old"), answer(503), answer())
    assert SwitchProbe(NAMES[:1], site, clock).ask([file("index.html")]) == []
    assert clock.seconds < DEADLINE_SECONDS


def test_sample_is_the_front_page_what_changed_and_some_that_did_not() -> None:
    paths = [*(f"{letter}.html" for letter in "abcdef"), "index.html", "new.html"]
    manifest = Manifest(release_id="1" * 16, base=None, files=tuple(file(path) for path in paths))
    changes = Changes(new=("new.html",), changed=("d.html", "e.html", "f.html"), removed=())
    found = [each.path for each in sample(manifest, changes)]
    assert found == ["index.html", "d.html", "e.html", "new.html", "a.html", "b.html", "c.html"]


def test_files_that_did_not_change_are_others_with_each_release() -> None:
    """What the last probe asked for lies in the edge's cache, whatever became of it in the regions."""
    paths = [f"{number:03d}.html" for number in range(300)]
    asked: list[set[str]] = []
    for release in range(20):
        manifest = Manifest(release_id=f"{release:016x}", base=None, files=tuple(file(path) for path in paths))
        asked.append({each.path for each in sample(manifest, Changes(new=(), changed=(), removed=()))})
    assert {len(each) for each in asked} == {3}
    assert len(set.union(*asked)) > 30
    assert all(not one & other for one, other in pairwise(asked))


def test_sample_leaves_out_what_is_too_large_to_read() -> None:
    files = (file("index.html"), file("video.mp4", size_bytes=LARGEST_SAMPLE_BYTES))
    manifest = Manifest(release_id="1" * 16, base=None, files=files)
    changes = Changes(new=("index.html", "video.mp4"), changed=(), removed=())
    assert [each.path for each in sample(manifest, changes)] == ["index.html"]
