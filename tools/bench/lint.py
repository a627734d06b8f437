"""What `failover lint` takes: a large estate of the mix that is worst for it, and one small stack."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tools.bench.figures import Figure

_SITES = 1_250  # of four resources each
_RUNS = 3
_PASSES = "import sys; from scripts.cli import main; sys.argv[1:] = ['lint', '--fail-on', 'never', sys.argv[1]]; main()"


def bench_lint() -> list[Figure]:
    """Measures the CPU of whole processes, user and system, the least of three."""
    with tempfile.TemporaryDirectory() as folder:
        large, small = Path(folder, "large.tf.json"), Path(folder, "small.tf.json")
        large.write_text(json.dumps(estate(_SITES)), encoding="utf-8")
        small.write_text(json.dumps(estate(2)), encoding="utf-8")
        return [
            Figure(name=f"failover lint, {4 * _SITES} resources", value=_cpu_seconds(large), unit="CPU s", limit=2.0),
            Figure(name="failover lint, a small stack", value=_cpu_seconds(small), unit="CPU s", limit=0.2),
        ]


def estate(sites: int) -> dict[str, Any]:
    """Returns sites of a bucket, its versioning, its replication to the next one and a distribution: all lead to another."""
    resources: dict[str, dict[str, Any]] = {
        "aws_s3_bucket": {},
        "aws_s3_bucket_versioning": {},
        "aws_s3_bucket_replication_configuration": {},
        "aws_cloudfront_distribution": {},
    }
    for index in range(sites):
        site = _site(f"s{index}", f"s{(index + 1) % sites}")
        for type_, body in site.items():
            resources[type_][f"s{index}"] = body
    return {"provider": {"aws": {"region": "eu-west-1"}}, "resource": resources}


def _site(name: str, other: str) -> dict[str, Any]:
    rule = {
        "status": "Enabled",
        "filter": {},
        "delete_marker_replication": {"status": "Enabled"},
        "destination": {"bucket": f"${{aws_s3_bucket.{other}.arn}}"},
    }
    origin = {"origin_id": "s3", "domain_name": f"${{aws_s3_bucket.{name}.bucket_regional_domain_name}}"}
    return {
        "aws_s3_bucket": {"bucket": f"site-{name}"},
        "aws_s3_bucket_versioning": {
            "bucket": f"${{aws_s3_bucket.{name}.id}}",
            "versioning_configuration": {"status": "Enabled"},
        },
        "aws_s3_bucket_replication_configuration": {
            "bucket": f"${{aws_s3_bucket.{name}.id}}",
            "role": "arn:aws:iam::111122223333:role/replication",
            "depends_on": [f"aws_s3_bucket_versioning.{name}"],
            "rule": [rule],
        },
        "aws_cloudfront_distribution": {
            "aliases": [f"{name}.example.com"],
            "default_root_object": "index.html",
            "origin": [{**origin, "origin_access_control_id": "E1"}],
            "default_cache_behavior": {"target_origin_id": "s3", "viewer_protocol_policy": "redirect-to-https"},
        },
    }


def _cpu_seconds(file: Path) -> float:
    times = []
    for _ in range(_RUNS):
        before = os.times()
        subprocess.run([sys.executable, "-c", _PASSES, str(file)], check=True, stdout=subprocess.DEVNULL)
        after = os.times()
        times.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return min(times)
