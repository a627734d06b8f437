"""From what a page or style sheet writes to the file of the site that it means."""

from __future__ import annotations

import difflib
import os
import posixpath
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urljoin, urlsplit

from scripts.release.serving.clean_urls import UrlStyle, canonical, decoded
from scripts.release.serving.redirects import lookup_path
from scripts.site_build.references import Reference

_ORIGIN = "https://site.invalid"
"""Stands for the site while addresses are put together: RFC 6761 keeps .invalid free."""


# What most links are: read without urllib, which takes 30 us for each of the 40,000 links of 500 pages.
_PLAIN = re.compile(r"(?!.*//)[A-Za-z0-9_./-]*(?:#[A-Za-z0-9_.-]*)?")
_SUGGESTIONS = 10
"""A suggestion compares a path with every file; a site with hundreds of dead links is told of their kind by the first ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address on this site: decoded path, and fragment."""

    path: str
    fragment: str


def resolve(url: str, base: str) -> Address | None:
    """Returns the address that `url` means on the page at `base`; None when it leads out of the site.

    Raises:
        ValueError: no address, or not percent-encoded UTF-8.
    """
    if _PLAIN.fullmatch(url) is not None:
        path, _, fragment = url.partition("#")
        return Address(path=_joined(base, path) if path else base, fragment=fragment)
    whole = urlsplit(urljoin(f"{_ORIGIN}{canonical(base)}", url))
    if f"{whole.scheme}://{whole.netloc}" != _ORIGIN:
        return None
    return Address(path=decoded(whole.path or "/"), fragment=unquote(whole.fragment))


def path_of(url: str, base: str) -> str:
    """Returns the relative path of this site that `url` means; empty when it leads elsewhere or is no address."""
    try:
        address = resolve(url, base)
    except ValueError:
        return ""
    return "" if address is None else address.path[1:]


def _joined(base: str, path: str) -> str:
    """Returns a plain path, absolute or relative to the page at `base`, without its dots (RFC 3986 section 5.2.4)."""
    names = (path if path.startswith("/") else base[: base.rindex("/") + 1] + path).split("/")[1:]
    if "." not in names and ".." not in names:
        return f"/{'/'.join(names)}"
    kept: list[str] = []
    for name in names:
        if name == "..":
            del kept[-1:]
        elif name != ".":
            kept.append(name)
    if names[-1] in (".", ".."):
        kept.append("")
    return f"/{'/'.join(kept)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What a reference may lead to.

    Args:
        files: paths of all files of the site.
        style: clean URLs.
        redirected: canonical paths that a redirect answers.
        ids: page -> targets of fragments in it.
        has_fallback: whether a page answers for addresses of pages that the site lacks.
    """

    files: Collection[str]
    style: UrlStyle
    redirected: Collection[str]
    ids: Mapping[str, Collection[str]]
    has_fallback: bool = False
    _dead: dict[str, str] = field(default_factory=dict)
    """Path -> what to do about it, of the paths that were asked for and lead to nothing."""

    def problem(self, reference: Reference, base: str) -> str | None:
        """Returns why a reference leads nowhere."""
        try:
            address = resolve(reference.url, base)
        except ValueError as error:
            return f'"{reference.url}" is no address ({error}): correct it'
        if address is None or (self.redirected and lookup_path(address.path) in self.redirected):
            return None
        if self.has_fallback and "." not in address.path.rsplit("/", 1)[-1]:
            return None
        if not self.style.answers(address.path, self.files):
            if address.path not in self._dead:
                self._dead[address.path] = self._remedy(address.path)
            return f'"{reference.url}" leads to nothing: {self._dead[address.path]}'
        return self._problem_of_fragment(reference.url, address)

    def _problem_of_fragment(self, url: str, address: Address) -> str | None:
        page = self.style.object_path(self.style.other_spelling(address.path) or address.path)
        wanted = address.fragment
        # https://html.spec.whatwg.org/multipage/browsing-the-web.html#find-a-potential-indicated-element
        if not wanted or wanted.lower() == "top" or wanted.startswith(":~:") or page not in self.ids:
            return None
        if wanted in self.ids[page]:
            return None
        return f'"{url}": {page} has no element with id "{wanted}": correct the fragment or add the id'

    def _remedy(self, path: str) -> str:
        wanted = self.style.object_path(path)
        near = (
            difflib.get_close_matches(wanted, sorted(self.files), n=1, cutoff=0.7)
            if len(self._dead) < _SUGGESTIONS
            else []
        )
        return f"there is no {wanted}" + (f"; did you mean {near[0]}?" if near else "; correct it or remove the link")


def renamed(url: str, new_path: str) -> str:
    """Returns `url` with its file's name replaced by that of `new_path`; relative stays relative."""
    parts = urlsplit(url)
    folder = posixpath.dirname(parts.path)
    name = quote(os.path.basename(new_path), safe="-_.!~*'(),;=@$&")  # noqa: PTH119  (a path of a URL)
    path = f"{folder.rstrip('/')}/{name}" if folder else name
    return parts._replace(path=path).geturl()
