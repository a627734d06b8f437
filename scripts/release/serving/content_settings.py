"""Reads the site file's `[content]`, from Terraform's output `content` or from the TOML itself; reports all problems at once."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from scripts.errors import WrongUsageError
from scripts.release.serving.clean_urls import CleanUrls, TrailingSlash, UrlStyle
from scripts.release.serving.file_rules import (
    ALWAYS_IGNORED,
    LARGEST_ASSET_BYTES,
    LARGEST_PAGE_BYTES,
    ContentRules,
    FileRule,
    FileSettings,
)
from scripts.release.serving.path_patterns import PathPattern, PatternError
from scripts.release.serving.redirects import Redirect, problem_of, problems_between

_Choice = TypeVar("_Choice", bound=StrEnum)

# https://www.rfc-editor.org/rfc/rfc9110#section-8.3.1
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_CONTENT_TYPE = re.compile(rf'{_WORD}/{_WORD}(; ?{_WORD}=({_WORD}|"[^"\\]*"))*')
# Responses: https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2, 5861 (stale-*), 8246 (immutable)
_WITH_SECONDS = ("max-age", "s-maxage", "stale-while-revalidate", "stale-if-error")
_ALONE = (
    "public", "private", "no-store", "no-cache", "no-transform", "must-revalidate", "proxy-revalidate", "must-understand",
    "immutable",
)  # fmt: skip
_ENCODINGS = ("br", "gzip")
_KEYS = (
    "clean_urls", "trailing_slash", "precompress", "largest_page_bytes", "largest_asset_bytes", "ignore", "fallback", "rule",
    "redirect",
)  # fmt: skip
_RULE_KEYS = ("pattern", "content_type", "cache_control", "content_encoding", "fingerprinted", "largest_bytes")
_REDIRECT_KEYS = ("from", "to", "status")


def parse_content(document: Mapping[str, Any]) -> ContentRules:
    """Reads `[content]`; an empty document means the defaults.

    Raises:
        WrongUsageError: it has problems; all of them, each with key, value, what is allowed and what to do.
    """
    reader = _Reader()
    rules = reader.read(document)
    if reader.problems:
        listed = "\n".join(f"  {problem}" for problem in reader.problems)
        raise WrongUsageError(f"[content] of the site file cannot be used:\n{listed}")
    return rules


class _Reader:
    """Reads the tables and collects what is wrong in them."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def read(self, document: Mapping[str, Any]) -> ContentRules:
        self._unknown("content", document, _KEYS)
        clean_urls = self._choice(document, "clean_urls", CleanUrls.FOLDER)
        trailing_slash = self._choice(document, "trailing_slash", TrailingSlash.ANY)
        if clean_urls is CleanUrls.OFF and trailing_slash is not TrailingSlash.ANY:
            self._refuse(
                "content.trailing_slash",
                trailing_slash.value,
                '"any" with clean_urls = "off": without clean URLs, /about and /about/ are two files; remove one of the keys',
            )
        if clean_urls is CleanUrls.FILE and trailing_slash is TrailingSlash.ADD:
            self._refuse(
                "content.trailing_slash",
                trailing_slash.value,
                '"any" or "remove" with clean_urls = "file": /about/ is about/index.html, never about.html; choose one of '
                'them, or clean_urls = "folder"',
            )
        rules = tuple(self._rules(document))
        given = tuple(self._redirects(document))
        self.problems += problems_between(given)
        return ContentRules(
            rules=rules,
            redirects=given,
            style=UrlStyle(clean_urls=clean_urls, trailing_slash=trailing_slash),
            precompress=self._flag(document, "content.precompress", default=True),
            largest_page_bytes=self._size(document, "content.largest_page_bytes") or LARGEST_PAGE_BYTES,
            largest_asset_bytes=self._size(document, "content.largest_asset_bytes") or LARGEST_ASSET_BYTES,
            fallback=self._fallback(document),
            ignored=(*ALWAYS_IGNORED, *self._ignored(document)),
        )

    def _fallback(self, document: Mapping[str, Any]) -> str:
        value = document.get("fallback")
        if value is None:
            return ""
        if not isinstance(value, str) or not re.fullmatch(r"/[^?#%*]*\.html?", value):
            self._refuse("content.fallback", value, "the path of a page of the site, such as /index.html: write it so")
            return ""
        return value[1:]

    def _ignored(self, document: Mapping[str, Any]) -> Iterator[PathPattern]:
        found = document.get("ignore", [])
        if not isinstance(found, list):
            self._refuse("content.ignore", found, 'a list of patterns: write ignore = ["*.map"]')
            return
        for index, value in enumerate(found):
            if (pattern := self._pattern(value, f"content.ignore[{index}]")) is not None:
                yield pattern

    def _rules(self, document: Mapping[str, Any]) -> Iterator[FileRule]:
        for key, table in self._tables(document, "rule"):
            self._unknown(key, table, _RULE_KEYS)
            if len(table) == 1 and "pattern" in table:
                self._refuse(
                    key, table["pattern"], f"a rule gives at least one of {', '.join(_RULE_KEYS[1:])}: add one"
                )
            pattern = self._pattern(table.get("pattern"), f"{key}.pattern")
            settings = FileSettings(
                content_type=self._text(table, f"{key}.content_type", _problem_of_content_type),
                cache_control=self._text(table, f"{key}.cache_control", _problem_of_cache_control),
                content_encoding=self._text(table, f"{key}.content_encoding", _problem_of_encoding),
                fingerprinted=self._optional_flag(table, f"{key}.fingerprinted"),
                largest_bytes=self._size(table, f"{key}.largest_bytes"),
            )
            if pattern is not None:
                yield FileRule(pattern=pattern, settings=settings)

    def _redirects(self, document: Mapping[str, Any]) -> Iterator[Redirect]:
        for key, table in self._tables(document, "redirect"):
            self._unknown(key, table, _REDIRECT_KEYS)
            status = table.get("status", 301)
            missing = [name for name in ("from", "to") if not isinstance(table.get(name), str)]
            if missing or type(status) is not int:
                wanted = f"{' and '.join(missing)} as text" if missing else "status as a number such as 301"
                self._refuse(key, table, f'a redirect has from = "/old" and to = "/new/": give {wanted}')
                continue
            redirect = Redirect(source=table["from"], target=table["to"], status=status)
            problem = problem_of(redirect)
            if problem is None:
                yield redirect
            else:
                self._refuse(f'redirect from "{redirect.source}" to "{redirect.target}"', status, problem)

    def _tables(self, document: Mapping[str, Any], name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        found = document.get(name, [])
        if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
            self._refuse(f"content.{name}", found, f"a list of tables: write [[content.{name}]] on a line of its own")
            return
        for index, table in enumerate(found):
            yield f"content.{name}[{index}]", table

    def _unknown(self, key: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for name in table:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                remedy = f"did you mean {near[0]}?" if near else "remove it"
                self._refuse(f"{key}.{name}", table[name], f"an unknown key; known are {', '.join(known)}: {remedy}")

    def _choice(self, table: Mapping[str, Any], name: str, default: _Choice) -> _Choice:
        kind = type(default)
        value = table.get(name, default.value)
        if value in [choice.value for choice in kind]:
            return kind(value)
        self._refuse(f"content.{name}", value, f"one of {', '.join(kind)}: choose one")
        return default

    def _pattern(self, value: object, key: str) -> PathPattern | None:
        if not isinstance(value, str):
            self._refuse(key, value, "a text such as *.css or /downloads/**: add it")
            return None
        try:
            return PathPattern(value)
        except PatternError as error:
            self._refuse(key, value, str(error))
            return None

    def _text(self, table: Mapping[str, Any], key: str, problem_of_value: Callable[[str], str | None]) -> str | None:
        value = table.get(key.rsplit(".", 1)[1])
        if value is None:
            return None
        problem = problem_of_value(value) if isinstance(value, str) else "a text in quotes: write it so"
        if problem is None:
            return str(value)
        self._refuse(key, value, problem)
        return None

    def _size(self, table: Mapping[str, Any], key: str) -> int | None:
        value = table.get(key.rsplit(".", 1)[1])
        if value is None or (type(value) is int and value > 0):
            return value
        self._refuse(key, value, "a whole number of bytes above 0, such as 500_000: correct it")
        return None

    def _optional_flag(self, table: Mapping[str, Any], key: str) -> bool | None:
        value = table.get(key.rsplit(".", 1)[1])
        if value is None or isinstance(value, bool):
            return value
        self._refuse(key, value, "true or false: write one of them")
        return None

    def _flag(self, table: Mapping[str, Any], key: str, *, default: bool) -> bool:
        value = self._optional_flag(table, key)
        return default if value is None else value

    def _refuse(self, key: str, value: object, allowed_and_remedy: str) -> None:
        shown = "not set" if value is None else json.dumps(value, default=str, ensure_ascii=False)
        self.problems.append(f"{key} ({shown}): {allowed_and_remedy}")


def _problem_of_content_type(value: str) -> str | None:
    if _CONTENT_TYPE.fullmatch(value):
        return None
    return "type/subtype, with parameters if wanted, such as text/html; charset=utf-8: correct it"


def _problem_of_encoding(value: str) -> str | None:
    return (
        None
        if value in _ENCODINGS
        else f"one of {', '.join(_ENCODINGS)}, for files that are compressed already: choose one"
    )


def _problem_of_cache_control(value: str) -> str | None:
    for directive in value.split(","):
        name, equals, argument = directive.strip().partition("=")
        if name in _WITH_SECONDS and re.fullmatch(r"[0-9]{1,10}", argument):
            continue
        if name in _ALONE and not equals:
            continue
        if name in _WITH_SECONDS:
            return f"{name} takes a number of seconds: write {name}=300"
        near = difflib.get_close_matches(name.replace("_", "-"), [*_WITH_SECONDS, *_ALONE], n=1)
        remedy = f"did you mean {near[0]}?" if near else "take it out"
        return f"{name or 'an empty one'} is no directive; known are {', '.join([*_WITH_SECONDS, *_ALONE])}: {remedy}"
    return None
