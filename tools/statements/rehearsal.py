"""One fault after the other on a deployed site: what was so, what was said, what of it was wrong."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from localcloud.gateway.faults import FaultKind, effective_kinds
from scripts.clock import AwsClock
from scripts.local.control import ControlApi
from scripts.local.endpoints import read_endpoints
from scripts.terraform.outputs import Deployment, load_deployment, load_other_outputs
from tools.statements.judgement import Said, Seen, wrong_statements
from tools.statements.truth import Client

ROOT = Path(__file__).parents[2]
VALUES = {FaultKind.STATUS: 503, FaultKind.DELAY: 30_000, FaultKind.SLOW: 100}
"""The status of `status`, the AWS milliseconds of `delay`: longer than anybody waits; the bytes a second of `slow`."""
# Detection, three minutes of the region's alarm, and a minute of evaluation: docs/MONITORING.md
_FAULT_SECONDS = 300.0
_MENDED_WITHIN_SECONDS = 600.0
_LOOK_EVERY_SECONDS = 30.0
_LOOKS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is broken.

    Attributes:
        target: as localcloud knows it.
        place: as people read it: a distribution by its region, not by its id.
    """

    target: str
    place: str
    kind: str

    @property
    def name(self) -> str:
        """How it is asked for and shown."""
        return f"{self.place}/{self.kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One fault in a line of the table.

    Attributes:
        users: what the public name answered.
        status: the sentence of `failover status`.
        alerts: subjects of the alerts, without the host's name.
        sections: of the runbook.
        wrong: every wrong statement.
    """

    place: str
    kind: str
    users: str
    status: str
    exit_code: int
    alerts: Sequence[str]
    sections: Sequence[str]
    wrong: Sequence[str]

    def to_json(self) -> dict[str, Any]:
        """Returns it as JSON."""
        return asdict(self)


def all_faults(regions: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yields place and kind of every fault of a site in these regions: every kind that localcloud knows of every target.

    One kind of all places comes after the other: who breaks off has seen every place.
    """
    places = [f"s3:{region}" for region in regions] + ["cloudfront"] + [f"cloudfront:{region}" for region in regions]
    places += [f"apigateway:{region}" for region in regions] + ["health-checker:us-east-1", "dns"]
    places += [f"api:{region}" for region in sorted({*regions, "us-east-1"})]
    for kind in FaultKind:
        for place in places:
            if kind in effective_kinds(place):
                yield place, kind.value


class Rehearsal:
    """A deployed site on localcloud.

    Args:
        folder: holds localcloud's state folder and outputs.json.

    Raises:
        MissingOutputError: it does not.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        endpoints = read_endpoints(folder / "localcloud" / "endpoints.json")
        self._deployment = load_deployment(folder / "outputs.json")
        self._control = ControlApi(endpoints.control_url)
        self._clock = AwsClock(speed=endpoints.speed)
        client = Client(
            endpoints=endpoints, hostname=self._deployment.hostname, entries=_entries(folder, self._deployment)
        )
        self._client = replace(client, page_md5=client.home_page())

    def faults(self) -> list[Fault]:
        """Returns every fault of `all_faults` on this site."""
        ids = {
            f"cloudfront:{region}": f"cloudfront:{each.id}" for region, each in self._deployment.distributions.items()
        }
        return [
            Fault(target=ids.get(place, place), place=place, kind=kind)
            for place, kind in all_faults(tuple(self._deployment.buckets))
        ]

    def row(self, fault: Fault) -> Row:
        """Runs one fault and judges what was said while it lasted and after it."""
        return asyncio.run(self._row(fault))

    async def _row(self, fault: Fault) -> Row:
        ill_before = await self._until_well()
        before = len(await self._mails())
        value = VALUES.get(FaultKind(fault.kind))
        body: dict[str, object] = {"target": fault.target, "kind": fault.kind} | (
            {} if value is None else {"value": value}
        )
        answer: Any = await self._control.post("/faults", body)
        try:
            await self._clock.sleep(_FAULT_SECONDS)
            truth, said = await self._looked(before)
        finally:
            await self._control.delete(f"/faults/{answer['id']}")
        wrong = wrong_statements(
            truth,
            said,
            public=self._deployment.hostname,
            first_region=self._deployment.primary,
            runbook=(ROOT / "docs" / "DISASTER_RECOVERY.md").read_text(encoding="utf-8"),
        )
        wrong = [
            *(f"before the fault: {each}" for each in ill_before),
            *wrong,
            *(f"after the end: {each}" for each in await self._until_well()),
        ]
        return _row_of(fault, truth[self._deployment.hostname], said, wrong)

    async def _looked(self, before: int) -> tuple[dict[str, Seen], Said]:
        """Returns what was so before and after something was said of it: what changed meanwhile is looked at again."""
        truth = self._client.seen()
        for _ in range(_LOOKS):
            said = self._said((await self._mails())[before:])
            afterwards = self._client.seen()
            if truth == afterwards:
                break
            truth = afterwards
        return truth, said

    async def _until_well(self) -> list[str]:
        """Waits until nothing is said to be wrong; returns what still is after ten minutes."""
        for _ in range(int(_MENDED_WITHIN_SECONDS / _LOOK_EVERY_SECONDS)):
            said = self._said([])
            if said.exit_code == 0:
                await self._clock.sleep(_LOOK_EVERY_SECONDS)  # the mails that say so
                return []
            await self._clock.sleep(_LOOK_EVERY_SECONDS)
        return list(said.status["problems"] or said.status["unknown"])[:2]

    async def _mails(self) -> list[tuple[str, str]]:
        document: Any = await self._control.get("/mailbox")
        return [(mail["subject"], mail["text"]) for mail in document["mails"]]

    def _said(self, mails: Sequence[tuple[str, str]]) -> Said:
        environment = {
            **os.environ,
            "FAILOVER_LOCALCLOUD": str(self._folder / "localcloud"),
            "FAILOVER_OUTPUTS": str(self._folder / "outputs.json"),
        }
        command = [str(Path(sys.executable).with_name("failover")), "status", "--json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        return Said(status=json.loads(done.stdout), exit_code=done.returncode, mails=mails)


def _entries(folder: Path, deployment: Deployment) -> dict[str, tuple[str, str]]:
    hostname = deployment.hostname
    endpoints = load_other_outputs(folder / "outputs.json").endpoint_domain_names
    return {
        hostname: (hostname, hostname),
        **{f"distribution in {region}": (each.hostname,) * 2 for region, each in deployment.distributions.items()},
        **{f"regional endpoint in {region}": (hostname, name) for region, name in endpoints.items()},
    }


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
