"""Where a page or a style sheet names other files: each place with its offsets, so that it can be rewritten and nothing else is.

Kinds. A *part* is loaded with the page (image, style, script): its name may get a fingerprint. A *link* is followed, shared and
kept by people and search engines: its target keeps its name.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

_PARTS = {
    ("img", "src"), ("script", "src"), ("source", "src"), ("video", "src"), ("video", "poster"), ("audio", "src"),
    ("track", "src"), ("embed", "src"), ("object", "data"), ("input", "src"), ("image", "href"), ("use", "href"),
}  # fmt: skip
_LINKS = {("a", "href"), ("area", "href"), ("iframe", "src"), ("form", "action")}
_SETS = {("img", "srcset"), ("source", "srcset"), ("link", "imagesrcset")}
# https://html.spec.whatwg.org/multipage/links.html#linkTypes
_PART_RELATIONS = {
    "stylesheet",
    "icon",
    "preload",
    "modulepreload",
    "prefetch",
    "apple-touch-icon",
    "mask-icon",
    "manifest",
}

_URL_ATTRIBUTES = {"style", "href", *(name for _, name in _PARTS | _LINKS | _SETS)}
# What is no markup up to its end tag: https://html.spec.whatwg.org/multipage/parsing.html#parsing-html-fragments
_RAW_TEXT = {"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "plaintext"}
# A comment, a declaration, or a start tag; ++ and *+ give nothing back, so that no text takes longer than its length.
_TAG = re.compile(
    r"""<!--.*?-->|<[!?][^>]*+>|<(?P<tag>[A-Za-z][^\s/>]*+)(?P<attributes>(?:[^>"']++|"[^"]*+"|'[^']*+')*+)>""",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'=<>`]+))?""")
_CANDIDATE = re.compile(r"(?:^|,)\s*([^\s,](?:\S*[^\s,])?)(?=[\s,]|$)[^,]*")
# Comments and strings first, so that nothing inside them is taken for a reference.
_CSS = re.compile(
    r"""/\*.*?\*/|@import\s+(?P<import>"[^"\\\n]*"|'[^'\\\n]*')|url\(\s*(?P<url>"[^"\\\n]*"|'[^'\\\n]*'|[^\s"'()\\]+)\s*\)"""
    r"""|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'""",
    re.DOTALL | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One place that names a file.

    Attributes:
        url: as a browser reads it, character references undone.
        start: offset of the url in the text.
        end: offset behind it.
        line: from 1.
        is_part: loaded with the page, see above.
        is_escaped: stands in an HTML attribute, where & is written &amp;.
    """

    url: str
    start: int
    end: int
    line: int
    is_part: bool
    is_escaped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What a page's tags say.

    Attributes:
        references: in the order of the text.
        ids: targets of fragments, as often as they occur.
        shared_urls: absolute addresses in `<meta content>`, such as og:image.
        problems: line and text of what is wrong without being a parse error.
    """

    references: tuple[Reference, ...]
    ids: tuple[str, ...]
    shared_urls: tuple[str, ...]
    problems: tuple[tuple[int, str], ...]


def read_page(text: str) -> PageFacts:
    """Returns what a page's tags say; the text must be without parse errors."""
    reader = _PageReader(text)
    reader.read()
    problems = reader.problems + _problems_of_page(reader)
    return PageFacts(
        references=tuple(reader.references),
        ids=tuple(reader.ids),
        shared_urls=tuple(reader.shared),
        problems=tuple(problems),
    )


def css_references(text: str) -> list[Reference]:
    """Returns what a style sheet loads by `url()` and `@import`."""
    found = []
    for match in _CSS.finditer(text):
        group = next((name for name in ("import", "url") if match[name] is not None), None)
        if group is not None:
            start, end = _inside_quotes(match[group], match.start(group))
            line = text.count("\n", 0, start) + 1
            url = text[start:end]
            found.append(Reference(url=url, start=start, end=end, line=line, is_part=True, is_escaped=False))
    return found


def rewritten(text: str, references: Iterable[Reference], new_url: Callable[[str], str]) -> str:
    """Returns the text with each reference's url replaced, and every other character as it was."""
    parts, at = [], 0
    for reference in sorted(references, key=lambda found: found.start):
        url = new_url(reference.url)
        if url != reference.url:
            parts += [text[at : reference.start], html.escape(url) if reference.is_escaped else url]
            at = reference.end
    return "".join([*parts, text[at:]])


class _PageReader:
    """Reads tags with one expression: of pages without parse errors it finds what a parser does, in a fifth of the time."""

    def __init__(self, text: str) -> None:
        self.references: list[Reference] = []
        self.ids: list[str] = []
        self.shared: list[str] = []
        self.problems: list[tuple[int, str]] = []
        self.tags: set[str] = set()
        self.has_language = False
        self._text = text
        self._line = 1
        self._counted_to = 0

    def read(self) -> None:
        at = 0
        while (match := _TAG.search(self._text, at)) is not None:
            at = match.end()
            if match["tag"] is None:
                continue
            tag = match["tag"].lower()
            self._start_tag(tag, match)
            if tag in _RAW_TEXT:
                end = re.compile(f"</{tag}", re.IGNORECASE).search(self._text, at)
                if tag == "style":
                    self._style(at, end.start() if end else len(self._text))
                at = end.start() if end else len(self._text)

    def _style(self, start: int, end: int) -> None:
        line = self._line_of(start)
        self.references += [_moved(found, start, line - 1) for found in css_references(self._text[start:end])]

    def _start_tag(self, tag: str, match: re.Match[str]) -> None:
        self.tags.add(tag)
        spans = list(self._spans(match))
        values = {name: self._value(start, end) for name, start, end in reversed(spans)}  # the first of a name counts
        self.ids += [values[name] for name in ("id", "name") if values.get(name) and (name == "id" or tag == "a")]
        self.has_language |= tag == "html" and bool(values.get("lang", "").strip())
        if tag == "meta" and re.match(r"https?://", values.get("content", "")):
            self.shared.append(values["content"])
        if tag == "img" and "alt" not in (found[1].lower() for found in _ATTRIBUTE.finditer(match["attributes"])):
            text = '<img> without alt: say what it shows, or alt="" for decoration'
            self.problems.append((self._line_of(match.start()), text))
        if tag == "base":
            text = "<base> is not supported: write the addresses out"
            self.problems.append((self._line_of(match.start()), text))
        for name, start, end in spans:
            if name in _URL_ATTRIBUTES:
                self._add(tag, name, values, match.start(), start, end)

    def _spans(self, match: re.Match[str]) -> Iterator[tuple[str, int, int]]:
        """Yields name, start and end of the value of each attribute that has one."""
        if not match["attributes"]:
            return
        for found in _ATTRIBUTE.finditer(self._text, match.start("attributes"), match.end("attributes")):
            if found[2] is not None:
                start, end = found.span(2)
                quote = 1 if self._text[start] in "'\"" else 0
                yield found[1].lower(), start + quote, end - quote

    def _value(self, start: int, end: int) -> str:
        raw = self._text[start:end]
        return html.unescape(raw) if "&" in raw else raw

    def _line_of(self, offset: int) -> int:
        """Returns the line of an offset; asked for offsets in the order of the text."""
        self._line += self._text.count("\n", self._counted_to, offset)
        self._counted_to = max(offset, self._counted_to)
        return self._line

    def _add(self, tag: str, name: str, values: dict[str, str], tag_start: int, start: int, end: int) -> None:
        raw = self._text[start:end]
        if name == "style":
            if "(" in raw:
                line = self._line_of(tag_start)
                self.references += [_moved(found, start, line - 1) for found in css_references(raw)]
        elif (tag, name) in _SETS:
            line = self._line_of(tag_start)
            for found in _CANDIDATE.finditer(raw):
                at, to = (start + each for each in found.span(1))
                self._append(html.unescape(found[1]), at, to, line, is_part=True)
        elif (kind := _kind(tag, name, values)) is not None:
            self._append(self._value(start, end).strip(), start, end, self._line_of(tag_start), is_part=kind)

    def _append(self, url: str, start: int, end: int, line: int, *, is_part: bool) -> None:
        found = Reference(url=url, start=start, end=end, line=line, is_part=is_part, is_escaped=True)
        self.references.append(found)


def _kind(tag: str, name: str, values: dict[str, str]) -> bool | None:
    """Returns whether an attribute names a part, None when it names no file."""
    if (tag, name) in _PARTS:
        return True
    if (tag, name) in _LINKS:
        return False
    if (tag, name) == ("link", "href"):
        return bool(set(values.get("rel", "").lower().split()) & _PART_RELATIONS)
    return None


def _problems_of_page(reader: _PageReader) -> list[tuple[int, str]]:
    problems = []
    if not reader.has_language:
        problems.append((0, '<html> without lang: say the language, such as <html lang="en">'))
    if "title" not in reader.tags:
        problems.append((0, "no <title>: give the page one"))
    seen = set()
    for name in reader.ids:
        if name in seen:
            problems.append((0, f'id "{name}" twice: an id is on one element'))
        seen.add(name)
    return problems


def _moved(reference: Reference, by: int, lines: int) -> Reference:
    return replace(reference, start=reference.start + by, end=reference.end + by, line=reference.line + lines)


def _inside_quotes(value: str, start: int) -> tuple[int, int]:
    quote = 1 if value[:1] in ("'", '"') else 0
    return start + quote, start + len(value) - quote
