"""What of `[content]` a release takes with it, so that a rollback and a canary have their own: clean URLs and redirects. Pure.

A router function sees nothing but its KeyValueStore: values of at most 1 KB under keys of at most 512 bytes, 5 MB in all
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html). So each redirected object path is
one pair,

    redirect/<table id>/<canonical object path>    ->    <status> <location>

named after the digest of all of them: an unchanged table is not written again with the next release, a rollback finds its own,
and `prune` deletes what no release names. The index of the release (index.py) marks the paths as REDIRECTED, so that only a
redirected viewer pays for the read, and a router that sees the mark without the pair knows that the store is not whole there yet.

Redirects with a wildcard are few and stand together in one value, `redirect/<table id>`, one a line; the id then ends in `*`:

    <canonical path up to the asterisk> <status> <location, in which a last * stands for the rest>

The regional endpoint takes the same pairs and lines from its pointer object. Decided in docs/adr/0007-serving-rules.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from scripts.release.serving.clean_urls import CleanUrls, TrailingSlash, UrlStyle, canonical
from scripts.release.serving.index import INCREMENT_CHARACTERS
from scripts.release.serving.redirects import WILDCARD, Redirect
from scripts.release.serving.variants import Variants

REDIRECT_PREFIX = "redirect/"
REDIRECTED = "-" * INCREMENT_CHARACTERS
"""What the index says in place of an increment."""
NO_PAGE = "~" * INCREMENT_CHARACTERS
"""What it says of a page that the base increment has and the release has not, where a fallback answers, and of what was taken
down: nothing lies there."""

_USUAL_STYLE = UrlStyle()


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectTable:
    """The redirects of a release as routers look them up.

    Attributes:
        pairs: object path, relative and decoded -> `<status> <location>`.
        wildcards: the lines of those with a wildcard; empty without.
    """

    pairs: Mapping[str, str] = field(default_factory=dict)
    wildcards: str = ""

    @property
    def id(self) -> str:
        """Digest of all of it, with an asterisk when there are wildcards; empty when there are no redirects."""
        if not (self.pairs or self.wildcards):
            return ""
        text = json.dumps([sorted(self.pairs.items()), self.wildcards])
        return hashlib.sha256(text.encode()).hexdigest()[:16] + (WILDCARD if self.wildcards else "")

    @property
    def entries(self) -> dict[str, str]:
        """KeyValueStore key -> value."""
        start = f"{REDIRECT_PREFIX}{self.id}"
        lines = {start: self.wildcards} if self.wildcards else {}
        return lines | {f"{start}/{canonical(path)}": value for path, value in self.pairs.items()}

    @property
    def size_bytes(self) -> int:
        """What it takes in the store, keys and values."""
        return sum(len(key) + len(value) for key, value in self.entries.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlRules:
    """How the addresses of a release become files or redirects.

    Attributes:
        style: clean URLs and trailing slashes.
        fallback: relative path of the page that answers where the release has none; empty: nothing does.
        redirects: lookup path (with a last `*`: everything below) -> `<status> <location>`, in the order of the site file.
    """

    style: UrlStyle = _USUAL_STYLE
    redirects: tuple[tuple[str, str], ...] = ()
    fallback: str = ""

    def pages(self, paths: Iterable[str]) -> list[str]:
        """Returns the paths that a viewer may mean without an extension, if there is a fallback: it answers for none of them."""
        return (
            [path for path in paths if path.endswith(".html") or "." not in path.rsplit("/", 1)[-1]]
            if self.fallback
            else []
        )

    def table(self, variants: Variants) -> RedirectTable:
        """Returns what the routers look up, for a release with these variants."""
        pairs: dict[str, str] = {}
        for source, value in self.redirects:
            if not source.endswith(WILDCARD):
                pairs |= dict.fromkeys(self._object_paths(unquote(source), variants), value)
        lines = [f"{source[:-1]} {value}" for source, value in self.redirects if source.endswith(WILDCARD)]
        return RedirectTable(pairs=pairs, wildcards="\n".join(lines))

    def _object_paths(self, path: str, variants: Variants) -> Iterator[str]:
        for spelling in (path, f"{path.rstrip('/')}/"):
            found = self.style.object_path(spelling)
            yield found
            yield from variants.paths_of(found)

    def to_document(self) -> dict[str, Any]:
        """Returns what a manifest says about them; nothing where they are the usual ones."""
        style = {} if self.style == _USUAL_STYLE else {"style": style_words(self.style)}
        style |= {"fallback": self.fallback} if self.fallback else {}
        return style | ({"redirects": [list(pair) for pair in self.redirects]} if self.redirects else {})


def url_rules(style: UrlStyle, redirects: Sequence[Redirect], fallback: str = "") -> UrlRules:
    """Returns the rules of a site file's `[content]`."""
    pairs = tuple((each.key_path, each.value) for each in redirects)
    return UrlRules(style=style, redirects=pairs, fallback=fallback)


def from_document(document: Mapping[str, Any]) -> UrlRules:
    """Reads what `to_document` wrote.

    Raises:
        ValueError: it names a style that this version does not know.
    """
    pairs = tuple((str(source), str(value)) for source, value in document.get("redirects", ()))
    words, fallback = document.get("style"), str(document.get("fallback", ""))
    if not words:
        return UrlRules(redirects=pairs, fallback=fallback)
    clean_urls, trailing_slash = words.split(" ")
    style = UrlStyle(clean_urls=CleanUrls(clean_urls), trailing_slash=TrailingSlash(trailing_slash))
    return UrlRules(style=style, redirects=pairs, fallback=fallback)


def style_words(style: UrlStyle) -> str:
    """Returns the style as the routers read it: two words, or nothing when it is the usual one."""
    return "" if style == _USUAL_STYLE else f"{style.clean_urls.value} {style.trailing_slash.value}"
