"""The `failover` command: the list of its verbs, and what happens to their errors."""

from __future__ import annotations

import gc
import importlib
import io
import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NoReturn

from scripts.errors import EnvironmentFailureError, OpsError
from scripts.files import in_words

if TYPE_CHECKING:  # 0.07 s with all that it brings, which `failover lint FOLDER` does without
    import typer

_COMPLETION = "_FAILOVER_COMPLETE"  # set by the script of `failover --install-completion`
_INTERRUPTED = 130  # as shells report the end by SIGINT
_OUTPUT_GONE = 141  # and by SIGPIPE
_NEW_OBJECTS_PER_COLLECTION = 50_000

COMMANDS = (
    "init",
    "doctor",
    "demo",
    "plan",
    "deploy",
    "build",
    "sync-content",
    "rollback",
    "status",
    "releases",
    "verify",
    "prune",
    "takedown",
    "evacuate",
    "restore",
    "divert",
    "hand-over",
    "take-name",
    "drill",
    "simulate",
    "replay",
    "chaos",
    "audit",
    "prove",
    "probe",
    "health-check",
    "performance",
    "slo",
    "regressions",
    "load",
    "bootstrap",
    "migrate-states",
    "replace-region",
    "retire-region",
    "destroy",
    "outputs",
    "cost",
    "lint",
    "rehearse",
    "localcloud",
    "review",
    "schema",
)
"""The verbs in the order of `failover --help`; each is the function of its name in its module of scripts/commands."""

EXAMPLES = {
    "demo": "failover demo --site-file config/demo.toml --keep",
    "build": "failover build site/src --output site/build --site-file config/prod.toml",
    "sync-content": "failover sync-content site/build --apply",
    "rollback": "failover rollback --apply",
    "status": "failover status --json",
    "releases": "failover releases",
    "verify": "failover verify --repair",
    "prune": "failover prune --keep 5 --apply",
    "evacuate": "failover evacuate eu-central-1 --apply",
    "restore": "failover restore eu-central-1 --apply",
    "takedown": "failover takedown downloads/customers.csv --apply",
    "deploy": "failover deploy --approved SHA256 --apply",
    "divert": "failover divert --apply",
    "hand-over": "failover hand-over us-east-1 --apply",
    "take-name": "failover take-name --stacks cdktf.out/stacks --apply",
    "drill": "failover drill edge-outage --localcloud build/demo/localcloud --outputs build/demo/outputs.json",
    "replay": "failover replay 2017-02-28-s3 --localcloud build/demo/localcloud --outputs build/demo/outputs.json",
    "chaos": "failover chaos recover --localcloud build/demo/localcloud",
    "audit": "failover audit build/drill/report.json",
    "prove": "failover prove --site-file config/sandbox.example.toml",
    "probe": "failover probe --rate 2 --for 600",
    "health-check": "failover health-check --json",
    "performance": "failover performance --window 1h",
    "slo": "failover slo --window 30d",
    "load": "failover load --localcloud build/demo/localcloud --outputs build/demo/outputs.json",
    "bootstrap": "failover bootstrap --apply",
    "outputs": "failover outputs --stacks cdktf.out/stacks",
    "cost": "failover cost --site-file config/prod.toml",
    "lint": "failover lint infrastructure/",
    "rehearse": "failover rehearse infrastructure/website --var domain=example.com",
    "localcloud": "failover localcloud up --state-dir build/localcloud",
    "review": "failover review --base origin/main --site-file config/prod.toml",
}
"""A call of each verb whose docstring shows none, for its `--help`."""

_EPILOG = (
    "Exit codes: 0 done and within the objective, 1 checked and outside it, 2 wrong usage or site file, or nothing "
    "synthesized in the folder of stacks, 3 failure of AWS or of this machine, 130 interrupted, 141 nobody reads the "
    "output any more."
    "\n\nVariables: FAILOVER_OUTPUTS and FAILOVER_LOCALCLOUD stand for the options --outputs and --localcloud; "
    "`failover localcloud env` prints the second. TERRAFORM_BINARY_NAME names the program in Terraform's place, such as tofu, "
    "FAILOVER_PROVIDER_MIRROR a folder with its AWS provider, FAILOVER_PROVIDER_LOCK another lock file for it or none, "
    "FAILOVER_BINDINGS the bindings, cdktf or cdktn, FAILOVER_PROGRAM a program of your own in place of main.py."
)


def application(commands: Sequence[str] = COMMANDS) -> typer.Typer:
    """Returns the command line with these verbs. Only their modules are imported: all of them take half a second."""
    import inspect  # here, as what only some calls need is everywhere in this module

    app = _empty()
    for name in commands:
        module = _module(name)
        verb = getattr(module, name.replace("-", "_"))
        settings = getattr(module, "CONTEXT_SETTINGS", None)
        app.command(name, help=_help(name, inspect.getdoc(verb)), context_settings=settings)(verb)
    return app


def _module(name: str) -> ModuleType:
    """Imports the module of a verb.

    Raises:
        EnvironmentFailureError: a package that it needs is not here.
    """
    try:
        return importlib.import_module(f"scripts.commands.{name.replace('-', '_')}")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "scripts":
            raise
        raise EnvironmentFailureError(
            f"failover {name} needs {error.name}, which is not installed. "
            "Install it whole, in the checkout: pipx install --force ."
        ) from error


