"""Where a page or a style sheet names other files: each place with its offsets, so that it can be rewritten and nothing else is.

Kinds. A *part* is loaded with the page (image, style, script): its name may get a fingerprint. A *link* is followed, shared and
kept by people and search engines: its target keeps its name.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser

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
    reader.feed(text)
    reader.close()
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


class _PageReader(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.references: list[Reference] = []
        self._text = text
        self.ids: list[str] = []
        self.shared: list[str] = []
        self.problems: list[tuple[int, str]] = []
        self.tags: set[str] = set()
        self.has_language = False
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self._is_in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self._is_in_style = tag == "style"
        self.ids += [values[name] for name in ("id", "name") if values.get(name) and (name == "id" or tag == "a")]
        self.has_language |= tag == "html" and bool(values.get("lang", "").strip())
        if tag == "meta" and re.match(r"https?://", values.get("content", "")):
            self.shared.append(values["content"])
        if tag == "img" and "alt" not in values:
            self.problems.append((self.getpos()[0], '<img> without alt: say what it shows, or alt="" for decoration'))
        if tag == "base":
            self.problems.append((self.getpos()[0], "<base> is not supported: write the addresses out"))
        for name, start, end in self._spans():
            self._add(tag, name, values, start, end)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        if self._is_in_style:
            start = self._offset()
            self.references += [_moved(found, start, self.getpos()[0] - 1) for found in css_references(data)]

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  (the base class's name)
        self._is_in_style = False

    def _offset(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def _spans(self) -> Iterator[tuple[str, int, int]]:
        """Yields name, start and end of each attribute's value in the start tag that is being read."""
        raw = self.get_starttag_text() or ""
        for match in _ATTRIBUTE.finditer(raw, re.match(r"<[^\s/>]+", raw).end() if raw else 0):  # type: ignore[union-attr]
            if match[2] is not None:
                start, end = _inside_quotes(match[2], match.start(2))
                yield match[1].lower(), self._offset() + start, self._offset() + end

    def _add(self, tag: str, name: str, values: dict[str, str], start: int, end: int) -> None:
        line = self.getpos()[0]
        raw = self._text[start:end]
        url = Reference(url=html.unescape(raw).strip(), start=start, end=end, line=line, is_part=True, is_escaped=True)
        if name == "style":
            self.references += [_moved(found, start, line - 1) for found in css_references(raw)]
        elif (tag, name) in _SETS:
            for match in _CANDIDATE.finditer(raw):
                part = replace(url, url=html.unescape(match[1]), start=start + match.start(1), end=start + match.end(1))
                self.references.append(part)
        elif (tag, name) in _PARTS:
            self.references.append(url)
        elif (tag, name) in _LINKS:
            self.references.append(replace(url, is_part=False))
        elif (tag, name) == ("link", "href"):
            relations = set(values.get("rel", "").lower().split())
            self.references.append(replace(url, is_part=bool(relations & _PART_RELATIONS)))


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
