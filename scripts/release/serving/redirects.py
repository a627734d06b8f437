"""Redirects of the site file: what they say and what is refused. How they reach the routers: url_rules.py.

Both routers answer with `Cache-Control: public, max-age=300`, so that even a 301 can be taken back, and add the viewer's query
string to a location that has none. `from = "/blog/*"` means everything below /blog/; a last `*` of `to` stands for the rest. A
redirect of one path goes before one with a wildcard, and of those the first that fits.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, urlsplit

from scripts.release.serving.clean_urls import FIXED_PREFIXES, UrlStyle, canonical, decoded

STATUSES = (301, 302, 307, 308)
WILDCARD = "*"

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/kvs-with-functions.html
_KEY_BYTES = 512
_VALUE_BYTES = 1024
_STORE_BYTES = 5 * 1024 * 1024
_TABLES_IN_STORE = 3
"""The active release's, the previous one's for a rollback, and the next one's before its switch."""
_LONGEST_KEY = "redirect/0123456789abcdef*{}/index.html"
"""Of a redirected path (url_rules.py)."""
_PAIRS_PER_REDIRECT = 2
"""With and without a trailing slash; most have one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """One redirect.

    Args:
        source: path as it stands in the site file, starting with `/`; with and without a trailing slash are the same. A last
            `/*` means everything below.
        target: path of this site, with query and fragment if wanted, or an https address of another; a last `/*` stands for
            what the wildcard of `source` means.
        status: 301, 302, 307 or 308.
    """

    source: str
    target: str
    status: int = 301

    @property
    def is_wildcard(self) -> bool:
        """Whether it means everything below a path."""
        return self.source.endswith("/*")

    @property
    def key_path(self) -> str:
        """The canonical path by which it is looked up; with a wildcard as the site file writes it, up to the asterisk."""
        return canonical(decoded(self.source)) if self.is_wildcard else lookup_path(decoded(self.source))

    @property
    def location(self) -> str:
        """The value of the Location header: canonical path, query and fragment percent-encoded where they must be."""
        if not self.target.startswith("/"):
            return quote(self.target, safe="%/:?#[]@!$&'()*+,;=~")
        parts = urlsplit(self.target)
        query = f"?{quote(parts.query, safe=_IN_QUERY)}" if parts.query else ""
        fragment = f"#{quote(parts.fragment, safe=_IN_QUERY)}" if parts.fragment else ""
        return canonical(decoded(parts.path)) + query + fragment

    @property
    def value(self) -> str:
        """What the routers find: `<status> <location>`."""
        return f"{self.status} {self.location}"

    @property
    def target_path(self) -> str | None:
        """The decoded path on this site; None when it leads elsewhere."""
        return decoded(urlsplit(self.target).path) if self.target.startswith("/") else None


_IN_QUERY = "%/:?@!$&'()*+,;=~"


def lookup_path(path: str) -> str:
    """Returns the canonical form of a decoded path without its trailing slash: a redirect is meant for both spellings."""
    return canonical(path).rstrip("/") or "/"


def problem_of(redirect: Redirect) -> str | None:
    """Returns what is wrong with a redirect by itself: value, what is allowed, what to do."""
    return (
        _problem_of_source(redirect.source)
        or _problem_of_target(redirect.target)
        or _problem_of_wildcard(redirect)
        or _problem_of_status(redirect.status)
        or _problem_of_size(redirect)
    )


def problems_between(redirects: Sequence[Redirect]) -> list[str]:
    """Returns two redirects of one path, and circles; only redirects without a problem of their own may be given."""
    table = RedirectMap.of(redirects)
    problems = [
        f'redirect from "{redirect.source}": "{first.source}" already leads to "{first.target}"; '
        "a path has one redirect (its trailing slash does not count): remove one"
        for redirect, first in table.twice
    ]
    room = list(_problems_of_room(redirects))
    if not room:  # it bounds the wildcards, each of which may lead to all others
        problems += [f"redirects in a circle, {way}: let one of them lead to a page" for way in circles(table)]
    return [*problems, *room]


def _problems_of_room(redirects: Sequence[Redirect]) -> Iterator[str]:
    allowed = _STORE_BYTES // _TABLES_IN_STORE
    pairs = [(_LONGEST_KEY.format(each.key_path), each.value) for each in redirects if not each.is_wildcard]
    total = _PAIRS_PER_REDIRECT * sum(len(key) + len(value) for key, value in pairs)
    if total > allowed:
        yield (
            f"{len(pairs)} redirects take up to {total:,} bytes of the KeyValueStore; {allowed:,} are allowed, so that those of "
            f"{_TABLES_IN_STORE} releases fit in its 5 MB: remove the oldest"
        )
    lines = "\n".join(f"{each.key_path} {each.value}" for each in redirects if each.is_wildcard)
    if len(lines) > _VALUE_BYTES:
        yield (
            f"the redirects with a wildcard take {len(lines)} bytes and {_VALUE_BYTES} are allowed, because they share one value "
            "of the KeyValueStore: write fewer or shorter ones"
        )


def problems_in_release(redirects: Sequence[Redirect], paths: Iterable[str], style: UrlStyle) -> list[str]:
    """Returns redirects that hide a page of the release or lead to none.

    Args:
        redirects: the site file's.
        paths: of the objects, as `UrlStyle.stored_path` returns them.
        style: the site file's.
    """
    files = {unicodedata.normalize("NFC", path) for path in paths} if redirects else set()
    ordered = sorted(files)
    table = RedirectMap.of(redirects)
    problems = []
    for redirect in redirects:
        hidden = _hidden(redirect, files, ordered, style)
        if hidden is not None:
            problems.append(
                f'redirect from "{redirect.source}": it would hide {hidden}: remove the file or the redirect'
            )
        target = redirect.target_path
        if target is None or redirect.location.endswith(WILDCARD) or table.following(target):
            continue
        if not style.answers(target, files):
            problems.append(
                f'redirect from "{redirect.source}" to "{redirect.target}": the release has no {style.object_path(target)}: '
                "correct the target"
            )
    return problems


def _hidden(redirect: Redirect, files: Set[str], ordered: Sequence[str], style: UrlStyle) -> str | None:
    """Returns a file that nobody would see any more; `ordered` are the files, sorted."""
    if redirect.is_wildcard:
        below = decoded(redirect.source).removesuffix(WILDCARD)[1:]
        return next(iter(_starting_with(below, ordered)), None)
    source = decoded(redirect.source)
    spellings = (source, f"{source.rstrip('/')}/")
    return next((style.object_path(path) for path in spellings if style.answers(path, files)), None)


def notes_on_chains(redirects: Sequence[Redirect]) -> list[str]:
    """Returns redirects whose target is redirected again, which works and costs the viewer a round trip."""
    table = RedirectMap.of(redirects)
    return [
        f'redirect from "{redirect.source}" to "{redirect.target}": that is redirected again, to '
        f'"{following[0].target}": lead there at once'
        for redirect in redirects
        if (target := redirect.target_path) is not None and (following := table.following(target))
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectMap:
    """Redirects as viewers meet them: looked up by path, never one after the other.

    Attributes:
        by_path: canonical path -> redirect, those with a wildcard up to and with the asterisk; the first of each path.
        keys: of `by_path`, sorted.
        places: key -> place in the site file, whose first wildcard that fits is what a viewer gets.
        twice: redirects of a path that an earlier one has already, each with that.
    """

    by_path: Mapping[str, Redirect]
    keys: Sequence[str]
    places: Mapping[str, int]
    twice: Sequence[tuple[Redirect, Redirect]]

    @classmethod
    def of(cls, redirects: Iterable[Redirect]) -> Self:
        """Returns the table of these redirects."""
        by_path: dict[str, Redirect] = {}
        found = [(each, by_path.setdefault(each.key_path, each)) for each in redirects]
        twice = [(each, first) for each, first in found if each is not first]
        return cls(
            by_path=by_path,
            keys=sorted(by_path),
            places={key: place for place, key in enumerate(by_path)},
            twice=twice,
        )

    def following(self, path: str) -> list[Redirect]:
        """Returns the redirects that a viewer may meet who is led to a decoded path; to a last `*`: to anything below it."""
        asked = canonical(path)
        if asked.endswith(f"/{WILDCARD}"):
            start = asked.removesuffix(WILDCARD)
            return self._in_order([*self._around(start.removesuffix("/")), *_starting_with(start, self.keys)])
        exact = self.by_path.get(lookup_path(path))
        return self._in_order(self._around(asked)) if exact is None else [exact]

    def _around(self, asked: str) -> list[str]:
        """Returns the keys of the redirects with a wildcard that means a canonical path."""
        ends = (at for at, sign in enumerate(asked, start=1) if sign == "/")
        return [key for end in ends if (key := f"{asked[:end]}{WILDCARD}") in self.by_path]

    def _in_order(self, keys: Iterable[str]) -> list[Redirect]:
        return [self.by_path[key] for key in sorted(keys, key=self.places.__getitem__)]


def _starting_with(start: str, ordered: Sequence[str]) -> Iterator[str]:
    """Yields what starts with a text, of texts in order."""
    for at in range(bisect_left(ordered, start), len(ordered)):
        if not ordered[at].startswith(start):
            return
        yield ordered[at]


def circles(table: RedirectMap) -> Iterator[str]:
    """Yields each circle once, from its first redirect on.

    A redirect that takes folders off its own path, such as /en/* to /*, is none: the path gets shorter each time.
    """
    done: set[str] = set()
    for start, redirect in table.by_path.items():
        way = {} if start in done else {start: _following(redirect, table)}
        done.add(start)
        while way:
            key = next(reversed(way))
            following = next(way[key], None)
            if following is None:
                way.popitem()  # the last; del would leave its place to be skipped each time
            elif following in way:
                names = list(way)
                yield " -> ".join([*names[names.index(following) :], following])
            elif following not in done:
                done.add(following)
                way[following] = _following(table.by_path[following], table)


def _following(redirect: Redirect, table: RedirectMap) -> Iterator[str]:
    target = redirect.target_path
    for following in [] if target is None else table.following(target):
        if following is not redirect or not _gets_shorter(redirect):
            yield following.key_path


def _gets_shorter(redirect: Redirect) -> bool:
    start, target = redirect.key_path.removesuffix(WILDCARD), redirect.location.removesuffix(WILDCARD)
    return redirect.is_wildcard and target != redirect.location and start != target and start.startswith(target)


def _problem_of_source(source: str) -> str | None:
    if not source.startswith("/") or source.startswith("//") or set("?#") & set(source):
        return "from is a path of this site, such as /old/page, without query or fragment: correct it"
    if "*" in source.removesuffix("/*") or source == "/*":
        return "from has a * as its last name only, below a folder, such as /blog/*: correct it"
    if not _is_decodable(source):
        return "from is percent-encoded UTF-8 without . or .. or empty names: correct it"
    if decoded(source).startswith(FIXED_PREFIXES) or source in ("/health/*", "/errors/*"):
        return f"from is not below {' or '.join(FIXED_PREFIXES)}: those answer from outside the release; choose another path"
    return None


def _problem_of_target(target: str) -> str | None:
    if target.startswith("/") and not target.startswith("//"):
        if not target.isprintable() or not _is_decodable(urlsplit(target).path):
            return "to is percent-encoded UTF-8 without . or .. or empty names: correct it"
        return None
    try:
        parts = urlsplit(target)
        is_web = parts.scheme == "https" and bool(parts.hostname) and parts.netloc.isascii() and parts.username is None
    except ValueError:
        is_web = False
    if not is_web or " " in target or not target.isprintable():
        return "to is a path of this site such as /new/, or an https address in ASCII such as https://example.com/: correct it"
    return None


def _problem_of_wildcard(redirect: Redirect) -> str | None:
    location = redirect.location
    if WILDCARD not in location:
        return None
    if redirect.is_wildcard and location.endswith("/*") and location.count(WILDCARD) == 1:
        return None
    return "to has a * as its last name only, when from has one, such as /articles/*: correct it"


def _problem_of_status(status: int) -> str | None:
    if status in STATUSES:
        return None
    return f"status is one of {', '.join(map(str, STATUSES))}: 301 and 308 are for good, 302 and 307 for now"


def _problem_of_size(redirect: Redirect) -> str | None:
    key, value = _LONGEST_KEY.format(redirect.key_path), redirect.value
    if len(key) > _KEY_BYTES:
        return f"from takes {len(key)} bytes of a KeyValueStore key, percent-encoded, and {_KEY_BYTES} are allowed: shorten it"
    if len(value) > _VALUE_BYTES:
        return f"to takes {len(value)} bytes of a KeyValueStore value and {_VALUE_BYTES} are allowed: shorten it"
    return None


def _is_decodable(path: str) -> bool:
    try:
        names = decoded(path).split("/")[1:]
    except ValueError:
        return False
    return path.isprintable() and not any(name in (".", "..") for name in names) and "" not in names[:-1]
