"""Where Terraform gets the AWS provider from, and the settings that make it do so.

First an explicit setting, then Terraform's own configuration, then its implied local mirror folders, then a bounded search
of the usual system folders, then the registry. Standard library only, like `toolchain`. A mirror holds either layout of
https://developer.hashicorp.com/terraform/cli/config/config-file#filesystem_mirror: unpacked
(registry.terraform.io/hashicorp/aws/VERSION/PLATFORM/) or packed (.../aws/terraform-provider-aws_VERSION_PLATFORM.zip).
OpenTofu takes the same provider from registry.opentofu.org, which builds it anew: so a mirror has a folder for each of the two.
"""

from __future__ import annotations

import functools
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from scripts.errors import EnvironmentFailureError
from scripts.files import write_atomically
from scripts.terraform.toolchain import Host, Product, terraform

MIRROR_SETTING = "FAILOVER_PROVIDER_MIRROR"

# The stacks' required_providers admit this range; 5.100 is the oldest schema and 6.x the newest that they are proved against.
OLDEST_VERSION = (5, 100, 0)
FIRST_VERSION_TOO_NEW = (7, 0, 0)
ALLOWED = ">= 5.100, < 7"

# Conventional places for software that no package manager placed; searched breadth first, so shallow mirrors win.
SEARCHED_FOLDERS = ("opt", "usr/local", "usr/share", "usr/lib", "srv", "var/lib")
SEARCH_DEPTH = 4
SEARCH_LIMIT_FOLDERS = 20_000
SKIPPED_FOLDERS = frozenset(
    {"node_modules", "site-packages", "__pycache__", ".git", ".cache", ".venv", "doc", "locale"}
)


class ProviderNotFoundError(EnvironmentFailureError):
    """The AWS provider is not where a setting says it is."""


class Origin(StrEnum):
    """Which rule found the provider."""

    SETTING = "setting"
    TERRAFORM_CONFIGURATION = "terraform-configuration"
    IMPLIED_MIRROR = "implied-mirror"
    SYSTEM_FOLDER = "system-folder"
    REGISTRY = "registry"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSource:
    """Where the AWS provider comes from.

    Attributes:
        kind: which rule found it.
        path: the mirror folder, which holds one named as the registry, or the program's own configuration file; None for the
            registry.
        version: the version that the mirror holds, such as "5.100.0"; None when Terraform chooses.
        is_packed: whether the mirror holds an archive, which Terraform unpacks for every stack.
        product: whose provider it is.
    """

    kind: Origin
    product: Product = Product.TERRAFORM
    path: Path | None = None
    version: str | None = None
    is_packed: bool = False

    @property
    def is_mirror(self) -> bool:
        """Whether a folder on this machine serves the provider."""
        return self.kind in (Origin.SETTING, Origin.IMPLIED_MIRROR, Origin.SYSTEM_FOLDER)

    def __str__(self) -> str:
        """Say it in one line."""
        if self.kind is Origin.TERRAFORM_CONFIGURATION:
            return f"hashicorp/aws as {self.product}'s own configuration {self.path} says"
        if self.path is None:
            return f"hashicorp/aws from {self.product.registry} (no mirror found; {MIRROR_SETTING} names one)"
        return f"hashicorp/aws {self.version} from the mirror {self.path} ({self.kind})"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class _Package:
    version: tuple[int, int, int]
    is_packed: bool

    @property
    def fits(self) -> bool:
        return OLDEST_VERSION <= self.version < FIRST_VERSION_TOO_NEW


@functools.cache
def provider() -> ProviderSource:
    """Return this machine's source of the AWS provider; looked for once per process.

    Raises:
        ToolMissingError: neither Terraform nor OpenTofu is there.
        ProviderNotFoundError: FAILOVER_PROVIDER_MIRROR is wrong.
    """
    return find_provider(Host.current(), terraform().product)


