"""`python -m tools.statements FOLDER [TARGET/KIND ...]`: breaks a deployed site in every way, and checks what is said.

FOLDER is that of `make demo KEEP=1` (build/demo): it holds localcloud's state folder and outputs.json. Without further arguments
every kind of fault is tried on every target, which takes half an hour. Exits with 1 when anything that was said is not so.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from scripts.clock import AwsClock
from scripts.local.control import ControlApi
from scripts.local.endpoints import read_endpoints
from scripts.terraform.outputs import Deployment, load_deployment, load_other_outputs
from tools.statements.judgement import Said, Seen, wrong_statements
from tools.statements.truth import Client

ROOT = Path(__file__).parents[2]
KINDS = (("refuse", None), ("unreachable", None), ("hang", None), ("status", 503), ("delay", 30_000), ("corrupt", None))
# Detection, three minutes of the region's alarm, and a minute of evaluation: docs/MONITORING.md
_FAULT_SECONDS = 300.0
_MENDED_SECONDS = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One fault: what was so, what was said, what of it was wrong."""

    fault: str
    users: Seen
    said: Said
    wrong: list[str]


def main(arguments: Sequence[str]) -> int:
    """Tries the faults named, or all of them; returns the exit code."""
    folder, wanted = Path(arguments[0]), arguments[1:]
    rehearsal = Rehearsal(folder)
    faults = [fault for fault in rehearsal.faults() if not wanted or "/".join(fault[:2]) in wanted]
    rows, console = [], Console(width=200)
    for fault in faults:
        rows.append(rehearsal.row(*fault))
        console.print(
            f"{rows[-1].fault}: {len(rows[-1].wrong)} wrong statements", *rows[-1].wrong, sep="\n    ", highlight=False
        )
    console.print(markdown(rows), highlight=False, markup=False, soft_wrap=True)
    wrong = sum(len(row.wrong) for row in rows)
    console.print(f"{wrong} wrong statements over {len(rows)} faults")
    return 1 if wrong or not rows else 0


class Rehearsal:
    """A deployed site on localcloud."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._endpoints = read_endpoints(folder / "localcloud" / "endpoints.json")
        self._deployment = load_deployment(folder / "outputs.json")
        self._control = ControlApi(self._endpoints.control_url)
        self._clock = AwsClock(speed=self._endpoints.speed)
        client = Client(
            endpoints=self._endpoints, hostname=self._deployment.hostname, entries=_entries(folder, self._deployment)
        )
        self._client = replace(client, page_md5=client.home_page())

    def faults(self) -> Iterator[tuple[str, str, int | None]]:
        """Yields target, kind and value of every fault."""
        site = self._deployment
        targets = [f"s3:{region}" for region in site.buckets] + ["cloudfront"]
        targets += [f"cloudfront:{each.id}" for each in site.distributions.values()]
        targets += [f"apigateway:{region}" for region in site.buckets] + ["health-checker:us-east-1", "dns"]
        for target in targets:
            for kind, value in KINDS:
                yield target, kind, value

    def row(self, target: str, kind: str, value: int | None) -> Row:
        """Runs one fault and judges what was said while it lasted and after it."""
        return asyncio.run(self._row(target, kind, value))

    async def _row(self, target: str, kind: str, value: int | None) -> Row:
        before = len(await self._mails())
        body: dict[str, object] = {"target": target, "kind": kind} | ({} if value is None else {"value": value})
        answer = await self._control.post("/faults", body)
        try:
            await self._clock.sleep(_FAULT_SECONDS)
            truth = self._client.seen()
            said = self._said((await self._mails())[before:])
            truth = truth if truth == self._client.seen() else self._client.seen()
        finally:
            assert isinstance(answer, dict)  # noqa: S101  the control API's answer
            await self._control.delete(f"/faults/{answer['id']}")
        wrong = wrong_statements(
            truth,
            said,
            public=self._deployment.hostname,
            first_region=self._deployment.primary,
            runbook=(ROOT / "docs" / "DISASTER_RECOVERY.md").read_text(encoding="utf-8"),
        )
        await self._clock.sleep(_MENDED_SECONDS)
        mended = self._said((await self._mails())[before:])
        if mended.exit_code != 0:
            wrong.append(f"after the end: {mended.status['problems'][:2]}")
        return Row(fault=f"{target} {kind}", users=truth[self._deployment.hostname], said=said, wrong=wrong)

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


def markdown(rows: Sequence[Row]) -> str:
    """Returns the table of docs/FAILOVER_TESTING.md."""
    lines = [
        "| Fault | Users get | `failover status` says | exit | Alert | Runbook | Wrong |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        users = (
            "nothing right"
            if not row.users.serves
            else ("CloudFront" if row.users.by_cloudfront else "endpoint") + f", {row.users.region}"
        )
        alerts = "; ".join(subject.partition(": ")[2] for subject, _ in row.said.alarms) or "none"
        sections = ", ".join(row.said.sections) or "-"
        status = row.said.status["users"]["sentence"]
        lines.append(
            f"| `{row.fault}` | {users} | {status} | {row.said.exit_code} | {alerts} | {sections} | {len(row.wrong)} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