def contents() -> typer.Typer:
    """Returns the command line as `failover --help` shows it: every verb with its help, read from the source, none imported."""
    import ast  # as above

    app = _empty()
    for name in COMMANDS:
        function = name.replace("-", "_")
        source = (Path(__file__).parent / "commands" / f"{function}.py").read_text(encoding="utf-8")
        tree = ast.parse(source)
        verb = next(each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == function)
        app.command(name, help=_help(name, ast.get_docstring(verb)))(lambda: None)
    return app


def _empty() -> typer.Typer:
    import typer  # see above

    app = typer.Typer(
        name="failover",
        help="Publish a website to two AWS regions, break it on purpose, and measure what users lost.",
        epilog=_EPILOG,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )

    def print_version(is_asked: bool) -> None:
        if is_asked:
            from importlib import metadata  # as slow as the rest of this module

            print(f"failover {metadata.version('failover-website')}")
            raise typer.Exit

    version = typer.Option(False, "--version", callback=print_version, is_eager=True, help="Print the version.")

    def options(version: bool = version) -> None:
        """Holds the options that come before a verb."""

    app.callback()(options)  # so that one verb alone still wants its name
    return app


def _help(name: str, text: str | None) -> str:
    """Returns what `--help` says of a verb: its function's docstring, and a call of it."""
    example = f"\n\nExample: {EXAMPLES[name]}" if name in EXAMPLES else ""
    return _without_line_ends(f"{text or ''}{example}")


def _without_line_ends(text: str) -> str:
    """Returns each paragraph as one line, for the terminal to wrap: typer keeps the source's line ends after the first."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def main() -> None:
    """Runs the command line and turns every expected failure into one message and an exit code."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names of somebody else's JSON may hold what no encoding can
    try:
        exit_code = _run()
    except OpsError as error:
        if error.exit_code == _INTERRUPTED:
            _ignore_interrupts()
        _end(str(error), error.exit_code)
    except KeyboardInterrupt:
        _ignore_interrupts()
        _end("interrupted; nothing was left running", _INTERRUPTED)
    except BrokenPipeError:
        _discard_output()
        sys.exit(_OUTPUT_GONE)
    except OSError as error:
        _end(in_words(error), OpsError.exit_code)
    sys.exit(exit_code)


def _open_closed_streams() -> None:
    """Gives a process that was started without stdout or stderr (`>&-`, some schedulers) a place to write to.

    Python sets them to None then: https://docs.python.org/3/library/sys.html#sys.__stdin__
    """
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123  until the process ends
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123  as above


def _ignore_interrupts() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # Python's own end would let one more change the exit code


def _end(message: str, exit_code: int) -> NoReturn:
    print(f"failover: {message}", file=sys.stderr)
    _print_document(message, exit_code)
    sys.exit(exit_code)


def _print_document(message: str, exit_code: int) -> None:
    """Prints the failure as the one document that `--json` promises, whatever the end."""
    if "--json" not in sys.argv[1:]:
        return
    try:
        print(json.dumps({"error": message, "exit_code": exit_code}), flush=True)
    except OSError:  # nobody reads, or the disk is full: stderr has said so
        _discard_output()


def _run() -> str | int | None:
    """Runs the command line and returns its exit code.

    Raises:
        KeyboardInterrupt: typer made its exit code 130 of it.
        BrokenPipeError: typer and rich make exit code 1 of it, which here means outside the objective.
    """
    called = sys.argv[1:2]
    if called == ["lint"] and _COMPLETION not in os.environ and (exit_code := _lint(sys.argv[2:])) is not None:
        return exit_code
    with _imported_without_collections():
        if _COMPLETION in os.environ:  # the shell asks for the options of a verb
            app = application()
        else:
            app = application(called) if set(called) <= set(COMMANDS) and called else contents()
    try:
        app(prog_name="failover")
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):
            raise end.__context__ from None
        if end.code == _INTERRUPTED:
            raise KeyboardInterrupt from end
        if isinstance(end.code, int) and (in_words := getattr(end.__context__, "format_message", None)):
            _print_document(in_words(), end.code)  # typer has told stderr
        sys.stdout.flush()  # here, not at Python's exit, where a reader that has gone prints a traceback
        return end.code
    return 0


def _lint(arguments: Sequence[str]) -> int | None:
    """Runs `failover lint` without the command line's library, where the arguments are plain; else returns None.

    Half of what it took for one small stack was the import of that library.
    """
    with _imported_without_collections():
        from scripts.lint import program

    call = program.plain_call(arguments)
    if call is None:
        return None
    exit_code = program.run(call)
    sys.stdout.flush()
    return exit_code


@contextmanager
def _imported_without_collections() -> Iterator[None]:
    """Spares a short command the search for cycles in what it imports: 0.03 s of `sync-content`, and 0.05 s at its end.

    Afterwards cycles are looked for as always, but among more objects at once: a release is tens of thousands of them.
    https://docs.python.org/3/library/gc.html#gc.freeze
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(_NEW_OBJECTS_PER_COLLECTION)
        gc.enable()


def _discard_output() -> None:
    """Lets Python's last flush succeed: what is in the buffers has no reader."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
