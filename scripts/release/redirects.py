"""Redirects of the site file: what is refused, and how they reach the routers.

A router function sees nothing but its KeyValueStore: values of at most 1 KB under keys of at most 512 bytes, 50 keys or 3 MB a
write, 5 MB in all (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/kvs-with-functions.html,
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html). So each redirect is one pair,

    redirect/<release id><canonical path without trailing slash>    ->    <status> <location>

written before the switch and named after its release: the switch stays one write, a rollback finds its own redirects, and `prune`
deletes the pairs with the release. `get` throws on an absent key, which means: no redirect. A release without any should say
so in the routing value, so that no viewer pays for the second read. The regional endpoint takes the same pairs from the manifest.
Both answer with `Cache-Control: public, max-age=300`, so that even a 301 can be taken back, and add the viewer's query string
to a location that has none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from scripts.release.clean_urls import FIXED_PREFIXES, UrlStyle, canonical, decoded

STATUSES = (301, 302, 307, 308)
CACHE_CONTROL = "public, max-age=300"
KEYS_PER_WRITE = 50
BYTES_PER_WRITE = 3 * 1024 * 1024

_KEY_BYTES = 512
_VALUE_BYTES = 1024
_STORE_BYTES = 5 * 1024 * 1024
_RELEASES_IN_STORE = 3
"""The active one, the previous one for a rollback, and the next one before its switch."""
_ID_CHARACTERS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """One redirect.

    Args:
        source: path as it stands in the site file, starting with `/`; with and without a trailing slash are the same.
        target: path of this site, with query and fragment if wanted, or an https address of another.
        status: 301, 302, 307 or 308.
    """

    source: str
    target: str
    status: int = 301

    @property
    def key_path(self) -> str:
        """The canonical path by which routers look it up."""
        return lookup_path(decoded(self.source))

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
        or _problem_of_status(redirect.status)
        or _problem_of_size(redirect)
    )


def problems_between(redirects: Sequence[Redirect]) -> list[str]:
    """Returns two redirects of one path, and circles; only redirects without a problem of their own may be given."""
    by_path: dict[str, Redirect] = {}
    problems = []
    for redirect in redirects:
        if redirect.key_path in by_path:
            first = by_path[redirect.key_path]
            problems.append(
                f'redirect from "{redirect.source}": "{first.source}" already leads to "{first.target}"; '
                "a path has one redirect (its trailing slash does not count): remove one"
            )
        else:
            by_path[redirect.key_path] = redirect
    problems += [f"redirects in a circle, {way}: let one of them lead to a page" for way in _circles(by_path)]
    total = sum(len(key) + len(value) for key, value in entries(redirects, "0" * _ID_CHARACTERS).items())
    if total > _STORE_BYTES // _RELEASES_IN_STORE:
        problems.append(
            f"{len(redirects)} redirects take {total:,} bytes of the KeyValueStore; {_STORE_BYTES // _RELEASES_IN_STORE:,} are "
            f"allowed, so that {_RELEASES_IN_STORE} releases fit in its 5 MB: remove the oldest"
        )
    return problems


def problems_in_release(redirects: Sequence[Redirect], paths: Iterable[str], style: UrlStyle) -> list[str]:
    """Returns redirects that hide a page of the release or lead to none."""
    files = {unicodedata.normalize("NFC", path) for path in paths}
    by_path = {redirect.key_path: redirect for redirect in redirects}
    problems = []
    for redirect in redirects:
        source = decoded(redirect.source)
        hidden = next((path for path in (source, f"{source.rstrip('/')}/") if style.answers(path, files)), None)
        if hidden is not None:
            problems.append(
                f'redirect from "{redirect.source}": it would hide {style.object_path(hidden)}: remove the file or the redirect'
            )
        target = redirect.target_path
        if target is not None and lookup_path(target) not in by_path and not style.answers(target, files):
            problems.append(
                f'redirect from "{redirect.source}" to "{redirect.target}": the release has no {style.object_path(target)}: '
                "correct the target"
            )
    return problems


def notes_on_chains(redirects: Sequence[Redirect]) -> list[str]:
    """Returns redirects whose target is redirected again, which works and costs the viewer a round trip."""
    by_path = {redirect.key_path: redirect for redirect in redirects}
    return [
        f'redirect from "{redirect.source}" to "{redirect.target}": that is redirected again, to '
        f'"{by_path[lookup_path(target)].target}": lead there at once'
        for redirect in redirects
        if (target := redirect.target_path) is not None and lookup_path(target) in by_path
    ]


def entries(redirects: Sequence[Redirect], release_id: str) -> dict[str, str]:
    """Returns KeyValueStore key -> value of a release's redirects."""
    return {
        f"redirect/{release_id}{redirect.key_path}": f"{redirect.status} {redirect.location}" for redirect in redirects
    }


def writes(pairs: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yields the pairs in portions that one UpdateKeys takes."""
    portion: dict[str, str] = {}
    size_bytes = 0
    for key, value in pairs.items():
        pair_bytes = len(key.encode()) + len(value.encode())
        if portion and (len(portion) == KEYS_PER_WRITE or size_bytes + pair_bytes > BYTES_PER_WRITE):
            yield portion
            portion, size_bytes = {}, 0
        portion[key] = value
        size_bytes += pair_bytes
    if portion:
        yield portion


def _circles(by_path: Mapping[str, Redirect]) -> Iterator[str]:
    """Yields each circle once, from its first redirect on."""
    done: set[str] = set()
    for start in by_path:
        way: list[str] = []
        path: str | None = start
        while path is not None and path in by_path and path not in done:
            done.add(path)
            way.append(path)
            target = by_path[path].target_path
            path = None if target is None else lookup_path(target)
        if path is not None and path in way:
            yield " -> ".join([*way[way.index(path) :], path])


def _problem_of_source(source: str) -> str | None:
    if not source.startswith("/") or source.startswith("//") or set("?#") & set(source):
        return "from is a path of this site, such as /old/page, without query or fragment: correct it"
    if "*" in source:
        return "from is one path, and * is not a wildcard here: write a redirect for each page"
    if not _is_decodable(source):
        return "from is percent-encoded UTF-8 without . or .. or empty names: correct it"
    if decoded(source).startswith(FIXED_PREFIXES):
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


def _problem_of_status(status: int) -> str | None:
    if status in STATUSES:
        return None
    return f"status is one of {', '.join(map(str, STATUSES))}: 301 and 308 are for good, 302 and 307 for now"


def _problem_of_size(redirect: Redirect) -> str | None:
    ((key, value),) = entries([redirect], "0" * _ID_CHARACTERS).items()
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
