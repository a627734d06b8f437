"""The part of `failover drill` that looks at certificates and breaks nothing."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import typer

from scripts.commands.shared.tables import results_console, results_table
from scripts.drill.levers.certificates import look_at_certificates
from scripts.local.endpoints import Endpoints
from scripts.local.network import network_of
from scripts.terraform.outputs import deployment_of, load_outputs, regional_endpoints


def look(outputs: Path, endpoints: Endpoints | None, *, as_json: bool) -> None:
    """Print what ACM, DNS and the handshakes say; ends with exit code 1 when something is not as it must be.

    Raises:
        MissingOutputError: there are no outputs.
        AwsError: AWS refused.
    """
    document = load_outputs(outputs)
    deployment = deployment_of(document, outputs)
    rows = look_at_certificates(deployment, regional_endpoints(document), network_of(endpoints))
    is_within = all(row.passed for row in rows)
    if as_json:
        verdict = "within" if is_within else "outside"
        checked = [dataclasses.asdict(row) for row in rows]
        print(json.dumps({"scenario": "certificate", "verdict": verdict, "criteria": checked}))
    else:
        table = results_table("Certificate", "Wanted", "Found", "Verdict")
        for row in rows:
            table.add_row(row.subject, row.wanted, row.found, "pass" if row.passed else "FAIL")
        results_console().print(table)
        failed = [row for row in rows if not row.passed]
        print(
            "Every certificate would be renewed; nothing was changed."
            if is_within
            else f"{len(failed)} of {len(rows)} are not as they must be: docs/DISASTER_RECOVERY.md#certificate-expiring"
        )
    if not is_within:
        raise typer.Exit(1)
