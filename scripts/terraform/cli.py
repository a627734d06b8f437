"""Running Terraform on a synthesized stack folder: progress while it runs, the diagnostics when it fails, no child left.

Where Terraform and its provider are is `toolchain`'s and `provider_source`'s. Terraform speaks its machine-readable UI
(https://developer.hashicorp.com/terraform/internals/machine-readable-ui): one JSON object a line, all of them kept in a log.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypedDict, cast

from scripts.errors import OpsError
from scripts.files import write_atomically
from scripts.processes import process_group
from scripts.terraform import provider_lock, provider_source, toolchain

# The S3 backend's lock and the local one; a run interrupted a moment ago may still be releasing it.
_LOCK = "-lock-timeout=30s"

# What a failure repeats of output that is not JSON, such as a provider's crash.
TAIL_LINES = 20

PLAN_CLEAN = 0
PLAN_HAS_CHANGES = 2
"""https://developer.hashicorp.com/terraform/cli/commands/plan#detailed-exitcode"""

# "Error: Saved plan is stale": https://developer.hashicorp.com/terraform/cli/commands/apply#saved-plan-mode
_STALE = "saved plan is stale"
_CHANGES = ("create", "update", "delete")


class TerraformError(OpsError):
    """Terraform refused or failed; the message carries its own error diagnostics and names the log."""