def find_provider(host: Host, product: Product = Product.TERRAFORM) -> ProviderSource:
    """Return the first source that can serve a version in the allowed range.

    Raises:
        ProviderNotFoundError: FAILOVER_PROVIDER_MIRROR is set to a folder without a fitting provider.
    """
    setting = host.environ.get(MIRROR_SETTING)
    if setting:
        return _explicit(Path(setting).expanduser(), host, product)
    for file in terraform_config_files(host, product):
        if _configures_installation(file.read_text(encoding="utf-8", errors="replace")):
            return ProviderSource(kind=Origin.TERRAFORM_CONFIGURATION, path=file, product=product)
    return (
        _first_mirror(implied_mirrors(host, product), Origin.IMPLIED_MIRROR, host, product)
        or _first_mirror(_searched_mirrors(host, product.registry), Origin.SYSTEM_FOLDER, host, product)
        or ProviderSource(kind=Origin.REGISTRY, product=product)
    )


def terraform_environment(source: ProviderSource, build_dir: Path, host: Host) -> dict[str, str]:
    """Write what Terraform needs to use that source and return the variables to run it with.

    Only these variables are returned; add them to the process's own. For a mirror, `build_dir`/terraform.rc is written:
    Terraform links an unpacked provider into each stack (nothing is copied). An archive or a download would be unpacked
    for each stack, about 700 MB, so then a plugin cache is used unless one is set; `Terraform.init` takes turns then, the
    cache is not safe for two at once
    (https://developer.hashicorp.com/terraform/cli/config/config-file#provider-plugin-cache).
    """
    variables = {
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        # A provider process spends a third of its 5 s of CPU in garbage collection at Go's default of 100.
        "GOGC": host.environ.get("GOGC") or "400",
    }
    if source.is_mirror and source.path is not None:
        rc = build_dir.resolve() / "terraform.rc"
        # What is kept of the user's own configuration may hold the token of a registry.
        kept = _kept_configuration(host, source.product)
        others = mirrored(source.path, host.platform, source.product)
        write_atomically(rc, cli_configuration(source.path, kept, source.product, others), is_secret=True)
        variables["TF_CLI_CONFIG_FILE"] = str(rc)
    if (source.kind is Origin.REGISTRY or source.is_packed) and not host.environ.get("TF_PLUGIN_CACHE_DIR"):
        cache = build_dir.resolve() / "plugin-cache"
        cache.mkdir(parents=True, exist_ok=True)
        variables["TF_PLUGIN_CACHE_DIR"] = str(cache)
        # Without it the cache serves only what the lock file already lists; the synthesized folders start without one.
        variables["TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE"] = "true"
    return variables


def cli_configuration(
    mirror: Path, kept: str = "", product: Product = Product.TERRAFORM, others: Iterable[str] = ()
) -> str:
    """Return a Terraform CLI configuration that takes the AWS provider, and `others`, from `mirror` and the rest as always.

    Terraform asks every source that may have a provider, and fails when one cannot be reached: so each has one source.
    https://developer.hashicorp.com/terraform/cli/config/config-file#explicit-installation-method-configuration
    """
    addresses = ", ".join(f'"{address}"' for address in dict.fromkeys([_address(product), *others]))
    quoted = str(mirror.resolve()).replace("\\", "\\\\").replace('"', '\\"').replace("${", "$${")
    return f"""{kept}provider_installation {{
  filesystem_mirror {{
    path    = "{quoted}"
    include = [{addresses}]
  }}
  direct {{
    exclude = [{addresses}]
  }}
}}
"""


def mirrored(mirror: Path, platform: str, product: Product = Product.TERRAFORM) -> list[str]:
    """Return the addresses of all providers that a mirror holds for a platform: `registry.terraform.io/hashicorp/random`."""
    unpacked = mirror.glob(f"{product.registry}/*/*/*/{platform}")
    packed = mirror.glob(f"{product.registry}/*/*/terraform-provider-*_{platform}.zip")
    found = {*(path.parents[1] for path in unpacked), *(path.parent for path in packed)}
    return sorted(path.relative_to(mirror).as_posix() for path in found)


