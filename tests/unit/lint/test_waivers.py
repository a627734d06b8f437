"""A finding that is meant is waived on its own resource, with a reason; a waiver that waives nothing is told."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scripts.cli import application
from scripts.lint import gate
from scripts.lint.model import Configuration
from scripts.lint.reading import read_document
from scripts.lint.rules import ALL_RULES
from scripts.lint.waivers import Judgement, judge
from tests.unit.lint.examples import D1, D2, distribution, document


def waiver(**fields: str) -> dict[str, Any]:
    return {"//": {"failover_lint": {"waive": [fields]}}}


MEANT = waiver(id="FW011", comment="a name that moves to D2 this week")
FOUND = document({D1: distribution(), D2: distribution()})


def judged(raw: dict[str, Any]) -> Judgement:
    return judge(Configuration([read_document("main", raw)]), ALL_RULES)


def rules(judgement: Judgement) -> set[str]:
    return {violation.rule.id for violation in judgement.violations}


def with_waivers(**waivers: dict[str, Any]) -> dict[str, Any]:
    return document({D1: distribution() | waivers.get("d1", {}), D2: distribution() | waivers.get("d2", {})})


def found_on() -> str:
    return next(one.finding.address for one in judged(FOUND).violations if one.rule.id == "FW011")


def test_waiver_on_the_resource_takes_the_finding_away_and_keeps_the_reason() -> None:
    judgement = judged(with_waivers(**{"d1" if found_on() == D1 else "d2": MEANT}))
    assert "FW011" not in rules(judgement)
    assert [reason for violation, reason in judgement.waived if violation.rule.id == "FW011"] == [
        "a name that moves to D2 this week"
    ]
    assert judgement.idle == []


def test_waiver_on_another_resource_waives_nothing_and_is_told() -> None:
    other = D2 if found_on() == D1 else D1
    judgement = judged(with_waivers(**{"d1" if other == D1 else "d2": MEANT}))
    assert "FW011" in rules(judgement)
    assert judgement.idle == [f"main: {other}: FW011"]


def test_waiver_without_a_reason_waives_nothing() -> None:
    bare = waiver(id="FW011")
    assert "FW011" in rules(judged(with_waivers(d1=bare, d2=bare)))


def test_idle_waiver_alone_fails_the_command(tmp_path: Path) -> None:
    raw = document({"aws_s3_bucket.a": {"bucket": "content"} | MEANT})
    (tmp_path / "main.tf.json").write_text(json.dumps(raw), encoding="utf-8")
    result = CliRunner().invoke(application(), ["lint", str(tmp_path)])
    assert (result.exit_code, "waives nothing" in result.stdout) == (1, True)


def written(folder: Path, raw: dict[str, Any], *, stack: str = "edge") -> Path:
    path = folder / "stacks" / stack / "cdk.tf.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(raw), encoding="utf-8")
    manifest = {"stacks": {stack: {"synthesizedStackPath": f"stacks/{stack}/cdk.tf.json"}}}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def test_gate_prints_rule_resource_why_remedy_and_how_to_waive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not gate.passes(written(tmp_path, FOUND))
    shown = capsys.readouterr().err
    for part in ("FW011 shared-alias", found_on(), "why: ", "source: https://", "remedy: ", 'waive(resource, {"FW'):
        assert part in shown


def test_gate_is_silent_when_nothing_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gate.passes(written(tmp_path, document({"aws_s3_bucket.a": {"bucket": "content"}})))
    assert capsys.readouterr() == ("", "")


def test_gate_fails_on_an_idle_waiver(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = document({"aws_s3_bucket.a": {"bucket": "content"} | MEANT})
    assert not gate.passes(written(tmp_path, raw))
    assert "waives nothing" in capsys.readouterr().err


def test_gate_reads_only_the_stacks_of_this_synth(tmp_path: Path) -> None:
    written(tmp_path, FOUND, stack="left-from-an-earlier-synth")
    assert gate.passes(written(tmp_path, document({"aws_s3_bucket.a": {"bucket": "content"}})))
