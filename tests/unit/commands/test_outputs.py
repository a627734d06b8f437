"""`failover outputs` with a shell script in Terraform's place: the file that it saves, and what it says."""

import json
from pathlib import Path

import pytest

from scripts.commands import outputs as command
from scripts.errors import MissingOutputError
from tests.worlds.fake_terraform import Fake

EDGE = {
    "hostname": "www.example.test",
    "hosted_zone_id": "Z1",
    "key_value_store_arn": "arn:store",
    "health_check_ids": {},
    "buckets": {},
    "roles": {"eu-central-1": "primary", "us-east-1": "secondary", "ap-northeast-1": "secondary"},
    "distributions": {},
    "objectives": {"rto_seconds": 120, "rpo_seconds": 1, "availability_ratio": 0.99, "monthly_cost_usd": 5},
}


def test_every_region_is_named_with_its_role(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = json.dumps({name: {"value": value} for name, value in EDGE.items()})
    fake = Fake(tmp_path, f"cat <<'EOF'\n{answer}\nEOF")
    (fake.stack / "cdk.tf.json").touch()
    monkeypatch.setattr(command, "from_this_machine", lambda *_arguments: fake.terraform())
    command.outputs(stacks=tmp_path, save=tmp_path / "outputs.json")
    assert json.loads((tmp_path / "outputs.json").read_text(encoding="utf-8")) == {"edge": EDGE}
    said = capsys.readouterr().out
    regions = "eu-central-1 (primary), ap-northeast-1 (secondary), us-east-1 (secondary)"
    assert said == f"{tmp_path / 'outputs.json'}: www.example.test in {regions}\n"


def test_outputs_that_no_command_could_use_do_not_replace_those_that_are_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = Fake(tmp_path, "echo '{}'")
    (fake.stack / "cdk.tf.json").touch()
    monkeypatch.setattr(command, "from_this_machine", lambda *_arguments: fake.terraform())
    saved = tmp_path / "outputs.json"
    saved.write_text("of the deploy before")
    with pytest.raises(MissingOutputError, match="lacks outputs of the edge stack"):
        command.outputs(stacks=tmp_path, save=saved)
    assert saved.read_text() == "of the deploy before"
