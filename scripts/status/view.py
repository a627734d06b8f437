"""What the answers, checks and alarms mean together: what users get, which layer covers, what is wrong. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scripts.exits.exits import ExitState
from scripts.release.overview import Overview
from scripts.status.entries import NOT_PUBLISHED, Answer
from scripts.status.reports import AlarmReport, CheckReport

PATH = "path"
CERTIFICATE = "certificate is not accepted"
"""In the words of `scripts.probe.http1.in_words`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything that was asked.

    Attributes:
        entry: what stands behind the public name, "cloudfront" or "regional".
        first_region: the region that serves when nothing is wrong; None where the policy lets several serve.
        public: the public name's answer.
        entries: the other entries' answers.
        checks: the path check, where there is one, and the region checks.
        alarms: of each region.
        overview: what buckets and KeyValueStore say; None when the KeyValueStore could not be asked.
        unasked: what could not be asked, and why.
        standby_checks: of the regional endpoint that has a last exit behind it, and of servers outside AWS.
        exit_names: servers outside AWS, as their region marker calls them.
        exits: how those that releases are published to stand to the active one.
        takes_name: whether the public name is this site's; false while another distribution still serves it.
    """

    entry: str
    first_region: str | None
    public: Answer
    entries: tuple[Answer, ...]
    checks: tuple[CheckReport, ...]
    alarms: tuple[AlarmReport, ...]
    overview: Overview | None
    unasked: tuple[str, ...] = ()
    standby_checks: tuple[CheckReport, ...] = ()
    exit_names: tuple[str, ...] = ()
    exits: tuple[ExitState, ...] = ()
    takes_name: bool = True

    @property
    def drained(self) -> tuple[str, ...]:
        """Regions that CloudFront asks last."""
        return () if self.overview is None else tuple(self.overview.routing.drained_regions)

    @property
    def failing_checks(self) -> tuple[str, ...]:
        """Checks that too few checkers get an answer from."""
        return tuple(check.name for check in self.checks if check.is_healthy is False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """What users get.

    Attributes:
        are_served: whether they get what was published.
        layer: which layer covers: 1 origin group, 2 routing control, 3 DNS; None when none has to, or none does.
        sentence: both, for people.
    """

    are_served: bool
    layer: int | None
    sentence: str


def users(view: View) -> Users:
    """Returns what users of the public name get now, by the page and the marker that came through it."""
    public = view.public
    if not view.takes_name:
        name = public.entry.hostname
        sentence = f"another distribution still serves {name}: failover take-name moves it (docs/MIGRATING.md)"
        return Users(are_served=True, layer=None, sentence=sentence)
    if public.problem is not None:
        return Users(are_served=False, layer=None, sentence=_not_served(view))
    if public.marker_problem is not None:
        return Users(
            are_served=False,
            layer=None,
            sentence="users get pages that an edge still holds; whatever it does not hold fails"
            if public.is_from_cache
            else f"users get the page, but not what no cache may hold: {public.marker_problem}",
        )
    return _served(view)


def _served(view: View) -> Users:
    region, server = view.public.region, view.public.served_by
    if region in view.exit_names:
        sentence = f"layer 3 (DNS) covers: users are served by {region}, outside AWS"
        return Users(are_served=True, layer=3, sentence=sentence)
    if view.entry != "cloudfront":
        layer = 3 if view.first_region not in (None, region) else None
        by = "layer 3 (DNS) covers: " if layer else ""
        return Users(
            are_served=True, layer=layer, sentence=f"{by}users are served by the regional endpoint in {region}"
        )
    if server != "cloudfront":
        return Users(
            are_served=True,
            layer=3,
            sentence=f"layer 3 (DNS) covers: users are served by the regional endpoint in {region}, not by CloudFront",
        )
    if view.first_region in (None, region):
        return Users(are_served=True, layer=None, sentence=f"users are served by CloudFront from {region}")
    layer, name = (2, "routing control") if view.first_region in view.drained else (1, "origin group")
    return Users(
        are_served=True,
        layer=layer,
        sentence=f"layer {layer} ({name}) covers: users are served by CloudFront from {region}, "
        + (f"{view.first_region} is drained" if layer == 2 else f"not from {view.first_region}"),
    )


def _not_served(view: View) -> str:
    problem = view.public.problem or ""
    if NOT_PUBLISHED in problem:
        return f"users get wrong content: {problem}"
    sentence = f"users are not served: {problem}"
    standing_in = [each for each in view.entries if each.is_good and each.served_by == "endpoint"]
    if not standing_in:
        return f"{sentence}; no other entry serves either"
    if CERTIFICATE in problem:
        return (
            f"{sentence}; {standing_in[0].entry.name} would serve, but Route 53's checkers validate no certificate, so nothing "
            "leads there by itself: failover divert --apply"
        )
    if view.entry == "cloudfront" and PATH not in view.failing_checks:
        return (
            f"{sentence}; {standing_in[0].entry.name} would serve, and DNS leads there once the path check is unhealthy"
        )
    return f"{sentence}; {standing_in[0].entry.name} serves, and DNS leads there within about two minutes"


def problems(view: View) -> list[str]:
    """Returns everything that is not as it should be; the first one is what users notice."""
    found = users(view)
    return [
        *([] if found.are_served and found.layer in (None, 2) else [found.sentence]),
        *_entry_problems(view),
        *_certificate_problems(view),
        *_check_problems(view),
        *_exit_problems(view),
        *(f"alarm on in {each.region}: {name}" for each in view.alarms for name in each.names),
        *([] if view.overview is None else _content_problems(view.overview)),
    ]


def _entry_problems(view: View) -> Iterator[str]:
    for each in view.entries:
        if each.problem is not None:
            yield f"{each.entry.name} does not serve: {each.problem}"
        elif each.marker_problem is not None:
            yield f"{each.entry.name} has no region marker: {each.marker_problem}"


def _certificate_problems(view: View) -> Iterator[str]:
    for each in (view.public, *view.entries):
        if each.certificate is not None and not each.certificate.is_enough:
            yield f"the certificate that {each.entry.name} shows {each.certificate}: put its validation record back"


def _exit_problems(view: View) -> Iterator[str]:
    for check in view.standby_checks:
        if check.is_healthy is False:
            yield (
                f"the check of {check.name} is unhealthy ({check.succeeding} of {check.checkers} checkers get an answer): "
                f"{check.reason}. Users are not led there"
            )
    for each in view.exits:
        if each.error is None and not each.is_whole:
            yield f"{each.name}, outside AWS, does not hold all of the active release: failover verify --repair"


def _check_problems(view: View) -> Iterator[str]:
    failing = set(view.failing_checks)
    everything = {check.name for check in view.checks}
    if PATH in failing and failing == everything and len(everything) > 1:
        standing_in = any(each.is_good and each.served_by == "endpoint" for each in view.entries)
        cause = "CloudFront, for a regional endpoint serves" if standing_in else "CloudFront or every bucket"
        yield f"every health check is unhealthy, which is one cause: {cause}. Evacuating a region moves nothing"
        return
    for check in view.checks:
        if check.name in failing:
            what = "path check" if check.name == PATH else f"region check of {check.name}"
            yield f"the {what} is unhealthy ({check.succeeding} of {check.checkers} checkers get an answer): {check.reason}"


def _content_problems(overview: Overview) -> Iterator[str]:
    if overview.foreign or overview.lacks_manifest:
        yield "what the router reads does not fit the manifest of the active release: failover verify"
    for region, found in overview.regions.items():
        if not found.answers:
            yield f"S3 in {region} does not answer"
        elif found.parity is not None and not found.parity.is_whole:
            yield f"{region} does not hold all of the active release: failover verify --repair"


def unknowns(view: View) -> list[str]:
    """Returns what could not be asked, and why."""
    return [
        *view.unasked,
        *(str(check.error) for check in view.checks if check.error is not None),
        *(str(check.error) for check in view.standby_checks if check.error is not None),
        *(str(each.error) for each in view.alarms if each.error is not None),
    ]


def exit_code(view: View) -> int:
    """Returns 0 when users are served as designed and nothing fails, 1 when anything fails, 3 when a part is not known."""
    if problems(view):
        return 1
    return 3 if unknowns(view) else 0


def as_document(view: View) -> Mapping[str, object]:
    """Returns what `--json` adds to the overview."""
    found = users(view)
    return {
        "users": {"are_served": found.are_served, "layer": found.layer, "sentence": found.sentence},
        "dns": list(view.public.addresses),
        "entries": [_entry_document(each) for each in (view.public, *view.entries)],
        "health_checks": {
            check.name: {"is_healthy": check.is_healthy, "succeeding": check.succeeding, "checkers": check.checkers}
            for check in (*view.checks, *view.standby_checks)
        },
        "alarms": {each.region: None if each.error else list(each.names) for each in view.alarms},
        "problems": problems(view),
        "unknown": unknowns(view),
        "exit_code": exit_code(view),
    }


def _entry_document(answer: Answer) -> dict[str, object]:
    return {
        "name": answer.entry.name,
        "addresses": list(answer.addresses),
        "serves": answer.is_good,
        "served_by": answer.served_by,
        "region": answer.region,
        "problem": answer.problem or answer.marker_problem,
        "certificate_days_left": None if answer.certificate is None else round(answer.certificate.left_days, 1),
    }
