"""The build: a pure function from the source's files to the site's, with everything that is wrong in one report."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

import html5lib
from html5lib.constants import E as PARSE_ERRORS

from scripts.release.serving.file_rules import ContentRules, check_release
from scripts.site_build.addresses import Links
from scripts.site_build.findings import Finding
from scripts.site_build.fingerprints import Fingerprints, icons_of
from scripts.site_build.precompress import variants
from scripts.site_build.references import PageFacts, Reference, css_references, read_page, rewritten
from scripts.site_build.templates import is_for_templates, is_page, render_pages

_RELEASE_META = '<meta name="release"'


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
    source: Mapping[str, bytes], rules: ContentRules, advance: Callable[[int], None] = lambda _: None
) -> BuiltSite:
    """Builds a site.

    Args:
        source: NFC path -> content, see `source.read_source`.
        rules: the site file's `[content]`.
        advance: is told the bytes of each file that is compressed.
    """
    pages, findings = render_pages(source)
    assets = {path: content for path, content in source.items() if not is_page(path) and not is_for_templates(path)}
    if "index.html" not in pages and not findings:
        findings.append(Finding(path="index.html", message="it is missing, and / would answer 404: write it"))
    invalid = [finding for path, text in pages.items() for finding in _parse_errors(path, text)]
    sheets, unreadable = _sheets(assets)
    facts = {path: read_page(text) for path, text in pages.items()}
    names = Fingerprints(assets, facts, sheets)
    findings += [*invalid, *unreadable, *names.findings, *_broken(facts, sheets, assets, rules)]
    files = dict(names.files)
    for path, text in pages.items():
        new_url = partial(names.new_url, base=f"/{path}")
        files[path] = rewritten(text, facts[path].references, new_url).encode()
    check = check_release(rules, {path: len(content) for path, content in files.items()})
    findings += [Finding(path="[content]", message=problem) for problem in check.problems]
    if rules.precompress and not findings:
        files |= variants(files, advance)
    notes = [f"{path}: no {_RELEASE_META}>, so nobody sees which release it is of" for path in _unstamped(pages)]
    return BuiltSite(
        files=dict(sorted(files.items())), findings=tuple(sorted(set(findings))), notes=(*check.notes, *sorted(notes))
    )


def _parse_errors(path: str, text: str) -> list[Finding]:
    """Returns the parse errors of the HTML standard (https://html.spec.whatwg.org/multipage/parsing.html#parse-errors)."""
    parser = html5lib.HTMLParser()
    parser.parse(text)
    return [
        Finding(path=path, line=line, message=f"not valid HTML: {_in_words(code, values)}")
        for (line, _), code, values in parser.errors
    ]


def _in_words(code: str, values: Mapping[str, object]) -> str:
    return str(PARSE_ERRORS.get(code, code)) % values


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


def _unstamped(pages: Mapping[str, str]) -> list[str]:
    return [path for path, text in pages.items() if _RELEASE_META not in text]
