"""Terraform's machine-readable UI, its exit codes and its end, with a shell script in Terraform's place."""

import os
import signal
import threading
from pathlib import Path

import pytest
from rich.console import Console

from scripts.processes import process_group
from scripts.terraform.cli import Progress, TerraformError
from scripts.terraform.deploy import deploy
from tests.worlds.fake_terraform import Fake

PLAN_OF_3 = (
    '{"type":"change_summary","changes":{"add":1,"change":1,"remove":1,"operation":"plan"},"@message":"Plan: 3"}'
)
APPLY_SUMMARY = (
    '{"type":"change_summary","changes":{"add":3,"change":0,"remove":0,"operation":"apply"},"@message":"Done"}'
)
ERROR = (
    '{"type":"diagnostic","@message":"Error: x","diagnostic":'
    '{"severity":"error","summary":"creating bucket","detail":"AccessDenied","address":"aws_s3_bucket.site"}}'
)
WARNING = '{"type":"diagnostic","@message":"Warning: x","diagnostic":{"severity":"warning","summary":"old argument"}}'


def complete(action: str) -> str:
    return f'{{"type":"apply_complete","hook":{{"action":"{action}"}},"@message":"{action} complete"}}'


def printing(*lines: str, exit_code: int = 0) -> str:
    return "\n".join(["cat <<'EOF'", *lines, "EOF", f"exit {exit_code}"])


def test_outputs_of_a_stack_that_is_not_initialized_say_which_and_what_to_run(tmp_path: Path) -> None:
    fake = Fake(tmp_path, printing('Error: Backend initialization required, please run "terraform init"', exit_code=1))
    with pytest.raises(
        TerraformError, match=f"^the stack edge is not initialized .* `terraform -chdir={fake.stack} init`"
    ):
        fake.terraform().output(fake.stack)


def test_apply_counts_planned_and_completed_operations(tmp_path: Path) -> None:
    fake = Fake(tmp_path, printing(PLAN_OF_3, *map(complete, ("create", "read", "update", "delete")), APPLY_SUMMARY))
    seen: list[Progress] = []
    fake.terraform().apply(fake.stack, on_progress=seen.append)
    assert [(step.planned, step.done) for step in seen] == [(3, 0), (3, 1), (3, 1), (3, 2), (3, 3), (3, 3)]
    assert seen[1].doing == "create complete"


def test_apply_asks_nothing_and_waits_for_the_lock(tmp_path: Path) -> None:
    fake = Fake(tmp_path)
    fake.terraform().apply(fake.stack)
    expected = f"-chdir={fake.stack} apply -json -auto-approve -input=false -lock-timeout=30s\n"
    assert fake.arguments.read_text(encoding="utf-8") == expected


def test_failure_tells_the_error_diagnostics_and_the_log(tmp_path: Path) -> None:
    fake = Fake(tmp_path, printing(WARNING, ERROR, exit_code=1))
    with pytest.raises(TerraformError) as caught:
        fake.terraform().apply(fake.stack)
    assert str(caught.value) == (
        f"terraform apply on edge failed (exit code 1; all output in {fake.log}):\n"
        "- creating bucket [aws_s3_bucket.site]\n  AccessDenied"
    )
    assert caught.value.exit_code == 3


def test_failure_without_diagnostics_tells_the_last_lines(tmp_path: Path) -> None:
    fake = Fake(tmp_path, "seq 100 >&2\nexit 2")
    with pytest.raises(TerraformError) as caught:
        fake.terraform().destroy(fake.stack)
    assert str(caught.value).splitlines()[1:] == [str(number) for number in range(81, 101)]


def test_failure_of_a_silent_program_says_so(tmp_path: Path) -> None:
    fake = Fake(tmp_path, "exit 9")
    with pytest.raises(TerraformError, match=r"exit code 9.*\nIt printed nothing"):
        fake.terraform().apply(fake.stack)


