"""The parse errors of pages (https://html.spec.whatwg.org/multipage/parsing.html#parse-errors).

html5ever, through markupever, says whether a page has any: it takes 0.4 ms for 30 KB, where html5lib takes 10. It names no line,
so of the first pages that have errors html5lib, slow and by an older standard, is asked for line and words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from scripts.site_build.findings import Finding

EXPLAINED_PAGES = 20
"""Pages of which the lines are told: one layout gives its error to every page, and 500 of them would take 10 s."""
_ATOM = re.compile(r"Atom\(\\?'([^'\\]*)\\?' type=\w+\)")
_TOKEN = re.compile(r"Unexpected token (?:Tag\()?Tag \{ kind: (Start|End)Tag, name: ([^,]+),.*", re.DOTALL)


def parse_errors(pages: Mapping[str, str]) -> list[Finding]:
    """Returns what is not valid HTML in pages, path -> text; behind EXPLAINED_PAGES one error a page, without its line."""
    invalid = [path for path, text in pages.items() if _errors(text)]
    findings = []
    for number, path in enumerate(invalid):
        explained = _explained(path, pages[path]) if number < EXPLAINED_PAGES else []
        findings += explained or [_named(path, pages[path])]
    return findings


def _errors(text: str, *, in_full: bool = False) -> list[str]:
    from markupever import HtmlOptions, Parser  # compiled, and of no use to the other commands

    parser = Parser(HtmlOptions(exact_errors=in_full))
    parser.process(text)
    parser.finish()
    return [str(error) for error in parser.errors()]


def _explained(path: str, text: str) -> list[Finding]:
    import html5lib
    from html5lib.constants import E as WORDS

    parser = html5lib.HTMLParser()
    parser.parse(text)
    return [
        Finding(path=path, line=line, message=f"not valid HTML: {WORDS.get(code, code) % values}")
        for (line, _), code, values in parser.errors
    ]


def _named(path: str, text: str) -> Finding:
    return Finding(path=path, message=f"not valid HTML: {_in_words(_errors(text, in_full=True)[0])}")


def _in_words(error: str) -> str:
    """Returns one of html5ever's messages without the names of its data types."""
    named = _ATOM.sub(r"\1", error).replace("{http://www.w3.org/1999/xhtml}:", "")
    if (token := _TOKEN.fullmatch(named)) is not None:
        return f"unexpected {'</' if token[1] == 'End' else '<'}{token[2]}>"
    return named
