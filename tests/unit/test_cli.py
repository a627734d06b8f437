"""The `failover` command's ends: one message and the right exit code, whatever goes wrong."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FAILOVER = str(Path(sys.executable).with_name("failover"))


def failover(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([FAILOVER, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60)


def with_verb(definition: str, *, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """Run the command line with one more verb, `x`, whose function the definition makes."""
    script = (
        f"import sys\nfrom scripts import cli\n{definition}\ncli.app.command('x')(x)\nsys.argv = ['failover', 'x']\n"
    )
    command = [sys.executable, "-c", script + "cli.main()"]
    return subprocess.run(command, cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=60)


@pytest.mark.parametrize(
    ("statement", "exit_code"),
    [("pass", 0), ("raise cli.typer.Exit(1)", 1), ("raise cli.OpsError('no')", 3), ("sys.exit(1)", 1)],
)
def test_exit_code_is_the_verbs(statement: str, exit_code: int) -> None:
    done = with_verb(f"def x(): {statement}")
    assert (done.returncode, done.stdout) == (exit_code, "")
    assert done.stderr == ("failover: no\n" if exit_code == 3 else "")


@pytest.mark.parametrize("arguments", [("--no-such-option",), ("no-such-verb",), ("drill",), ("demo", "--speed", "99")])
def test_wrong_usage_is_told_on_stderr(arguments: tuple[str, ...]) -> None:
    done = failover(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: failover" in done.stderr


@pytest.mark.parametrize("option", ["--help", "cost --help"])
def test_help_is_told_on_stdout(option: str) -> None:
    done = failover(*option.split())
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage: failover" in done.stdout


def test_interrupt_says_that_nothing_was_left_running() -> None:
    done = with_verb(f"import os\ndef x(): os.kill(os.getpid(), {int(signal.SIGINT)})")
    assert (done.returncode, done.stderr) == (130, "failover: interrupted; nothing was left running\n")


def test_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for arguments, name in (
        (("demo", "--output", "/proc/x"), "/proc/x"),
        (("demo", "--output", str(file)), str(file)),
        (("rollback", "--outputs", str(tmp_path)), str(tmp_path)),
    ):
        done = failover(*arguments)
        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr.startswith(f"failover: {name}: ")
        assert len(done.stderr.splitlines()) == 1


def test_failure_without_a_file_is_told_in_its_own_words() -> None:
    done = with_verb("def x(): raise TimeoutError('timed out')")
    assert (done.returncode, done.stderr) == (3, "failover: timed out\n")


@pytest.mark.parametrize(
    "statement",
    [
        "print('a line')",
        "print('a line' * 100_000)",
        "from rich.console import Console; Console().print('a line\\n' * 10_000); Console().file.flush()",
    ],
)
def test_reader_that_goes_away_ends_the_command_quietly(statement: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = with_verb(f"def x(): {statement}", stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")
