"""From what a page or style sheet writes to the file of the site that it means."""

from __future__ import annotations

import difflib
import os
import posixpath
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urljoin, urlsplit

from scripts.release.serving.clean_urls import UrlStyle, canonical, decoded
from scripts.release.serving.redirects import lookup_path
from scripts.site_build.references import Reference

_ORIGIN = "https://site.invalid"
"""Stands for the site while addresses are put together: RFC 6761 keeps .invalid free."""


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
    whole = urlsplit(urljoin(f"{_ORIGIN}{canonical(base)}", url))
    if f"{whole.scheme}://{whole.netloc}" != _ORIGIN:
        return None
    return Address(path=decoded(whole.path or "/"), fragment=unquote(whole.fragment))


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What a reference may lead to.

    Args:
        files: paths of all files of the site.
        style: clean URLs.
        redirected: canonical paths that a redirect answers.
        ids: page -> targets of fragments in it.
    """

    files: Collection[str]
    style: UrlStyle
    redirected: Collection[str]
    ids: Mapping[str, Collection[str]]

    def problem(self, reference: Reference, base: str) -> str | None:
        """Returns why a reference leads nowhere."""
        try:
            address = resolve(reference.url, base)
        except ValueError as error:
            return f'"{reference.url}" is no address ({error}): correct it'
        if address is None or lookup_path(address.path) in self.redirected:
            return None
        if not self.style.answers(address.path, self.files):
            return f'"{reference.url}" leads to nothing: {self._remedy(address.path)}'
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
        if f"{path[1:]}/index.html" in self.files:
            return f"write {path}/"
        near = difflib.get_close_matches(wanted, sorted(self.files), n=1, cutoff=0.7)
        return f"there is no {wanted}" + (f"; did you mean {near[0]}?" if near else "; correct it or remove the link")


def renamed(url: str, new_path: str) -> str:
    """Returns `url` with its file's name replaced by that of `new_path`; relative stays relative."""
    parts = urlsplit(url)
    folder = posixpath.dirname(parts.path)
    name = quote(os.path.basename(new_path), safe="-_.!~*'(),;=@$&")  # noqa: PTH119  (a path of a URL)
    path = f"{folder.rstrip('/')}/{name}" if folder else name
    return parts._replace(path=path).geturl()