class StalePlanError(TerraformError):
    """A state changed after its plan was made, so the plan is not what would happen now; nothing of it was applied."""

    exit_code = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is.

    Attributes:
        planned: resource operations that the plan announced; 0 while planning. A replacement counts twice.
        done: how many of them are complete.
        doing: the latest event in words, such as "aws_s3_bucket.site: Creating...".
    """

    planned: int
    done: int
    doing: str


class _Changes(TypedDict, total=False):
    add: int
    change: int
    remove: int
    operation: str


class _Diagnostic(TypedDict, total=False):
    severity: str
    summary: str
    detail: str
    address: str


class _Message(TypedDict, total=False):
    """One line of the machine-readable UI, as far as it is read here."""

    type: str
    changes: _Changes
    hook: dict[str, Any]
    diagnostic: _Diagnostic


OnProgress = Callable[[Progress], None]


def from_this_machine(build_dir: Path, environment: Mapping[str, str]) -> Terraform:
    """Return Terraform, or OpenTofu in its place, with the binary and provider found here.

    Args:
        build_dir: for logs and configuration.
        environment: added last: localcloud's, credentials.

    Raises:
        ToolMissingError: Terraform is missing or too old.
        ProviderNotFoundError: FAILOVER_PROVIDER_MIRROR is wrong.
    """
    host, source, tool = toolchain.Host.current(), provider_source.provider(), toolchain.terraform()
    variables = provider_source.terraform_environment(source, build_dir, host)
    return Terraform(
        binary=tool.path,
        environment={**tool.environment, **variables, **environment},
        log_dir=build_dir,
        init_hint=functools.partial(provider_source.hint, source, host.environ),
        product=tool.product,
    )


class Terraform:
    """Terraform with the environment and log folder it runs with. Methods may be called from several threads.

    Args:
        binary: the executable.
        environment: variables added to this process's own.
        log_dir: where each stack's complete output goes, `terraform-<stack>.log`, appended.
        init_hint: message of `init` -> what to do when that does not get its provider, added to that failure's message.
        product: which of the two the executable is.
    """

    def __init__(
        self,
        *,
        binary: Path,
        environment: Mapping[str, str],
        log_dir: Path,
        init_hint: Callable[[str], str] | None = None,
        product: toolchain.Product = toolchain.Product.TERRAFORM,
    ) -> None:
        self.binary = binary
        self.product = product
        self.environment = dict(environment)
        self.log_dir = log_dir
        self._init_hint = init_hint
        self._running: set[subprocess.Popen[str]] = set()
        self._run_ended = threading.Condition()
        self._init_turn = threading.Lock()
        self._interrupted = False

    def init(self, stack_dir: Path, *, on_progress: OnProgress | None = None) -> None:
        """Get the provider and the backend ready. `-reconfigure`: the folder is made anew by every synth, states never move.

        Raises:
            TerraformError: it failed; for a provider that could not be had the message says where it was looked for.
        """
        # One after another where a plugin cache is used: it is not safe for two at once.
        uses_cache = "TF_PLUGIN_CACHE_DIR" in {**os.environ, **self.environment}
        turn = self._init_turn if uses_cache else contextlib.nullcontext()
        try:
            with turn:
                # A stack that synth locked gets that provider or none.
                locked = ["-lockfile=readonly"] if provider_lock.is_locked(stack_dir, self.product) else []
                self._run(stack_dir, ["init", "-json", "-input=false", "-reconfigure", *locked], on_progress)
        except TerraformError as error:
            if "provider" in str(error).lower() and self._init_hint:
                raise TerraformError(f"{error}\n{self._init_hint(str(error))}") from error
            raise

    def apply(self, stack_dir: Path, *, targets: Sequence[str] = (), on_progress: OnProgress | None = None) -> int:
        """Create and change what the stack says, without asking; return how many resource operations that took.

        Args:
            stack_dir: the stack's folder.
            targets: addresses; only they, and what they need, are changed. Default: everything.
            on_progress: is told how far it is.

        Raises:
            TerraformError: it failed; what was created by then is in the state.
        """
        done = 0

        def note(progress: Progress) -> None:
            nonlocal done
            done = progress.done
            if on_progress is not None:
                on_progress(progress)

        chosen = [f"-target={address}" for address in targets]
        self._run(stack_dir, ["apply", "-json", "-auto-approve", "-input=false", _LOCK, *chosen], note)
        return done

    def destroy(self, stack_dir: Path, *, targets: Sequence[str] = (), on_progress: OnProgress | None = None) -> None:
        """Delete what the stack's state holds, without asking.

        Args:
            stack_dir: the stack's folder.
            targets: addresses; only they, and what needs them, are deleted. Default: everything.
            on_progress: is told how far it is.

        Raises:
            TerraformError: it failed.
        """
        chosen = [f"-target={address}" for address in targets]
        self._run(stack_dir, ["destroy", "-json", "-auto-approve", "-input=false", _LOCK, *chosen], on_progress)

    def apply_plan(self, stack_dir: Path, plan: str, *, on_progress: OnProgress | None = None) -> None:
        """Do what a plan file says and nothing else.

        Args:
            stack_dir: the stack.
            plan: the file's name in it.
            on_progress: told what Terraform does.

        Raises:
            StalePlanError: the state has changed since the plan was made.
            TerraformError: it failed; what was done by then is in the state.
        """
        try:
            self._run(stack_dir, ["apply", "-json", "-input=false", _LOCK, plan], on_progress)
        except TerraformError as error:
            if _STALE in str(error).lower():
                raise StalePlanError(
                    f"the state of {stack_dir.name} has changed since its plan was made: nothing of that plan was applied. Plan "
                    "again and have the new plan reviewed"
                ) from error
            raise

    def show(self, stack_dir: Path, plan: str) -> dict[str, Any]:
        """Return a plan file as `terraform show -json` has it.

        Raises:
            TerraformError: it failed.
        """
        return self._document(stack_dir, ["show", "-json", "-no-color", plan]) or {}

    def plan_exit_code(
        self,
        stack_dir: Path,
        *,
        out: str | None = None,
        is_locked: bool = True,
        on_progress: OnProgress | None = None,
    ) -> int:
        """Return 0 when nothing would change and 2 when something would.

        Args:
            stack_dir: the stack.
            out: name of the file in it that keeps the plan; none by default.
            is_locked: whether the state's lock is taken, which who may only read cannot do.
            on_progress: told what Terraform does.

        Raises:
            TerraformError: planning failed.
        """
        lock = _LOCK if is_locked else "-lock=false"
        command = ["plan", "-json", "-detailed-exitcode", "-input=false", lock, *([f"-out={out}"] if out else [])]
        return self._run(stack_dir, command, on_progress, allowed=(PLAN_CLEAN, PLAN_HAS_CHANGES))

    def output(self, stack_dir: Path) -> dict[str, Any]:
        """Return the outputs by name, sensitive ones too; empty before the first apply.

        Raises:
            TerraformError: it failed; when `init` did not run in this folder, the message says so.
        """
        lines: list[str] = []
        try:
            self._run(stack_dir, ["output", "-json", "-no-color"], None, on_line=lines.append)
        except TerraformError as error:
            if any(f"{each.command} init" in str(error) for each in toolchain.Product):
                raise TerraformError(
                    f"the stack {stack_dir.name} is not initialized in {stack_dir}, so its outputs cannot be read: run "
                    f"`{self.product.command} -chdir={stack_dir} init`, and so in every stack that was not applied from here; "
                    "then again"
                ) from error
            raise
        text = "".join(lines)
        # Warnings about the CLI configuration share the pipe and come before the document.
        document = json.loads(text[text.index("{") :]) if "{" in text else {}
        return {name: entry["value"] for name, entry in document.items()}

    def resources(self, stack_dir: Path) -> list[tuple[str, str, dict[str, Any]]]:
        """Return (type, address, attributes) of everything that the stack's state manages; empty before the first apply.

        Raises:
            TerraformError: it failed.
        """
        document = self.pull(stack_dir) or {}
        return [
            (each["type"], f"{each['type']}.{each['name']}", instance.get("attributes") or {})
            for each in document.get("resources", ())
            if each.get("mode") == "managed"
            for instance in each.get("instances", ())
        ]

    def pull(self, stack_dir: Path) -> dict[str, Any] | None:
        """Return the stack's state as Terraform keeps it; None before the first apply.

        Raises:
            TerraformError: it failed.
        """
        return self._document(stack_dir, ["state", "pull"])

    def push(self, stack_dir: Path, state: Mapping[str, Any]) -> None:
        """Replace the stack's state. Terraform refuses one that is older, or of another lineage, than what is there.

        Raises:
            TerraformError: it failed or was refused.
        """
        file = stack_dir / "pushed.tfstate"
        write_atomically(file, json.dumps(state, indent=2) + "\n", is_secret=True)
        try:
            self._run(stack_dir, ["state", "push", _LOCK, file.name], None)
        finally:
            file.unlink()

    def plan_to(self, stack_dir: Path, plan_file: str) -> dict[str, Any]:
        """Write a plan into the stack's folder and return what `terraform show -json` says of it.

        Raises:
            TerraformError: it failed.
        """
        self._run(stack_dir, ["plan", "-json", f"-out={plan_file}", "-input=false", _LOCK], None)
        return self._document(stack_dir, ["show", "-json", "-no-color", plan_file]) or {}

    def _document(self, stack_dir: Path, arguments: Sequence[str]) -> dict[str, Any] | None:
        """Return the JSON document that a command prints, without the warnings on the CLI configuration before it."""
        lines: list[str] = []
        self._run(stack_dir, arguments, None, on_line=lines.append)
        text = "".join(lines)
        found: dict[str, Any] | None = json.loads(text[text.index("{") :]) if "{" in text else None
        return found

    def interrupt(self) -> None:
        """End every run of this object, as `process_group.stop` does, and refuse new ones; returns once all have ended.

        For a caller whose other threads run stacks: Ctrl-C reaches only the main thread. They get TerraformError.
        """
        endings = (
            (signal.SIGINT, process_group.STOP_SECONDS),
            (signal.SIGTERM, process_group.KILL_SECONDS),
            (signal.SIGKILL, process_group.KILL_SECONDS),
        )
        with self._run_ended:
            self._interrupted = True
            for number, seconds in endings:
                for process in self._running:
                    process_group.send(process, number)
                if self._run_ended.wait_for(lambda: not self._running, seconds):
                    return

    def _run(
        self,
        stack_dir: Path,
        arguments: Sequence[str],
        on_progress: OnProgress | None,
        *,
        allowed: Sequence[int] = (0,),
        on_line: Callable[[str], object] | None = None,
    ) -> int:
        reader = _Reader(on_progress)
        command = [str(self.binary), f"-chdir={stack_dir}", *arguments]
        log_file = self.log_dir / f"terraform-{stack_dir.name}.log"
        with _appending(log_file) as log, self._started(command) as process:
            log.write(f"# {self.product.command} {' '.join(arguments)}\n")
            take = on_line or log.write  # outputs may be secrets: what is asked for is not logged
            for line in cast("IO[str]", process.stdout):
                take(line)
                reader.read(line)
            exit_code = process.wait()
        if exit_code not in allowed:
            raise TerraformError(
                f"{self.product.command} {arguments[0]} on {stack_dir.name} failed (exit code {exit_code}; all output in "
                f"{log_file}):\n{reader.failure()}"
            )
        return exit_code

    @contextlib.contextmanager
    def _started(self, command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
        with process_group.started(command, self.environment) as process:
            with self._run_ended:
                self._running.add(process)
                is_interrupted = self._interrupted
            try:
                if is_interrupted:
                    raise TerraformError(f"{' '.join(command)} was not run: the command is being stopped.")
                yield process
            finally:
                with self._run_ended:
                    self._running.discard(process)
                    self._run_ended.notify_all()


class _Reader:
    """Turns lines of the machine-readable UI into progress and, at the end, the reason of a failure."""

    def __init__(self, on_progress: OnProgress | None) -> None:
        self._on_progress = on_progress
        self._planned = 0
        self._done = 0
        self._errors: list[str] = []
        self._other: deque[str] = deque(maxlen=TAIL_LINES)

    def read(self, line: str) -> None:
        """Take one line; what is not a JSON object is kept for the tail."""
        try:
            document = json.loads(line)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            self._other.append(line.rstrip())
            return
        self._take(cast("_Message", document))
        if self._on_progress is not None:
            doing = str(document.get("@message", ""))
            self._on_progress(Progress(planned=self._planned, done=self._done, doing=doing))

    def failure(self) -> str:
        """Return the error diagnostics, or the last lines when there is none (a crash, a wrong argument)."""
        return "\n".join(self._errors or self._other) or "It printed nothing."

    def _take(self, message: _Message) -> None:
        kind = message.get("type")
        if kind == "change_summary" and message.get("changes", {}).get("operation") == "plan":
            changes = message["changes"]
            self._planned = changes.get("add", 0) + changes.get("change", 0) + changes.get("remove", 0)
        elif kind == "apply_complete" and message.get("hook", {}).get("action") in _CHANGES:
            self._done += 1
        elif kind == "diagnostic" and message.get("diagnostic", {}).get("severity") == "error":
            self._errors.append(_in_words(message["diagnostic"]))


def _in_words(diagnostic: _Diagnostic) -> str:
    where = f" [{diagnostic['address']}]" if diagnostic.get("address") else ""
    detail = f"\n  {diagnostic['detail']}" if diagnostic.get("detail") else ""
    return f"- {diagnostic.get('summary', 'unknown error')}{where}{detail}"


@contextlib.contextmanager
def _appending(path: Path) -> Iterator[IO[str]]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", buffering=1) as log:
        yield log