def terraform_config_files(host: Host, product: Product = Product.TERRAFORM) -> list[Path]:
    """Return the existing CLI configuration files that Terraform would read, in its order.

    TF_CLI_CONFIG_FILE replaces all others, also when it names a file that does not exist: Terraform only warns then.
    OpenTofu reads ~/.tofurc, without one ~/.terraformrc, and with neither a file below XDG_CONFIG_HOME.
    https://developer.hashicorp.com/terraform/cli/config/config-file#locations
    https://opentofu.org/docs/cli/config/config-file#locations
    """
    override = host.environ.get("TF_CLI_CONFIG_FILE") or host.environ.get("TERRAFORM_CONFIG")
    if override:
        files = [Path(override)]
    else:
        folder = host.home / ".terraform.d"
        first = _tofurc(host) if product is Product.OPENTOFU else host.home / ".terraformrc"
        files = [first, *sorted(folder.glob("*.tfrc")), *sorted(folder.glob("*.tfrc.json"))]
    return [file for file in files if file.is_file()]


def _tofurc(host: Host) -> Path:
    own, terraforms, configuration = (
        host.home / ".tofurc",
        host.home / ".terraformrc",
        host.environ.get("XDG_CONFIG_HOME"),
    )
    if own.exists() or (not terraforms.exists() and not configuration):
        return own
    return terraforms if terraforms.exists() else Path(str(configuration)) / "opentofu" / "tofurc"


def implied_mirrors(host: Host, product: Product = Product.TERRAFORM) -> list[Path]:
    """Return the folders in which Terraform looks for providers by itself, existing or not.

    OpenTofu kept their names, and has one of its own where ~/.terraform.d does not exist and XDG_DATA_HOME is set.
    https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories
    https://github.com/opentofu/opentofu/blob/main/internal/command/cliconfig/config_unix.go
    """
    data_home = Path(host.environ.get("XDG_DATA_HOME") or host.home / ".local" / "share")
    data_dirs = [Path(part) for part in (host.environ.get("XDG_DATA_DIRS") or "").split(os.pathsep) if part]
    if not data_dirs:
        data_dirs = [host.root / "usr/local/share", host.root / "usr/share"]
    own = host.home / ".terraform.d"
    if product is Product.OPENTOFU and not own.exists() and host.environ.get("XDG_DATA_HOME"):
        own = data_home / "opentofu"
    folders = [host.cwd / "terraform.d" / "plugins", own / "plugins"]
    if host.platform.startswith("darwin"):
        support = "Library/Application Support/io.terraform/plugins"
        return [*folders, host.home / support, host.root / support]
    return [*folders, *(folder / "terraform" / "plugins" for folder in (data_home, *data_dirs))]


def _explicit(mirror: Path, host: Host, product: Product) -> ProviderSource:
    held = _packages(mirror, host.platform, product)
    source = _newest(mirror, held, Origin.SETTING, product)
    if source is None:
        versions = ", ".join(_dotted(package.version) for package in held) or "no hashicorp/aws"
        folder = mirror / _address(product)
        raise ProviderNotFoundError(
            f"{MIRROR_SETTING}={mirror} holds {versions} for {host.platform}; needed is hashicorp/aws {ALLOWED} in "
            f"{folder}/VERSION/{host.platform}/ or {folder}/terraform-provider-aws_VERSION_{host.platform}.zip. "
            f"Point it at the folder that contains {product.registry} (`{product.command} providers mirror FOLDER` makes one), "
            "or unset it."
        )
    return source


def _address(product: Product) -> str:
    return f"{product.registry}/hashicorp/aws"


def _first_mirror(folders: Iterable[Path], kind: Origin, host: Host, product: Product) -> ProviderSource | None:
    sources = (_newest(folder, _packages(folder, host.platform, product), kind, product) for folder in folders)
    return next((source for source in sources if source is not None), None)


def _newest(mirror: Path, held: Iterable[_Package], kind: Origin, product: Product) -> ProviderSource | None:
    fitting = [package for package in held if package.fits]
    if not fitting:
        return None
    # Of two with one version the unpacked one: Terraform links it instead of unpacking it.
    newest = max(fitting, key=lambda package: (package.version, not package.is_packed))
    version = _dotted(newest.version)
    return ProviderSource(kind=kind, path=mirror, version=version, is_packed=newest.is_packed, product=product)


