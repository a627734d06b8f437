"""`failover prove` before it does anything, and that whatever ends a run takes the sandbox down."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from scripts import cli
from scripts.commands.shared import proving
from scripts.errors import DrillAbortedError, OpsError, WrongUsageError
from scripts.terraform.synthesis import synthesize

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "config" / "sandbox.example.toml"


@pytest.fixture(scope="module")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sandbox") / "cdktf.out"
    synthesize(EXAMPLE, folder)
    return folder


@pytest.fixture(autouse=True)
def no_account_and_no_second_synthesis(synthesized: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAILOVER_LOCALCLOUD", raising=False)
    monkeypatch.setattr(proving, "caller_account", lambda _region: "111122223333")
    monkeypatch.setattr(
        proving, "synthesize", lambda _file, outdir: shutil.copytree(synthesized, outdir, dirs_exist_ok=True)
    )


def run(tmp_path: Path, *arguments: str) -> Result:
    command = ["prove", "--site-file", str(EXAMPLE), "--output", str(tmp_path / "out"), *arguments]
    return CliRunner().invoke(cli.application(("prove",)), command)


def test_plan_tells_account_site_bill_and_how_to_go_on_and_does_nothing(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.exit_code == 0, done.output
    assert "The bill is at most 8.04 USD" in done.stderr
    assert "--apply --confirm 111122223333:www.sandbox.example.com" in done.stderr
    assert not (tmp_path / "out" / "outputs.json").exists()


def test_plan_is_one_document_with_json(tmp_path: Path) -> None:
    document = json.loads(run(tmp_path, "--json", "--drill", "origin-denied").stdout)
    assert (document["applied"], document["drills"], document["estimated_usd"]) == (False, ["origin-denied"], 8.04)


def test_bill_above_the_limit_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "--most-usd", "8")
    assert isinstance(done.exception, OpsError)
    assert (done.exception.exit_code, "may be 8.04 USD" in str(done.exception)) == (1, True)


def test_unknown_lever_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "--drill", "nonsense")
    assert isinstance(done.exception, WrongUsageError)
    assert "allowed: none, origin-denied" in str(done.exception)


@pytest.mark.parametrize("confirm", ["", "111122223333:other.example.com", "999999999999:www.sandbox.example.com"])
def test_run_needs_the_name_of_account_and_site(tmp_path: Path, confirm: str) -> None:
    done = run(tmp_path, "--apply", "--confirm", confirm)
    assert isinstance(done.exception, WrongUsageError)
    assert "nothing was done" in str(done.exception)


def test_state_that_is_not_local_is_refused(tmp_path: Path, synthesized: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def in_a_bucket(_file: Path, outdir: Path) -> None:
        shutil.copytree(synthesized, outdir)
        edge = outdir / "stacks" / "edge" / "cdk.tf.json"
        document = json.loads(edge.read_text(encoding="utf-8"))
        document["output"]["state"]["value"]["backend"] = "s3"
        edge.write_text(json.dumps(document), encoding="utf-8")

    monkeypatch.setattr(proving, "synthesize", in_a_bucket)
    done = run(tmp_path)
    assert isinstance(done.exception, WrongUsageError)
    assert 'write backend = "local"' in str(done.exception)


@pytest.mark.parametrize("state", ['{"resources": [{"type": "aws_route53_zone"}]}', '{"resources": [{"ty'])
def test_folder_of_a_run_that_was_not_taken_down_is_refused_before_its_stacks_are_touched(
    tmp_path: Path, state: str
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "terraform.dns.tfstate").write_text(state, encoding="utf-8")
    done = run(tmp_path, "--apply", "--confirm", "111122223333:www.sandbox.example.com")
    assert isinstance(done.exception, OpsError)
    assert "failover destroy --stacks" in str(done.exception)
    assert not (tmp_path / "out" / "cdktf.out").exists()


@pytest.mark.parametrize(
    ("error", "exit_code"), [(KeyboardInterrupt(), 130), (DrillAbortedError("the session expired"), 3)]
)
def test_whatever_ends_a_run_takes_the_sandbox_down_and_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, exit_code: int
) -> None:
    def fail(*_arguments: Any) -> None:
        raise error

    taken_down: list[bool] = []

    def take_down(_self: proving.Proving) -> tuple[str, None]:
        taken_down.append(True)
        return "yes", None

    monkeypatch.setattr(proving.Proving, "_prove", fail)
    monkeypatch.setattr(proving.Proving, "_take_down", take_down)
    done = run(tmp_path, "--apply", "--confirm", "111122223333:www.sandbox.example.com")
    assert taken_down == [True]
    report = json.loads((tmp_path / "out" / "prove.json").read_text(encoding="utf-8"))
    assert report["problem"] is not None
    assert report["teardown"] == "yes"
    assert done.exit_code == exit_code


def test_sandbox_that_could_not_be_taken_down_is_told_with_the_command_that_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any) -> None:
        raise OpsError("no credentials any more")

    monkeypatch.setattr(proving.Proving, "_prove", lambda *_arguments: None)
    monkeypatch.setattr(proving, "plan_teardown", fail)
    monkeypatch.setattr(proving, "from_this_machine", lambda *_arguments: None)
    done = run(tmp_path, "--apply", "--confirm", "111122223333:www.sandbox.example.com")
    assert done.exit_code == 3
    assert "the sandbox stands, and costs: no credentials any more" in done.stderr
    assert f"failover destroy --stacks {tmp_path / 'out' / 'cdktf.out' / 'stacks'}" in done.stderr