def test_log_keeps_every_line_of_every_command(tmp_path: Path) -> None:
    fake = Fake(tmp_path, printing(PLAN_OF_3, "not JSON"))
    terraform = fake.terraform()
    terraform.init(fake.stack)
    terraform.apply(fake.stack)
    lines = fake.log.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# terraform init -json -input=false -reconfigure"
    assert lines.count("not JSON") == 2


@pytest.mark.parametrize("exit_code", [0, 2])
def test_plan_exit_code_is_terraforms_detailed_one(tmp_path: Path, exit_code: int) -> None:
    fake = Fake(tmp_path, f"exit {exit_code}")
    assert fake.terraform().plan_exit_code(fake.stack) == exit_code


def test_plan_exit_code_1_is_a_failure(tmp_path: Path) -> None:
    fake = Fake(tmp_path, printing(ERROR, exit_code=1))
    with pytest.raises(TerraformError, match="creating bucket"):
        fake.terraform().plan_exit_code(fake.stack)


def test_output_returns_values_by_name_and_logs_none(tmp_path: Path) -> None:
    document = '{"zone_id":{"value":"Z1"},\n"names":{"value":["a"],"sensitive":true}}'
    fake = Fake(tmp_path, printing("Warning: the CLI configuration file does not exist.", document))
    assert fake.terraform().output(fake.stack) == {"zone_id": "Z1", "names": ["a"]}
    assert "Z1" not in fake.log.read_text(encoding="utf-8")


def test_output_before_the_first_apply_is_empty(tmp_path: Path) -> None:
    fake = Fake(tmp_path, printing("{}"))
    assert fake.terraform().output(fake.stack) == {}


def test_init_adds_the_hint_when_the_provider_is_not_to_be_had(tmp_path: Path) -> None:
    message = '{"type":"diagnostic","diagnostic":{"severity":"error","summary":"Failed to query available provider packages"}}'
    fake = Fake(tmp_path, printing(message, exit_code=1))
    with pytest.raises(
        TerraformError, match="Failed to query available provider packages\nset FAILOVER_PROVIDER_MIRROR"
    ):
        fake.terraform(init_hint="set FAILOVER_PROVIDER_MIRROR").init(fake.stack)


def test_init_adds_no_hint_to_other_failures(tmp_path: Path) -> None:
    fake = Fake(tmp_path, printing(ERROR, exit_code=1))
    with pytest.raises(TerraformError) as caught:
        fake.terraform(init_hint="the hint").init(fake.stack)
    assert "the hint" not in str(caught.value)


