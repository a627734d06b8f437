"""The `failover` command's ends: one message and the right exit code, whatever goes wrong."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from rich.text import Text
from typer.core import TyperGroup
from typer.main import get_command

from scripts import cli
from scripts.errors import OpsError, UnsafePlanError
from scripts.files import in_words, write_atomically

ROOT = Path(__file__).parents[2]


def failover(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    """Run the command line in this process and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["failover", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return end.value.code


def with_verb(monkeypatch: pytest.MonkeyPatch, verb: Callable[[], None]) -> int | str | None:
    """Run a command line whose only verb is the given function."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(verb)
    for name in ("application", "contents"):
        monkeypatch.setattr(cli, name, lambda *_names: app)
    return failover(monkeypatch)


def process_with_verb(statement: str, *, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, with one more verb that does the statement."""
    script = (
        f"import os, sys\nfrom scripts import cli\ndef x(): {statement}\n"
        "app = cli.application(())\napp.command('x')(x)\ncli.application = cli.contents = lambda *_names: app\n"
    )
    command = [sys.executable, "-c", script + "sys.argv = ['failover', 'x']\ncli.main()"]
    return subprocess.run(command, cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=60)


@pytest.mark.parametrize(
    ("error", "exit_code", "message"),
    [
        (None, 0, ""),
        (typer.Exit(1), 1, ""),
        (UnsafePlanError("no"), 1, "failover: no\n"),
        (OpsError("no"), 3, "failover: no\n"),
        (TimeoutError("timed out"), 3, "failover: timed out\n"),
        (
            IsADirectoryError(21, "Is a directory", "/tmp"),
            3,
            "failover: /tmp: Is a directory; give another path, or mend what is there\n",
        ),
    ],
)
def test_end_of_a_verb_is_an_exit_code_and_at_most_one_message(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception | None,
    exit_code: int,
    message: str,
) -> None:
    def verb() -> None:
        if error is not None:
            raise error

    assert with_verb(monkeypatch, verb) == exit_code
    assert capsys.readouterr() == ("", message)


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (("status", "--outputs", "no/such.json"), 3, "no/such.json is not there"),
        (("verify", "--apply"), 2, "--apply without --repair"),
        (("prune", "--keep", "none"), 2, "'--keep'"),
        (("build", "no/such/source"), 2, "no/such/source"),
    ],
)
def test_json_is_one_document_on_failure_too(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    exit_code: int,
    said: str,
) -> None:
    assert failover(monkeypatch, *arguments, "--json") == exit_code
    output, error = capsys.readouterr()
    found = json.loads(output)
    assert (found["exit_code"], said in found["error"], error != "") == (exit_code, True, True)


def test_json_is_one_document_after_an_interrupt(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_arguments: object, **_named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("scripts.commands.status.open_website", interrupted)
    monkeypatch.setattr(signal, "signal", lambda *_arguments: None)
    assert failover(monkeypatch, "status", "--json") == 130
    assert json.loads(capsys.readouterr().out)["exit_code"] == 130


@pytest.mark.parametrize("arguments", [("--no-such-option",), ("no-such-verb",), ("drill",), ("demo", "--speed", "99")])
def test_wrong_usage_is_told_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert failover(monkeypatch, *arguments) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert "Usage: failover" in errors


def test_help_is_told_on_stdout(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert failover(monkeypatch, "cost", "--help") == 0
    output, errors = capsys.readouterr()
    assert errors == ""
    assert "Usage: failover" in output


def test_output_folder_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    assert failover(monkeypatch, "demo", "--output", str(tmp_path / "file")) == 3
    assert capsys.readouterr().err.startswith(f"failover: {tmp_path / 'file'}: File exists; ")


def test_outputs_file_that_is_a_folder_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert failover(monkeypatch, "rollback", "--outputs", str(tmp_path)) == 3
    assert capsys.readouterr().err.startswith(f"failover: {tmp_path}: Is a directory; ")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"{", b"[]", b"{}"])
def test_outputs_file_of_something_else_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "outputs.json"
    path.write_bytes(content)
    assert failover(monkeypatch, "rollback", "--outputs", str(path)) == 3
    assert capsys.readouterr().err.startswith(f"failover: {path} is not a file of `failover outputs`")


