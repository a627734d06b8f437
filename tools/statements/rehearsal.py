"""One fault after the other on a deployed site: what was so, what was said, what of it was wrong."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from scripts.clock import AwsClock, Clock
from scripts.errors import EnvironmentFailureError
from scripts.local.control import ControlApi
from scripts.local.endpoints import read_endpoints
from scripts.terraform.outputs import Deployment, load_deployment, load_other_outputs
from tools.statements.faults import Fault, faults_of
from tools.statements.judgement import Said, Seen, wrong_statements
from tools.statements.lateness import Lateness, watched
from tools.statements.truth import Client

ROOT = Path(__file__).parents[2]
_MENDED_WITHIN_SECONDS = 900.0
_LOOK_EVERY_SECONDS = 30.0
_LOOKS = 5
_REPEATS = 2
_SLOWEST = 1.0
_ANSWER_WITHIN_REAL_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One fault in a line of the table.

    Attributes:
        exit_code: of `failover status`; -1: it did not end.
        users: what the public name answered.
        status: the sentence of `failover status`.
        alerts: subjects of the alerts, without the host's name.
        sections: of the runbook.
        wrong: every wrong statement.
        inconclusive: why `wrong` says nothing of the product; empty when it does.
    """

    place: str
    kind: str
    users: str
    status: str
    exit_code: int
    alerts: Sequence[str]
    sections: Sequence[str]
    wrong: Sequence[str]
    inconclusive: str = ""

    @property
    def name(self) -> str:
        """The fault's."""
        return f"{self.place}/{self.kind}"

    @property
    def verdict(self) -> str:
        """How many statements were wrong, or that nobody knows."""
        return "inconclusive" if self.inconclusive else str(len(self.wrong))

    def to_json(self) -> dict[str, Any]:
        """Returns it as JSON."""
        return asdict(self)


class Rehearsal:
    """A deployed site on a localcloud of its own.

    Args:
        localcloud: the localcloud's state folder.
        outputs: the saved outputs.

    Raises:
        MissingOutputError: one of them is not there.
    """

    def __init__(self, localcloud: Path, outputs: Path) -> None:
        self._localcloud, self._outputs = localcloud, outputs
        endpoints = read_endpoints(localcloud / "endpoints.json")
        self._deployment = load_deployment(outputs)
        self._control = ControlApi(endpoints.control_url)
        self._clock = AwsClock(speed=endpoints.speed)
        self._client = Client(
            endpoints=endpoints, hostname=self._deployment.hostname, entries=_entries(outputs, self._deployment)
        )
        self._is_well = False

    def faults(self) -> list[Fault]:
        """Returns every fault of this site."""
        ids = {region: each.id for region, each in self._deployment.distributions.items()}
        return faults_of(tuple(self._deployment.buckets), ids)

    async def row(self, fault: Fault) -> Row:
        """Runs one fault and judges what was said while it lasted and after it.

        A wrong statement on a machine that was busy meanwhile says nothing: the fault is run again at half the speed, twice at
        most. The copy stays as slow, for the machine stays busy.
        """
        async with watched() as lateness:
            row = await self._row(fault, lateness)
            for _ in range(_REPEATS):
                if not row.inconclusive:
                    break
                await self._slow_down()
                row = await self._row(fault, lateness)
            return row

    async def _slow_down(self) -> None:
        speed = max(_SLOWEST, self._clock.speed / 2)
        await self._control.post("/clock", {"speed": speed})
        self._clock = AwsClock(speed=speed)

    async def _row(self, fault: Fault, lateness: Lateness) -> Row:
        lateness.forget()
        ill_before = [] if self._is_well else await self._until_well()
        if not self._client.page_md5:
            self._client = replace(self._client, page_md5=await published_page(self._client.home_pages, self._clock))
        before = len(await self._mails())
        answer: Any = await self._control.post("/faults", fault.order())
        self._is_well = False
        try:
            await self._clock.sleep(fault.aws_seconds)
            truth, said = await self._looked(before)
        except TimeoutError:
            return _silent(fault, lateness.reason(self._clock.speed) or "")
        finally:
            await self._control.delete(f"/faults/{answer['id']}")
        wrong = wrong_statements(
            truth,
            said,
            public=self._deployment.hostname,
            first_region=self._deployment.primary,
            runbook=(ROOT / "docs" / "DISASTER_RECOVERY.md").read_text(encoding="utf-8"),
        )
        ill_after = await self._until_well()
        self._is_well = not ill_after
        wrong = [
            *(f"before the fault: {each}" for each in ill_before),
            *wrong,
            *(f"after the end: {each}" for each in ill_after),
        ]
        row = _row_of(fault, truth[self._deployment.hostname], said, wrong)
        return replace(row, inconclusive=(lateness.reason(self._clock.speed) or "") if wrong else "")

    async def _looked(self, before: int) -> tuple[dict[str, Seen], Said]:
        """Returns what was so before and after something was said of it: what changed meanwhile is looked at again."""
        truth = await asyncio.to_thread(self._client.seen)
        for _ in range(_LOOKS):
            said = await self._said((await self._mails())[before:])
            afterwards = await asyncio.to_thread(self._client.seen)
            if truth == afterwards:
                break
            truth = afterwards
        return truth, said

    async def _until_well(self) -> list[str]:
        """Waits until nothing is said to be wrong; returns what still is after a quarter of an hour."""
        for _ in range(int(_MENDED_WITHIN_SECONDS / _LOOK_EVERY_SECONDS)):
            if not await self._has_unhealthy_check():  # as long as one is, `status` need not be asked
                said = await self._said([])
                if said.exit_code == 0:
                    await self._clock.sleep(_LOOK_EVERY_SECONDS)  # the mails that say so
                    return []
            await self._clock.sleep(_LOOK_EVERY_SECONDS)
        said = await self._said([])
        return list(said.status["problems"] or said.status["unknown"])[:2]

    async def _has_unhealthy_check(self) -> bool:
        document: Any = await self._control.get("/health-checks")
        return not all(each["is_healthy"] for each in document.values())

    async def _mails(self) -> list[tuple[str, str]]:
        document: Any = await self._control.get("/mailbox")
        return [(mail["subject"], mail["text"]) for mail in document["mails"]]

    async def _said(self, mails: Sequence[tuple[str, str]]) -> Said:
        environment = {
            **os.environ,
            "FAILOVER_LOCALCLOUD": str(self._localcloud),
            "FAILOVER_OUTPUTS": str(self._outputs),
        }
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("failover")),
            *("status", "--json"),
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(_ANSWER_WITHIN_REAL_SECONDS):
                output, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        try:
            status = json.loads(output)
        except ValueError as error:
            words = errors.decode("utf-8", "replace").strip() or "nothing"
            raise EnvironmentFailureError(f"failover status --json printed no JSON and said: {words[-500:]}") from error
        return Said(status=status, exit_code=int(process.returncode or 0), mails=mails)


