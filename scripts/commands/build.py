"""`failover build`: make the folder that sync-content publishes."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from scripts.commands.shared.bars import byte_bar
from scripts.commands.shared.options import JsonOption
from scripts.errors import WrongUsageError
from scripts.release.folder import read_folder
from scripts.release.page_policy import policy_notes
from scripts.release.reviewed import identity
from scripts.release.serving.content_security import USUAL_POLICY
from scripts.release.serving.content_settings import parse_content
from scripts.release.serving.file_rules import ContentRules
from scripts.site_build.build import BuiltSite, build_site
from scripts.site_build.output import check_folder, write_site
from scripts.site_build.source import read_source
from scripts.site_build.templates import UNKNOWN_SITE, SiteFacts

SOURCE = Path("site/src")
OUTPUT = Path("site/build")


def build(
    source: Annotated[Path, typer.Argument(help="The site's source: pages, styles, images.")] = SOURCE,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to make; it is replaced.")] = OUTPUT,
    site_file: Annotated[
        Path | None,
        typer.Option(
            "--site-file",
            help="TOML whose table `content` holds rules, redirects and budgets; pages may name its regions.",
        ),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Say what is wrong and write nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a folder to publish from SOURCE: the same input gives the same bytes and the same release id anywhere.

    Pages are rendered, HTML, links and sizes are checked, parts of pages get a hash of their content in the name, and Brotli
    variants are laid beside the files where they pay. Exit code 1: something must be mended, and nothing was written.
    """
    document = _site_file(site_file)
    rules = rules_of(document, site_file)
    if not check:
        check_folder(output, source)
    site = _with_policy_notes(make(source, rules, facts_of(document)), document)
    release_id = None
    if not site.findings and not check:
        write_site(site.files, output)
        release_id = read_folder(output, rules=rules).release_id
    if as_json:
        print(json.dumps(_document(site, release_id, output)))
    else:
        _print(site, release_id, output)
    if site.findings:
        raise typer.Exit(1)


def content_rules(site_file: Path | None) -> ContentRules:
    """Returns the `[content]` of a site file; without one, the defaults.

    Raises:
        WrongUsageError: it cannot be read, or its `[content]` has problems.
    """
    return rules_of(_site_file(site_file), site_file)


def site_facts(site_file: Path) -> SiteFacts:
    """Returns what pages may know of a site.

    Raises:
        WrongUsageError: the site file cannot be read.
    """
    return facts_of(_site_file(site_file))


def facts_of(document: Mapping[str, Any]) -> SiteFacts:
    """Returns what pages may know of what a site file says; what it says wrongly is another command's to refuse."""
    tables = [
        each for each in document.get("region", []) if isinstance(each, dict) and isinstance(each.get("name"), str)
    ]
    routing = document.get("routing", {})
    entry = routing.get("entry", "cloudfront") if isinstance(routing, dict) else "cloudfront"
    ordered = sorted(tables, key=lambda each: each.get("role") != "primary")
    return SiteFacts(regions=tuple(each["name"] for each in ordered), entry=str(entry))


def _site_file(site_file: Path | None) -> Mapping[str, Any]:
    if site_file is None:
        return {}
    try:
        document = tomllib.loads(site_file.read_text(encoding="utf-8"))
    except OSError as error:
        raise WrongUsageError(f"--site-file {site_file}: {error.strerror}; give a readable TOML file") from error
    except ValueError as error:
        raise WrongUsageError(f"--site-file {site_file} is not TOML: {error}") from error
    return document


def rules_of(document: Mapping[str, Any], site_file: Path | None) -> ContentRules:
    """Returns the `[content]` of what a site file says.

    Raises:
        WrongUsageError: it has problems.
    """
    content = document.get("content", {})
    if not isinstance(content, dict):
        raise WrongUsageError(f"--site-file {site_file}: content is a table: write [content] on a line of its own")
    return parse_content(content)


def _with_policy_notes(site: BuiltSite, document: Mapping[str, Any]) -> BuiltSite:
    """Adds what the site file's Content-Security-Policy refuses; without a site file nobody knows the policy."""
    headers = document.get("headers", {})
    policy = headers.get("content_security_policy", USUAL_POLICY) if document and isinstance(headers, dict) else ""
    texts = ((path, content.decode("utf-8", "replace")) for path, content in site.files.items())
    return replace(site, notes=(*site.notes, *policy_notes(texts, policy if isinstance(policy, str) else "")))


def make(source: Path, rules: ContentRules, site: SiteFacts = UNKNOWN_SITE) -> BuiltSite:
    """Builds a source folder in memory, with a progress bar on stderr."""
    files, findings = read_source(source, rules.ignored)
    with byte_bar("Compressing", sum(map(len, files.values()))) as advance:
        built = build_site(files, rules, advance, site)
    return BuiltSite(files=built.files, findings=(*findings, *built.findings), notes=built.notes)


def _document(site: BuiltSite, release_id: str | None, output: Path) -> dict[str, object]:
    return {
        "release_id": release_id,
        "reviewed": None if release_id is None else identity(output, release_id),
        "files": {path: len(content) for path, content in site.files.items()},
        "findings": [
            {"path": finding.path, "line": finding.line, "message": finding.message} for finding in site.findings
        ],
        "notes": list(site.notes),
        "written": release_id is not None,
    }


def _print(site: BuiltSite, release_id: str | None, output: Path) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for finding in site.findings:
        console.print(str(finding))
    for note in site.notes:
        console.print(f"note: {note}")
    size_bytes = sum(map(len, site.files.values()))
    if site.findings:
        console.print(f"{len(site.findings)} to mend; nothing was written.")
    elif release_id is None:
        console.print(f"Nothing to mend: {len(site.files)} files, {size_bytes:,} bytes.")
    else:
        console.print(f"{output}: {len(site.files)} files, {size_bytes:,} bytes, release {release_id}.")