@pytest.mark.parametrize("verb", [("outputs", "--stacks"), ("cost", "--stacks"), ("bootstrap", "--stacks"), ("lint",)])
@pytest.mark.parametrize("folder", ["absent", "empty"])
def test_folder_without_synthesized_stacks_is_wrong_usage_whatever_the_verb(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    verb: tuple[str, ...],
    folder: str,
) -> None:
    (tmp_path / "empty").mkdir()
    assert failover(monkeypatch, *verb, str(tmp_path / folder)) == 2
    message = capsys.readouterr().err
    assert message.startswith(f"failover: {tmp_path / folder}")
    assert "`python main.py" in message


def test_help_is_wrapped_by_the_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    assert failover(monkeypatch, "sync-content", "--help") == 0
    assert "so the old release stays live until the switch, and a crash" in capsys.readouterr().out


@pytest.mark.parametrize("closed", [1, 2])
def test_closed_stream_changes_no_exit_code(closed: int) -> None:
    """As `failover status >&-` in a shell."""
    script = "import sys\nfrom scripts import cli\nsys.argv = ['failover', '--help']\ncli.main()\n"
    command = f"exec '{sys.executable}' -c \"$0\" {closed}>&-"
    done = subprocess.run(["sh", "-c", command, script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_interrupt_says_that_nothing_was_left_running() -> None:
    done = process_with_verb(f"os.kill(os.getpid(), {int(signal.SIGINT)})")
    assert (done.returncode, done.stderr) == (130, "failover: interrupted; nothing was left running\n")


def test_interrupt_at_the_very_end_changes_nothing() -> None:
    again = f"atexit.register(os.kill, os.getpid(), {int(signal.SIGINT)})"
    done = process_with_verb(f"import atexit; {again}; raise KeyboardInterrupt")
    assert (done.returncode, done.stderr) == (130, "failover: interrupted; nothing was left running\n")


@pytest.mark.parametrize(
    "statement",
    [
        "print('a line')",
        "print('a line' * 100_000)",
        "import rich; rich.print('a line\\n' * 10_000); sys.stdout.flush()",
    ],
)
def test_reader_that_goes_away_ends_the_command_quietly(statement: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = process_with_verb(statement, stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_text_that_no_encoding_has_is_escaped() -> None:
    done = process_with_verb(r"print('\ud800')")
    assert (done.returncode, done.stdout, done.stderr) == (0, "\\ud800\n", "")


def test_every_verb_has_its_module_and_its_help() -> None:
    registered = {each.name: each.callback for each in cli.application().registered_commands}
    assert tuple(registered) == cli.COMMANDS
    assert all(callback is not None and callback.__doc__ for callback in registered.values())


def test_help_is_printed_as_it_is_written() -> None:
    """Rich drops what stands in brackets, as it would a style."""
    command: Any = get_command(cli.application())
    texts = [text for verb in command.commands.values() for text in (verb.help, *(each.help for each in verb.params))]
    assert [text for text in texts if text and Text.from_markup(text).plain != text] == []


def test_verb_is_started_without_the_modules_of_the_others() -> None:
    script = (
        "import sys\nfrom scripts import cli\nsys.argv = ['failover', 'rollback', '--help']\n"
        "try:\n    cli.main()\nexcept SystemExit:\n    pass\n"
        "sys.exit('scripts.commands.demo' in sys.modules or 'scripts.drill.drill' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.DEVNULL, timeout=60, check=False)
    assert done.returncode == 0


# 0.06 s here in November 2026, Python's own start among it; 0.38 s when it brought AWS's client, pydantic, asyncio and rich.
MOST_CPU_SECONDS = 0.2


def test_publish_begins_to_read_its_folder_before_it_imports_what_takes_longer() -> None:
    code = (
        "import sys, time\nfrom scripts import cli\ncli.application(['sync-content'])\n"
        "import scripts.release.digests, scripts.release.folder\n"
        "print(time.process_time(), *{name.partition('.')[0] for name in sys.modules})"
    )
    found = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(2)  # the first one may compile
    ]
    assert {"botocore", "awscrt", "pydantic", "asyncio", "rich"} & set(found[-1]) == set()
    assert min(float(seconds) for seconds, *_ in found) < MOST_CPU_SECONDS


def test_version_is_that_of_the_installed_package(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["failover", "--version"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code in (0, None)
    assert capsys.readouterr().out == f"failover {metadata.version('failover-website')}\n"


def test_help_shows_every_verb_and_imports_none() -> None:
    code = (
        "import sys; sys.argv = ['failover', '--help']\n"
        "from scripts import cli\n"
        "try: cli.main()\n"
        "finally: print([name for name in sys.modules if name.startswith('scripts.commands.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("[]")
    assert [verb for verb in cli.COMMANDS if f"│ {verb} " not in done.stdout] == []


def test_help_of_the_list_is_that_of_the_verb() -> None:
    listed, real = (get_command(app) for app in (cli.contents(), cli.application()))
    assert isinstance(listed, TyperGroup)
    assert isinstance(real, TyperGroup)
    assert {name: verb.help for name, verb in listed.commands.items()} == {
        name: verb.help for name, verb in real.commands.items()
    }


def test_completion_knows_the_options_of_a_verb() -> None:
    environ = {
        **os.environ,
        "_FAILOVER_COMPLETE": "complete_bash",
        "COMP_WORDS": "failover cost --si",
        "COMP_CWORD": "2",
    }
    code = "from scripts.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert "--site-file" in done.stdout


def test_full_disk_behind_json_is_told_and_no_traceback() -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-c", "from scripts.cli import main; main()", "build", "--check", "--json"],
            cwd=Path(__file__).parents[2],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.returncode == 3
    (line,) = done.stderr.strip().splitlines()
    assert re.fullmatch(r"failover: No space left on device: .+; free space there, or write to another folder", line)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "raise OSError(28, 'No space left on device')",
            r"No space left on device: .+; free space there, or write to another",
        ),
        ("raise ConnectionRefusedError(111, 'Connection refused')", "Connection refused"),
        ("raise OSError('no reason but this')", "no reason but this"),
        ("raise TimeoutError", "TimeoutError"),
        ("open('/dev/null/x')", "/dev/null/x: Not a directory; give another path, or mend what is there"),
    ],
)
def test_error_of_the_operating_system_is_told_without_its_number(statement: str, told: str) -> None:
    done = process_with_verb(statement)
    assert done.returncode == 3
    assert re.fullmatch(f"failover: {told}.*\n", done.stderr), done.stderr
    assert "Errno" not in done.stderr


def test_full_disk_is_named_by_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    full = SimpleNamespace(f_bavail=0)
    usual = SimpleNamespace(f_bavail=1)
    monkeypatch.setenv("TMPDIR", "/scratch")
    monkeypatch.setattr(os, "statvfs", lambda place: full if place == "/scratch" else usual)
    assert in_words(OSError(28, "No space left on device")).startswith("No space left on device: /scratch; free space")


def test_machine_without_any_temporary_folder_is_told_what_to_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: [str(tmp_path / "nowhere")])
    with pytest.raises(FileNotFoundError) as caught:
        tempfile.gettempdir()
    assert in_words(caught.value) == (
        f"No usable temporary directory found in ['{tmp_path}/nowhere']; "
        "free space there, or set TMPDIR to a folder that can be written to"
    )


def test_file_in_a_folder_that_cannot_be_written_to_is_named_and_not_its_temporary_sibling() -> None:
    with pytest.raises(OSError) as caught:
        write_atomically(Path("/proc/outputs.json"), "{}")  # nobody makes files there
    assert caught.value.filename == "/proc/outputs.json"


def test_file_that_could_not_be_written_is_named_though_a_write_does_not_say_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError) as caught:
        write_atomically(tmp_path / "outputs.json", "{}", durable=True)
    assert caught.value.filename == str(tmp_path / "outputs.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", cli.COMMANDS)
def test_help_shows_a_call_that_the_verb_takes(verb: str) -> None:
    group = get_command(cli.application([verb]))
    assert isinstance(group, TyperGroup)
    command = group.commands[verb]
    shown = re.search(rf"Example: failover {verb}((?: [^ ,]+)*)", command.help or "")
    assert shown is not None, command.help
    arguments = shown[1].split(" > ")[0].rstrip(".").split()
    context = command.make_context(verb, arguments, resilient_parsing=verb == "localcloud")  # its options are its own
    assert context.command is command
