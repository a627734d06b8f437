"""Builds the small sites of tests/sites with their real generators, and keeps what they made: `make generator-sites`.

Sources and the generators' versions (package.json, requirements.txt) are ours; `built/NAME.zip` is a generator's whole output,
without source maps. The tests publish what is kept, so that they need neither npm nor a minute for each. Themes and bundles in
it are under MIT or BSD licences.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from constructs_lib.bindings import node_binary

ROOT = Path(__file__).parents[1]
SITES = ROOT / "tests" / "sites"
BUILT = SITES / "built"
_WORK = ROOT / "build" / "generator-sites"
_LEFT_OUT = (".map",)
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
"""Of every file: the same output gives the same archive."""


@dataclass(frozen=True, slots=True)
class Generator:
    """How a generator is called in its site's folder: `{bin}` is where its program is; and the folder that it makes."""

    command: tuple[str, ...]
    output: str


_NODE = "{node}"
GENERATORS: Mapping[str, Generator] = {
    "mkdocs-material": Generator(("{python}/mkdocs", "build", "--quiet"), "site"),
    "sphinx-furo": Generator(("{python}/sphinx-build", "-q", "-d", "_doctrees", ".", "_build"), "_build"),
    "hugo": Generator(("{python}/hugo", "--quiet"), "public"),
    "eleventy": Generator((_NODE, "{modules}/@11ty/eleventy/cmd.cjs", "--quiet"), "_site"),
    "astro": Generator((_NODE, "{modules}/.bin/astro", "build"), "dist"),
    "vitepress": Generator((_NODE, "{modules}/.bin/vitepress", "build"), ".vitepress/dist"),
    "docusaurus": Generator((_NODE, "{modules}/.bin/docusaurus", "build"), "build"),
    "next-export": Generator((_NODE, "{modules}/.bin/next", "build"), "out"),
    "vite": Generator((_NODE, "{modules}/.bin/vite", "build"), "dist"),
    "hexo": Generator((_NODE, "{modules}/hexo/bin/hexo", "generate"), "public"),
}


def main(arguments: Sequence[str]) -> int:
    """Installs the generators, once per list of versions, and builds."""
    parser = argparse.ArgumentParser(prog="make generator-sites", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(GENERATORS)}")
    names = parser.parse_args(arguments).names or list(GENERATORS)
    if unknown := [name for name in names if name not in GENERATORS]:
        parser.error(f"no generator {unknown[0]}: there are {', '.join(GENERATORS)}")
    python, modules = _installed()
    for name in names:
        files = _keep(name, _made(name, python, modules))
        print(f"{name}: {files} files, {(BUILT / f'{name}.zip').stat().st_size:,} bytes")
    return 0


def _installed() -> tuple[Path, Path]:
    """Returns the folders of the generators' programs, of Python's and of Node's."""
    requirements, package = SITES / "requirements.txt", SITES / "package.json"
    stamp, wanted = _WORK / ".installed", requirements.read_text() + package.read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(_WORK, ignore_errors=True)
        venv.create(_WORK / "venv", with_pip=True)
        subprocess.run([_WORK / "venv" / "bin" / "pip", "install", "--quiet", "-r", requirements], check=True)
        shutil.copy(package, _WORK)
        # Their own install scripts compile or fetch what no build of ours needs.
        npm = [
            "npm",
            "install",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--legacy-peer-deps",
            "--loglevel=error",
        ]
        subprocess.run(npm, cwd=_WORK, check=True)
        stamp.write_text(wanted)
    return _WORK / "venv" / "bin", _WORK / "node_modules"


def _made(name: str, python: Path, modules: Path) -> Path:
    """Builds one site beside the generators, where Node finds them; returns its output."""
    generator, folder = GENERATORS[name], _WORK / "sites" / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(SITES / name, folder)
    (folder / "node_modules").symlink_to(modules)  # Hexo looks for its parts there, and nowhere above
    if not (folder / "package.json").exists():
        (folder / "package.json").write_text(f'{{"name": "{name}", "private": true, "type": "module"}}\n')
    node = node_binary(os.environ)
    places = {"python": python, "modules": modules, "node": node}
    command = [part.format(**places) for part in generator.command]
    # Nothing of a build is reported to its maker, and a date is the same in every build.
    quiet = {"NEXT_TELEMETRY_DISABLED": "1", "ASTRO_TELEMETRY_DISABLED": "1", "SOURCE_DATE_EPOCH": "1796083200"}
    path = f"{Path(node).parent}:{os.environ['PATH']}"
    subprocess.run(command, cwd=folder, env={**os.environ, **quiet, "PATH": path}, check=True)
    return folder / generator.output


def _keep(name: str, output: Path) -> int:
    """Writes the archive; returns how many files it has."""
    BUILT.mkdir(exist_ok=True)
    files = sorted(path for path in output.rglob("*") if path.is_file() and path.suffix not in _LEFT_OUT)
    if not files:
        raise SystemExit(f"{name} made nothing in {output}")
    with zipfile.ZipFile(BUILT / f"{name}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(output).as_posix(), _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return len(files)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
