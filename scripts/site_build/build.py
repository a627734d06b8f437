"""The build: a pure function from the source's files to the site's, with everything that is wrong in one report."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

from scripts.release.digests import RELEASE_META
from scripts.release.serving.file_rules import ContentRules, check_release
from scripts.site_build.addresses import Links, path_of
from scripts.site_build.findings import Finding
from scripts.site_build.fingerprints import Fingerprints, icons_of
from scripts.site_build.html_errors import parse_errors
from scripts.site_build.precompress import variants
from scripts.site_build.references import PageFacts, Reference, css_references, read_page, rewritten
from scripts.site_build.templates import (
    UNKNOWN_SITE,
    SiteFacts,
    is_for_templates,
    is_page,
    render_pages,
    root_for_templates,
)

_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltSite:
    """What a build makes.

    Attributes:
        files: path -> content, sorted by path.
        findings: what must be mended before it may be published, sorted; empty when it is fine.
        notes: what is probably not meant.
    """

    files: Mapping[str, bytes]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def build_site(
    source: Mapping[str, bytes],
    rules: ContentRules,
    advance: Callable[[int], None] = lambda _: None,
    site: SiteFacts = UNKNOWN_SITE,
) -> BuiltSite:
    """Builds a site.

    Args:
        source: NFC path -> content, see `source.read_source`.
        rules: the site file's `[content]`.
        advance: is told the bytes of each file that is compressed.
        site: what pages may know of the site. Default: of no regions.
    """
    read = _read(source, site)
    pages, facts, assets, sheets = read.pages, read.facts, read.assets, read.sheets
    findings = list(read.findings)
    is_redirected = any(redirect.key_path == "/" for redirect in rules.redirects)
    if "index.html" not in pages and not findings and not is_redirected:
        findings.append(Finding(path="index.html", message="it is missing, and / would answer 404: write it"))
    names = Fingerprints(assets, facts, sheets)
    findings += [*parse_errors(pages), *names.findings, *_broken(facts, sheets, assets, rules)]
    files = dict(names.files)
    for path, text in pages.items():
        new_url = partial(names.new_url, base=f"/{path}")
        files[path] = rewritten(text, facts[path].references, new_url).encode()
    check = check_release(rules, {path: len(content) for path, content in files.items()})
    findings += [Finding(path="[content]", message=problem) for problem in check.problems]
    if rules.precompress and not findings:
        files |= variants(files, advance)
    return BuiltSite(
        files=dict(sorted(files.items())),
        findings=tuple(sorted(set(findings))),
        notes=(*check.notes, *_notes_on_stamps(pages)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """The source, sorted out: pages rendered and read, everything else that is published, and its style sheets' references."""

    pages: dict[str, str]
    facts: dict[str, PageFacts]
    assets: dict[str, bytes]
    sheets: dict[str, list[Reference]]
    findings: list[Finding]


def _read(source: Mapping[str, bytes], site: SiteFacts) -> _Source:
    """Reads the source, again for as long as what is published names more of what starts with `_`."""
    roots = {root for path in source if (root := root_for_templates(path)) is not None}
    named: set[str] = set()
    facts: dict[str, PageFacts] = {}
    while True:
        pages, findings = render_pages(source, named, site)
        assets = {
            path: content for path, content in source.items() if not is_page(path) and not is_for_templates(path, named)
        }
        sheets, unreadable = _sheets(assets)
        facts |= {path: read_page(text) for path, text in pages.items() if path not in facts}
        more = (
            roots & _roots_named({**{path: each.references for path, each in facts.items()}, **sheets})
            if roots
            else set()
        )
        if more <= named:
            return _Source(pages=pages, facts=facts, assets=assets, sheets=sheets, findings=[*findings, *unreadable])
        named |= more


def _roots_named(by_owner: Mapping[str, Iterable[Reference]]) -> set[str]:
    paths = (
        path_of(found.url, f"/{owner}")
        for owner, references in by_owner.items()
        for found in references
        if "_" in found.url
    )
    return {root for path in paths if (root := root_for_templates(path)) is not None}


def _sheets(assets: Mapping[str, bytes]) -> tuple[dict[str, list[Reference]], list[Finding]]:
    sheets, findings = {}, []
    for path, content in assets.items():
        if path.endswith(".css"):
            try:
                sheets[path] = css_references(content.decode("utf-8"))
            except UnicodeDecodeError as error:
                findings.append(Finding(path=path, message=f"byte {error.start} is not UTF-8: save it as UTF-8"))
    return sheets, findings


def _broken(
    facts: Mapping[str, PageFacts],
    sheets: Mapping[str, list[Reference]],
    assets: Mapping[str, bytes],
    rules: ContentRules,
) -> list[Finding]:
    """Returns references that lead nowhere, and what a page's tags lack."""
    links = Links(
        files={rules.style.stored_path(path) for path in (*facts, *assets)},
        style=rules.style,
        redirected={redirect.key_path for redirect in rules.redirects},
        ids={path: set(page.ids) for path, page in facts.items()},
        has_fallback=bool(rules.fallback),
    )
    by_owner = {**{path: list(page.references) for path, page in facts.items()}, **sheets}
    findings = [
        Finding(path=owner, line=reference.line, message=problem)
        for owner, references in by_owner.items()
        for reference in references
        if (problem := links.problem(reference, f"/{owner}")) is not None
    ]
    findings += [
        Finding(path=path, line=line, message=text) for path, page in facts.items() for line, text in page.problems
    ]
    for path, content in assets.items():
        if PurePosixPath(path).suffix == ".webmanifest":
            findings += _problems_of_manifest(path, content, links)
    return findings


def _problems_of_manifest(path: str, content: bytes, links: Links) -> list[Finding]:
    try:
        document = json.loads(content)
    except ValueError as error:
        return [Finding(path=path, message=f"not JSON ({error}): correct it")]
    if not isinstance(document, dict):
        return [Finding(path=path, message="a web app manifest is a JSON object: write { ... }")]
    urls = [document[key] for key in ("start_url", "scope") if isinstance(document.get(key), str)]
    urls += [icon["src"] for icon in icons_of(document)]
    parts = [Reference(url=url, start=0, end=0, line=0, is_part=True, is_escaped=False) for url in urls]
    problems = [links.problem(part, f"/{path}") for part in parts]
    return [Finding(path=path, message=problem) for problem in problems if problem is not None]


def _notes_on_stamps(pages: Mapping[str, str]) -> list[str]:
    """Returns one note, however many pages it is about: a site has the line in its layout, or nowhere."""
    unstamped = sorted(path for path, text in pages.items() if RELEASE_META.search(text.encode()) is None)
    if not unstamped:
        return []
    shown = ", ".join(unstamped[:_SHOWN]) + (f" and {len(unstamped) - _SHOWN} more" if len(unstamped) > _SHOWN else "")
    return [f'{shown}: no <meta name="release" content="">, so nobody sees which release it is of']
