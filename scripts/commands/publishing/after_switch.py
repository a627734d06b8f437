"""What a publish does after its switch: it asks the site, or watches a canary, and takes back what viewers do not get."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from scripts.commands.shared.asking import Probe, shown
from scripts.commands.shared.options import switcher
from scripts.errors import AwsError, EnvironmentFailureError, ProbeRefusedError
from scripts.local.endpoints import Endpoints
from scripts.release.held_sample import Look, look_past_caches
from scripts.release.manifest import ReleaseFile
from scripts.release.publish import PublishPlan
from scripts.release.routing import Routing, RoutingVersion
from scripts.release.website import Website


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """A switch that is to be probed: the release, files to ask for, their regions, the routing before, what was written."""

    release_id: str
    files: Sequence[ReleaseFile]
    regions: Collection[str]
    earlier: Routing
    written: RoutingVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was looked at after a switch: files, at which names, and in S3 of which regions."""

    files: tuple[str, ...]
    names: tuple[str, ...]
    regions: tuple[str, ...]

    def __str__(self) -> str:
        """Returns one sentence."""
        s3 = (
            f", and S3 of {' and '.join(self.regions)} holds them, which no cache stands before" if self.regions else ""
        )
        serve = "serves" if len(self.names) == 1 else "serve"
        return f"Asked for {len(self.files)} of its files: {' and '.join(self.names)} {serve} them{s3}."


def asked_document(asked: Asked | None) -> dict[str, list[str]] | None:
    """Returns what `--json` says of it; None: nothing was asked."""
    if asked is None:
        return None
    return {"files": list(asked.files), "names": list(asked.names), "regions": list(asked.regions)}


def keep_what_answers(website: Website, probe: Probe, switched: Switched) -> Asked:
    """Asks the site's names and the regions for the release and rolls back when they do not have it; returns what was asked.

    Raises:
        ProbeRefusedError: they do not; the routing is as it was before.
    """
    bad = probe(switched.files)
    if not bad:
        look = look_past_caches(switched.files, [website.buckets[region] for region in switched.regions])
        if look.lost:
            raise _lost(website, switched, look)
        return Asked(files=tuple(each.path for each in switched.files), names=website.hostnames, regions=look.regions)
    if all(each.is_of_this_machine for each in bad):
        raise EnvironmentFailureError(
            f"release {switched.release_id} is switched to, and this machine could not ask for it:\n  {bad[0]}\n"
            "That says nothing about the site, so nothing was rolled back. Look with `failover status` from where DNS works"
        )
    if switched.earlier.active is None:
        raise ProbeRefusedError(
            f"release {switched.release_id} is the first one, and the site does not serve it:\n{shown(bad)}\n"
            "There is nothing to go back to. Is the hosted zone delegated? Then `failover status`; --no-probe skips this"
        )
    seen = f"the site does not serve release {switched.release_id} after the switch:\n{shown(bad)}"
    _go_back(website, switched, seen)
    raise ProbeRefusedError(
        f"{seen}\n"
        f"Rolled back to {switched.earlier.release_id}. What was sent stays and is not sent again.\n"
        f"{_what_the_checks_say(website)}"
    )


def _go_back(website: Website, switched: Switched, seen: str) -> None:
    """Rolls back; when even that fails, what was seen of the release is told as well.

    Raises:
        AwsError: AWS failed; the message says which release is active.
    """
    try:
        switcher(website).restore_routing(switched.earlier, switched.written)
    except AwsError as error:
        raise _failed_too(error, seen) from error


def _failed_too(error: AwsError, seen: str) -> AwsError:
    detail = f"{error.detail}.\nThis is why it was tried: {seen}"
    return error.retold(detail)


def _lost(website: Website, switched: Switched, look: Look) -> ProbeRefusedError:
    """Goes back, if there is something to go back to; returns what is told."""
    if switched.earlier.active is None:
        became = "It is the first release, so it stays"
    else:
        _go_back(website, switched, f"release {switched.release_id} is not whole:\n{shown(look.lost)}")
        became = f"Rolled back to {switched.earlier.release_id}, which may share what is lost"
    return ProbeRefusedError(
        f"release {switched.release_id} was switched to, and it is not whole:\n{shown(look.lost)}\n{became}. Put it back with "
        f"failover verify {switched.release_id} --repair --apply, or send it too: failover sync-content FOLDER --force --apply"
    )


def keep_good_canary(website: Website, endpoints: Endpoints | None, plan: PublishPlan, *, seconds: float) -> None:
    """Looks at the site as a visitor while the canary runs, and ends it when page views fail.

    This machine is one viewer, who is in the canary's share or not: a canary that it does not get is not judged.

    Raises:
        ProbeRefusedError: page views failed; the canary is ended.
    """
    from scripts.local.network import network_of
    from scripts.release.canary_guard import end_canary, release_view, watch_canary

    network, release_id = network_of(endpoints), plan.manifest.release_id
    clock = network.clock()
    known = {release_id, plan.current.routing.release_id or release_id}
    view = release_view(network, clock, hostname=website.hostname, release_ids=known)
    print(f"failover: watching the canary {release_id} for {seconds:g} s", file=sys.stderr)
    reason = asyncio.run(watch_canary(view, clock, seconds=seconds))
    if not reason:
        return
    try:
        ended = end_canary(switcher(website), release_id)
    except AwsError as error:
        raise _failed_too(
            error,
            f"page views failed while the canary {release_id} ran, and it runs still: {reason}\n"
            "End it with failover rollback --apply",
        ) from error
    what = "it was ended" if ended is not None else "somebody has ended it meanwhile"
    raise ProbeRefusedError(
        f"page views failed while the canary {release_id} ran, so {what}: {reason}\n"
        f"Every viewer gets {plan.current.routing.release_id}. What was sent stays and is not sent again"
    )


def _what_the_checks_say(website: Website) -> str:
    """Returns whether the health checks failed as well, which then is no fault of the release, and what to do."""
    from scripts.aws.clients import route53_client
    from scripts.status.reports import check_reports  # as above

    failing = [each for each in check_reports(route53_client, website.health_check_ids) if each.is_healthy is False]
    if not failing:
        return "`failover status` shows what every entry serves; build the site anew if it is the release"
    names = " and ".join(
        "the path check" if each.name == "path" else f"the region check of {each.name}" for each in failing
    )
    return (
        f"Unhealthy: {names} ({failing[0].reason}), so it is not the release. `failover status` shows which layer covers. "
        "Publish again when the checks are healthy, or now with --no-probe: whatever entry serves then serves it"
    )
