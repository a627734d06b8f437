"""What a drill by AWS's levers is told wrongly: no credentials, another account, another site, a drill that runs already."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.commands.shared.lever_drill import insist_on_confirmation
from scripts.drill.journal import drill_lock
from scripts.drill.levers import plan
from scripts.drill.levers.plan import insist_on_own_site
from scripts.errors import UnsafePlanError, WrongUsageError
from scripts.terraform.outputs import Deployment

ROOT = Path(__file__).parents[4]
REGIONS = ("eu-central-1", "us-east-1")
EDGE: dict[str, Any] = {
    "hostname": "www.example.com",
    "hosted_zone_id": "Z1",
    "key_value_store_arn": "arn:aws:cloudfront::123456789012:key-value-store/11111111-2222-3333-4444-555555555555",
    "health_check_ids": {"path": "p", **dict.fromkeys(REGIONS, "r")},
    "buckets": {region: f"bucket-{region}" for region in REGIONS},
    "roles": dict(zip(REGIONS, ("primary", "secondary"), strict=True)),
    "distributions": {
        region: {"id": "E1", "arn": "arn", "domain_name": "d.cloudfront.net", "hostname": f"{region}.www.example.com"}
        for region in REGIONS
    },
    "objectives": {"rto_seconds": 120, "rpo_seconds": 900, "availability_ratio": 0.999, "monthly_cost_usd": 3.3},
}


def failover(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command on a machine that is signed in nowhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "FAILOVER_"))}
    nowhere = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": str(folder / "no"), "HOME": str(folder)}
    nowhere |= {"AWS_SHARED_CREDENTIALS_FILE": str(folder / "no")}
    outputs = folder / "outputs.json"
    outputs.write_text(json.dumps({"edge": EDGE}), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("failover")), *arguments, "--outputs", str(outputs)]
    return subprocess.run(command, cwd=ROOT, env={**kept, **nowhere}, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    "arguments", [("drill", "origin-denied"), ("drill", "certificate"), ("drill", "alarm-path", "--apply")]
)
def test_drill_without_credentials_says_to_sign_in_and_breaks_nothing(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    done = failover(tmp_path, *arguments)
    assert done.returncode == 3, done.stderr
    assert "Sign in to AWS" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "fault-journal.json").exists()


def test_recovery_without_anything_left_needs_no_credentials(tmp_path: Path) -> None:
    done = failover(tmp_path, "chaos", "recover")
    assert (done.returncode, done.stdout) == (0, "Nothing was left broken.\n")


def test_unknown_scenario_is_wrong_usage_whatever_else_is_wrong(tmp_path: Path) -> None:
    done = failover(tmp_path, "drill", "meteor")
    assert done.returncode == 2
    assert "origin-denied" in done.stderr


@pytest.mark.parametrize(
    "given", ["", "123456789012:other.example.com", "999999999999:www.example.com", "www.example.com"]
)
def test_another_account_or_site_is_not_confirmed(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    with pytest.raises(WrongUsageError, match=r"nothing was done.*123456789012:www\.example\.com"):
        insist_on_confirmation(given, "123456789012:www.example.com", "This breaks something")


class FakeCloudFront:
    def __init__(self, *aliases: str) -> None:
        self._aliases = list(aliases)

    def get_distribution(self, Id: str) -> dict[str, Any]:  # noqa: N803  botocore's name
        assert Id == "E1"
        return {"Distribution": {"DistributionConfig": {"Aliases": {"Items": self._aliases}}}}


def test_hostname_that_is_not_ours_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    deployment = Deployment.model_validate(EDGE)
    monkeypatch.setattr(plan, "aws_client", lambda *_arguments, **_more: FakeCloudFront("www.example.com"))
    insist_on_own_site(deployment)
    monkeypatch.setattr(plan, "aws_client", lambda *_arguments, **_more: FakeCloudFront("other.example.com"))
    with pytest.raises(UnsafePlanError, match=r"www\.example\.com is not served by .* which holds other\.example\.com"):
        insist_on_own_site(deployment)


def test_second_drill_at_the_same_time_waits_for_nobody(tmp_path: Path) -> None:
    (tmp_path / "fault-journal.json").write_text("{}", encoding="utf-8")  # so that there would be something to recover
    with drill_lock(tmp_path):
        done = failover(tmp_path, "chaos", "recover")
    assert done.returncode == 3
    assert "another drill is running" in done.stderr
