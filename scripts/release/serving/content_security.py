"""What pages, styles and scripts need of the Content-Security-Policy header, and what of it a policy refuses. Pure.

What a page loads by its tags is certain; what a script does when it runs is judged by its words (`fetch("https://...")`,
`WebAssembly.`), so that a need may be named that never arises, and one that is put together at run time is not seen.
https://www.w3.org/TR/CSP3/
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

LARGEST_POLICY_CHARACTERS = 1783
"""https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html"""

USUAL_POLICY = "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'; object-src 'none'"
"""What a site file without `headers.content_security_policy` means."""

INLINE, EVAL, WASM = "'unsafe-inline'", "'unsafe-eval'", "'wasm-unsafe-eval'"
# Directive -> the one that stands in for it, until default-src: https://www.w3.org/TR/CSP3/#directive-fallback-list
_STANDS_IN = {
    "worker-src": "script-src",
    "script-src": "default-src",
    "style-src": "default-src",
    "frame-src": "default-src",
}
_NO_STAND_IN = ("base-uri", "form-action")

_TAG = re.compile(
    r"""<!--.*?-->|<(?P<tag>[A-Za-z][^\s/>]*+)(?P<attributes>(?:[^>"']++|"[^"]*+"|'[^']*+')*+)>""", re.DOTALL
)
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?""")
_LOADS = {
    ("img", "src"): "img-src", ("script", "src"): "script-src", ("iframe", "src"): "frame-src", ("frame", "src"): "frame-src",
    ("video", "src"): "media-src", ("audio", "src"): "media-src", ("track", "src"): "media-src", ("video", "poster"): "img-src",
    ("embed", "src"): "object-src", ("object", "data"): "object-src", ("form", "action"): "form-action",
    ("input", "src"): "img-src", ("image", "href"): "img-src", ("base", "href"): "base-uri",
}  # fmt: skip
_LINKED = {"stylesheet": "style-src", "icon": "img-src", "apple-touch-icon": "img-src", "manifest": "manifest-src",
           "modulepreload": "script-src"}  # fmt: skip
# https://html.spec.whatwg.org/multipage/scripting.html#attr-script-type: of any other type it is data and never run
_RUN = ("", "module", "importmap", "speculationrules", "text/javascript", "application/javascript", "text/ecmascript")
_IN_CSS = re.compile(
    r"""url\(\s*["']?\s*((?:data|https?):[^"')\s]{1,200})|@import\s+["'](https?:[^"']+)""", re.IGNORECASE
)
_ASKED_BY_SCRIPT = re.compile(
    r"""(?:\bfetch|\baxios(?:\.\w+)?|\bEventSource|\bWebSocket|\bsendBeacon|\.open)\(\s*(?:["'`][A-Z]{3,7}["'`],\s*)?["'`]((?:https|wss?)://[^"'`\s/?#]+)"""
)
_WORDS = {
    ("script-src", WASM): re.compile(r"\bWebAssembly\s*\."),
    ("script-src", EVAL): re.compile(r"(?<![.\w])eval\(|\bnew Function\("),
    ("worker-src", "blob:"): re.compile(r"new Worker\([^)]{0,200}(?:createObjectURL|blob)", re.IGNORECASE),
}


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Need:
    """One thing that a directive has to allow.

    Attributes:
        directive: such as `script-src`.
        source: such as `https://example.com`, `data:`, `'unsafe-inline'` or the hash of a script.
    """

    directive: str
    source: str


def needs_of_page(text: str) -> set[Need]:
    """Returns what a page needs beyond files of the site itself."""
    needs: set[Need] = set()
    at = 0
    while (match := _TAG.search(text, at)) is not None:
        at = match.end()
        if match["tag"] is None:
            continue
        tag = match["tag"].lower()
        attributes = _attributes(match["attributes"])
        needs |= set(_of_tag(tag, attributes))
        if tag in ("script", "style"):
            found = re.compile(f"</{tag}", re.IGNORECASE).search(text, at)
            end = found.start() if found else len(text)
            needs |= _of_element(tag, attributes, text[at:end])
            at = end
    return needs


def needs_of_style_sheet(text: str) -> set[Need]:
    """Returns what a style sheet loads from elsewhere."""
    needs = set()
    for match in _IN_CSS.finditer(text):
        url = match[1] or match[2]
        is_font = re.match(
            r"data:(font|application/(x-)?font|application/vnd.ms-fontobject)|.*\.(woff2?|ttf|otf|eot)$", url
        )
        needs |= set(_source(url, "style-src" if match[2] else "font-src" if is_font else "img-src"))
    return needs


def needs_of_script(text: str) -> set[Need]:
    """Returns what a script asks of other hosts, and what it does that a policy may refuse."""
    asked = {need for match in _ASKED_BY_SCRIPT.finditer(text) for need in _source(match[1], "connect-src")}
    return asked | {
        Need(directive=directive, source=source)
        for (directive, source), words in _WORDS.items()
        if words.search(text) is not None
    }


def refused(policy: str, needs: Iterable[Need]) -> list[Need]:
    """Returns the needs that a policy does not allow, sorted."""
    directives = _directives(policy)
    return sorted({need for need in needs if not _allows(_sources(directives, need.directive), need.source)})


def widened(policy: str, needs: Sequence[Need]) -> str:
    """Returns a policy that allows the needs too: with the hashes of inline scripts, else with 'unsafe-inline'."""
    by_directive: dict[str, list[str]] = defaultdict(list)
    for need in needs:
        by_directive[need.directive].append(need.source)
    before = _directives(policy)
    for is_hashed in (True, False):
        directives = dict(before)
        for name, sources in by_directive.items():
            wanted = sources if is_hashed else [INLINE if _is_hash(each) else each for each in sources]
            dropped = ("'none'", *(each for each in _sources(before, name) if INLINE in wanted and _is_hash(each)))
            kept = [each for each in _sources(before, name) if each not in dropped]
            directives[name] = list(dict.fromkeys([*kept, *wanted]))
        text = "; ".join(" ".join([name, *sources]) for name, sources in directives.items())
        if len(text) <= LARGEST_POLICY_CHARACTERS:
            break
    return text


def _attributes(raw: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(raw):
        value = next((group for group in match.groups()[1:] if group is not None), "")
        found.setdefault(match[1].lower(), html.unescape(value) if "&" in value else value)
    return found


def _of_tag(tag: str, attributes: Mapping[str, str]) -> Iterator[Need]:
    for name, value in attributes.items():
        if (directive := _LOADS.get((tag, name))) is not None:
            yield from _source(value, directive)
        elif name == "srcset":
            for candidate in value.split(","):
                yield from _source(candidate.strip().split(" ")[0], "img-src")
        elif name == "style" and value.strip():
            yield Need(directive="style-src", source=INLINE)
        elif (name.startswith("on") and value.strip()) or (
            name == "href" and value.strip().lower().startswith("javascript:")
        ):
            yield Need(directive="script-src", source=INLINE)
    if tag == "link":
        for relation in attributes.get("rel", "").lower().split():
            if relation in _LINKED:
                yield from _source(attributes.get("href", ""), _LINKED[relation])
    if tag == "source":
        yield from _source(attributes.get("src", ""), "media-src")


def _of_element(tag: str, attributes: Mapping[str, str], content: str) -> set[Need]:
    if tag == "style":
        return (
            {Need(directive="style-src", source=INLINE), *needs_of_style_sheet(content)} if content.strip() else set()
        )
    if "src" in attributes or attributes.get("type", "").lower() not in _RUN or not content.strip():
        return set()
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return {Need(directive="script-src", source=f"'sha256-{digest}'"), *needs_of_script(content)}


def _source(url: str, directive: str) -> Iterator[Need]:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return
    if parts.scheme in ("data", "blob"):
        yield Need(directive=directive, source=f"{parts.scheme}:")
    elif parts.scheme in ("http", "https", "ws", "wss") and parts.netloc:
        yield Need(directive=directive, source=f"{parts.scheme}://{parts.netloc.lower()}")
    elif not parts.scheme and parts.netloc:
        yield Need(directive=directive, source=f"https://{parts.netloc.lower()}")


def _directives(policy: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for directive in policy.split(";"):
        words = directive.split()
        if words:
            found.setdefault(words[0].lower(), words[1:])
    return found


def _sources(directives: Mapping[str, Sequence[str]], name: str) -> Sequence[str]:
    """Returns what stands for a directive; everything is allowed where nothing does."""
    while name not in directives:
        if name == "default-src" or name in _NO_STAND_IN:
            return ["*", "data:", "blob:", INLINE, EVAL, WASM]
        name = _STANDS_IN.get(name, "default-src")
    return directives[name]


def _allows(sources: Sequence[str], wanted: str) -> bool:
    has_hash = any(_is_hash(each) or each.startswith("'nonce-") for each in sources)
    if _is_hash(wanted):
        return wanted in sources or (INLINE in sources and not has_hash)
    if wanted == INLINE:
        return INLINE in sources and not has_hash
    if wanted == WASM:
        return WASM in sources or EVAL in sources
    if wanted.startswith("'") or wanted.endswith(":"):
        return wanted in sources
    scheme, _, host = wanted.partition("://")
    return any(_matches(each, scheme, host) for each in sources)


def _matches(source: str, scheme: str, host: str) -> bool:
    """https://www.w3.org/TR/CSP3/#match-url-to-source-expression, without paths."""
    if source in ("*", f"{scheme}:"):
        return True
    given, mark, rest = source.partition("://")
    pattern = (rest if mark else source).partition("/")[0].lower()
    if mark and given.lower() != scheme:
        return False
    return pattern == host or (pattern.startswith("*.") and host.endswith(pattern[1:]))


def _is_hash(source: str) -> bool:
    return re.match(r"'sha(256|384|512)-", source) is not None