@pytest.mark.parametrize(("environment", "at_once"), [({}, 2), ({"TF_PLUGIN_CACHE_DIR": "/cache"}, 1)])
def test_init_takes_turns_only_where_a_plugin_cache_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], at_once: int
) -> None:
    monkeypatch.delenv("TF_PLUGIN_CACHE_DIR", raising=False)
    fake = Fake(tmp_path, printing(PLAN_OF_3))
    terraform = fake.terraform(**environment)
    both, peak, running = threading.Barrier(at_once), [0], threading.Semaphore(2)

    def note(_: Progress) -> None:
        running.acquire()
        peak[0] = max(peak[0], 2 - running._value)
        both.wait(60)
        running.release()

    threads = [threading.Thread(target=terraform.init, args=(fake.stack,), kwargs={"on_progress": note}) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert peak == [at_once]


def test_environment_is_added_to_this_processs_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THE_PROCESS", "kept")
    fake = Fake(tmp_path, 'echo "$OF_THE_PROCESS $GIVEN"')
    fake.terraform(GIVEN="added").apply(fake.stack)
    assert "kept added" in fake.log.read_text(encoding="utf-8")


def has_ended(pid: int) -> bool:
    """Return whether a process is gone; a SIGKILL takes a moment to act, a zombie counts as gone."""
    for _ in range(500):
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        except FileNotFoundError:
            return True
        if stat.rsplit(")", 1)[1].split()[0] == "Z":
            return True
        threading.Event().wait(0.01)
    return False


def test_ctrl_c_lets_terraform_save_its_state_and_leaves_nothing_running(tmp_path: Path) -> None:
    body = f"""
trap 'echo state saved >{tmp_path}/state; exit 1' INT
sleep 300 & echo $! >{tmp_path}/provider
echo '{PLAN_OF_3}'
wait"""
    fake = Fake(tmp_path, body)

    def interrupt(_: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fake.terraform().apply(fake.stack, on_progress=interrupt)
    assert (tmp_path / "state").exists()
    assert has_ended(int((tmp_path / "provider").read_text(encoding="utf-8")))


def test_provider_left_by_a_crashed_terraform_is_killed(tmp_path: Path) -> None:
    fake = Fake(tmp_path, f"sleep 300 >/dev/null 2>&1 & echo $! >{tmp_path}/provider; kill -9 $$")
    with pytest.raises(TerraformError, match="exit code -9"):
        fake.terraform().apply(fake.stack)
    assert has_ended(int((tmp_path / "provider").read_text(encoding="utf-8")))


def test_interrupt_ends_runs_in_other_threads_and_refuses_new_ones(tmp_path: Path) -> None:
    fake = Fake(tmp_path, f"trap 'exit 1' INT\necho '{PLAN_OF_3}'\nsleep 300 >/dev/null 2>&1 & wait")
    terraform, is_running, errors = fake.terraform(), threading.Event(), list[BaseException]()

    def apply() -> None:
        try:
            terraform.apply(fake.stack, on_progress=lambda _: is_running.set())
        except TerraformError as error:
            errors.append(error)

    thread = threading.Thread(target=apply, daemon=True)
    thread.start()
    assert is_running.wait(60)
    terraform.interrupt()
    thread.join(60)
    assert [str(error)[:34] for error in errors] == ["terraform apply on edge failed (ex"]
    with pytest.raises(TerraformError, match="is being stopped"):
        terraform.apply(fake.stack)


def test_interrupt_ends_by_force_what_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_group, "STOP_SECONDS", 0.2)
    monkeypatch.setattr(process_group, "KILL_SECONDS", 0.2)
    fake = Fake(tmp_path, f"trap '' INT TERM\nsleep 300 & echo $! >{tmp_path}/provider\necho '{PLAN_OF_3}'\nwait")
    terraform, is_running = fake.terraform(), threading.Event()

    def apply() -> None:
        with pytest.raises(TerraformError):
            terraform.apply(fake.stack, on_progress=lambda _: is_running.set())

    thread = threading.Thread(target=apply, daemon=True)
    thread.start()
    assert is_running.wait(60)
    terraform.interrupt()
    thread.join(60)
    assert not thread.is_alive()
    assert has_ended(int((tmp_path / "provider").read_text(encoding="utf-8")))


def test_impatient_interrupts_of_a_deployment_let_every_stack_save_its_state(tmp_path: Path) -> None:
    body = f"""
[ "$2" = apply ] || exit 0
trap 'kill -INT {os.getpid()}; sleep 0.3; kill -INT {os.getpid()}; sleep 0.3; echo saved >>{tmp_path}/states; exit 1' INT
echo $$ >>{tmp_path}/running
[ $(wc -l <{tmp_path}/running) = 2 ] && kill -INT {os.getpid()}
sleep 300 >/dev/null 2>&1 & wait"""
    fake, stacks = Fake(tmp_path, body), tmp_path / "stacks"
    for name in ("region-a", "region-b"):
        (stacks / name).mkdir(parents=True)
        (stacks / name / "cdk.tf.json").write_text("{}", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        deploy(fake.terraform(), stacks, tmp_path / "outputs.json", Console(quiet=True))
    assert (tmp_path / "states").read_text(encoding="utf-8") == "saved\nsaved\n"
    assert all(has_ended(int(pid)) for pid in (tmp_path / "running").read_text(encoding="utf-8").split())
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