def _packages(mirror: Path, platform: str, product: Product) -> list[_Package]:
    """Return what a mirror holds of hashicorp/aws for the platform, oldest first; pre-releases are left out."""
    try:
        entries = list((mirror / _address(product)).iterdir())
    except OSError:
        return []
    packages = []
    for entry in entries:
        archive = re.fullmatch(rf"terraform-provider-aws_([^_]+)_{re.escape(platform)}\.zip", entry.name)
        version = _version(archive[1] if archive else entry.name)
        if version and (archive or any((entry / platform).glob("terraform-provider-aws*"))):
            packages.append(_Package(version=version, is_packed=archive is not None))
    return sorted(packages)


def _searched_mirrors(host: Host, registry: str) -> Iterator[Path]:
    """Yield folders that hold one named as the registry, breadth first; links are not followed, unreadable folders skipped."""
    queue = deque((folder, 1) for folder in (*(host.root / name for name in SEARCHED_FOLDERS), host.home))
    seen: set[Path] = set()
    while queue and len(seen) < SEARCH_LIMIT_FOLDERS:
        folder, depth = queue.popleft()
        if folder in seen:
            continue
        seen.add(folder)
        names = _subfolders(folder, registry)
        if registry in names:
            yield folder
        if depth < SEARCH_DEPTH:
            queue.extend((folder / name, depth + 1) for name in names if name not in SKIPPED_FOLDERS)


def _subfolders(folder: Path, registry: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=entry.name == registry))
    except OSError:
        return []


def _kept_configuration(host: Host, product: Product) -> str:
    """Return the user's own settings (plugin cache, credentials), which a generated configuration would otherwise hide.

    JSON files are left out: they cannot be joined to ours, and `terraform login`'s is read by Terraform in any case.
    """
    files = [file for file in terraform_config_files(host, product) if file.suffix != ".json"]
    texts = [file.read_text(encoding="utf-8", errors="replace") for file in files]
    return "".join(f"{text.rstrip()}\n" for text in texts if text.strip() and not text.lstrip().startswith("{"))


def _configures_installation(text: str) -> bool:
    without_comments = re.sub(r"/\*.*?\*/|(^|\s)(#|//)[^\n]*", "", text, flags=re.DOTALL)
    return re.search(r'"?\bprovider_installation\b"?\s*[:{=]', without_comments) is not None


def _version(text: str) -> tuple[int, int, int] | None:
    match = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def _dotted(version: tuple[int, int, int]) -> str:
    return ".".join(str(part) for part in version)


def hint(source: ProviderSource, environ: Mapping[str, str], message: str = "") -> str:
    """Return what to do when `terraform init` does not get a provider.

    Args:
        source: of the AWS provider.
        environ: variables of the environment.
        message: Terraform's, which names the provider that it did not get.
    """
    if other := _other_provider(message):
        return (
            f"This needs the provider {other}, which is not on this machine. `{source.product.command} init` downloads it where "
            f"{source.product.registry} can be reached. Without network: `{source.product.command} providers mirror FOLDER` in "
            f"this configuration, on a machine with network, and here {MIRROR_SETTING}=FOLDER."
        )
    if source.is_mirror:
        return (
            f"The provider came from {source}. Another mirror: set {MIRROR_SETTING} to a folder that holds "
            f"{_address(source.product)}."
        )
    places = ", ".join(f"/{name}" for name in SEARCHED_FOLDERS)
    product = source.product
    config = environ.get("TF_CLI_CONFIG_FILE", "~/.tofurc" if product is Product.OPENTOFU else "~/.terraformrc")
    return (
        f"hashicorp/aws {ALLOWED} was looked for in {MIRROR_SETTING} (not set), {product}'s configuration ({config}), its "
        f"implied mirror folders, folders named {product.registry} below {places} and the home folder, then the registry. "
        f"Put a mirror in one of them (`{product.command} providers mirror FOLDER` on a machine with network makes one) or "
        f"set {MIRROR_SETTING}."
    )


def _other_provider(message: str) -> str:
    """Return the address of the first provider that a message of Terraform's names, "" when that is the AWS provider or none."""
    match = re.search(r"\bproviders?\s+((?:[\w.-]+/)?[\w-]+/[\w-]+)", message)
    return match[1] if match and not match[1].endswith("hashicorp/aws") else ""