async def published_page(home_pages: Callable[[], Mapping[str, str]], clock: Clock) -> str:
    """Waits until every entry serves the same home page, which is the right one; returns its MD5.

    A copy that has just begun may still serve what was there before the last publish.

    Args:
        home_pages: asks for the MD5 of each entry's page, empty where there is none.
        clock: AWS's.

    Raises:
        EnvironmentFailureError: they do not agree.
    """
    for _ in range(_LOOKS):
        pages = await asyncio.to_thread(home_pages)
        first, *others = set(pages.values())
        if first and not others:
            return first
        await clock.sleep(_LOOK_EVERY_SECONDS)
    raise EnvironmentFailureError(f"before any fault the entries serve different home pages, or none: {pages}")


def _entries(outputs: Path, deployment: Deployment) -> dict[str, tuple[str, str]]:
    hostname = deployment.hostname
    endpoints = load_other_outputs(outputs).endpoint_domain_names
    return {
        hostname: (hostname, hostname),
        **{f"distribution in {region}": (each.hostname,) * 2 for region, each in deployment.distributions.items()},
        **{f"regional endpoint in {region}": (hostname, name) for region, name in endpoints.items()},
    }


def _silent(fault: Fault, inconclusive: str) -> Row:
    """Returns the row of a fault in which `failover status` says nothing."""
    words = f"no answer within {_ANSWER_WITHIN_REAL_SECONDS:g} s"
    return Row(
        place=fault.place,
        kind=fault.kind,
        users="not looked at",
        status=words,
        exit_code=-1,
        alerts=[],
        sections=[],
        wrong=[f"failover status: {words}"],
        inconclusive=inconclusive,
    )


def _row_of(fault: Fault, users: Seen, said: Said, wrong: Sequence[str]) -> Row:
    by = "CloudFront" if users.by_cloudfront else "endpoint"
    return Row(
        place=fault.place,
        kind=fault.kind,
        users=f"{by}, {users.region}" if users.serves else "nothing right",
        status=said.status["users"]["sentence"],
        exit_code=said.exit_code,
        alerts=[subject.partition(": ")[2] for subject, _ in said.alarms],
        sections=said.sections,
        wrong=wrong,
    )
