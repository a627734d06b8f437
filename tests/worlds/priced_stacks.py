"""Synthesized stacks by hand, for the cost estimate."""

import json
from pathlib import Path
from typing import Any

TRAFFIC = {"page_views_per_month": 0, "requests_per_page_view": 1, "bytes_per_page_view": 0, "site_bytes": 0}


def stacks(*checks: dict[str, Any], zones: int = 0, traffic: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    return {
        "edge": {
            "resource": {
                "aws_route53_health_check": {str(index): check for index, check in enumerate(checks)},
                "aws_route53_zone": {str(index): {} for index in range(zones)},
            },
            "output": {
                "traffic": {"value": {**TRAFFIC, **(traffic or {})}},
                "objectives": {"value": {"monthly_cost_usd": 3}},
            },
        }
    }


def check(kind: str, interval: int = 30, **more: object) -> dict[str, Any]:
    return {"type": kind, "request_interval": interval, "regions": [], **more}


def written(folder: Path, found: dict[str, dict[str, Any]]) -> Path:
    for name, stack in found.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "cdk.tf.json").write_text(json.dumps(stack), encoding="utf-8")
    return folder
