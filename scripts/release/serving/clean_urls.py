"""From the address that a viewer asks for to the file of the release that answers it.

The same words for the router function, the regional endpoint and the build's link check. An address is taken apart into names;
each is percent-decoded, NFC, and compared as such; `canonical` writes it back the one way that both routers can compute:
`encodeURIComponent` of each decoded name (ECMA-262, https://tc39.es/ecma262/#sec-encodeuricomponent-uricomponent).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, unquote_to_bytes

FIXED_PREFIXES = ("/health/", "/errors/")
"""Answered from the bucket itself, outside every release, by both routers."""

WHY_FIXED = {
    "health": "Route 53's health checks ask there whether a region serves, whatever is published",
    "errors": "CloudFront takes the page of a 404 from there, whatever release the viewer has",
}
"""Folder -> why a release cannot have it."""


def problem_of_fixed(name: str) -> str | None:
    """Returns why no file may have this relative path, if it lies where both routers answer from outside the release."""
    top, slash, _ = name.partition("/")
    if not slash or top not in WHY_FIXED:
        return None
    return (
        f"{top}/: /{top}/ answers from outside the release, so that nobody could see it: {WHY_FIXED[top]}. Rename the folder; a "
        f"[[content.redirect]] cannot start there either"
    )


_SPELLED_AS_ASKED = (*FIXED_PREFIXES, "/.well-known/", "//")
"""Never redirected to their other spelling: well-known names are asked for by programs, some of which follow no redirect, and
//example/ without its last slash would be the address of another host (https://www.rfc-editor.org/rfc/rfc3986#section-4.2).
"""

_UNENCODED = "-_.!~*'()"
"""What encodeURIComponent leaves as it is, beside letters and digits."""
_CANONICAL = re.compile(rf"[A-Za-z0-9/{re.escape(_UNENCODED)}]*")
"""Most paths: what need not be encoded is not taken apart, of which thousands of redirects would take seconds."""


class CleanUrls(StrEnum):
    """Which file answers /about.

    FOLDER: about/index.html. FILE: about.html. OFF: a file called about.
    """

    FOLDER = "folder"
    FILE = "file"
    OFF = "off"


class TrailingSlash(StrEnum):
    """What happens to the other spelling of a page's address: nothing, or one is redirected to the other with 301."""

    ANY = "any"
    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlStyle:
    """How addresses become files. The defaults are what the routers do without any setting.

    Args:
        clean_urls: which file answers an address without an extension.
        trailing_slash: which spelling of a page's address is the one that answers.
    """

    clean_urls: CleanUrls = CleanUrls.FOLDER
    trailing_slash: TrailingSlash = TrailingSlash.ANY

    def object_path(self, path: str) -> str:
        """Returns the file, relative and decoded, that answers an address's decoded path (which starts with `/`)."""
        if path.endswith("/"):
            return f"{path}index.html"[1:]
        if self.clean_urls is CleanUrls.OFF or "." in path.rsplit("/", 1)[-1]:
            return path[1:]
        return f"{path}/index.html"[1:] if self.clean_urls is CleanUrls.FOLDER else f"{path}.html"[1:]

    def stored_path(self, name: str) -> str:
        """Returns where a file lies so that its own name is its address: a name without a dot is asked for like a page."""
        return self.object_path(f"/{name}")

    def addresses_of(self, name: str, files: Container[str] = ()) -> list[str]:
        """Returns every path under which a file is stored, the first of them its own.

        A page whose clean URL has a dot, such as /docs/1.0 of docs/1.0/index.html, looks like a file to the routers, so it is
        stored as that too. A name that Unicode can write in two forms is stored in both: a Mac writes one into names, and pages
        link to either (https://www.unicode.org/reports/tr15/).

        Args:
            name: relative path in the folder.
            files: all of them; what one has as its own name is no other's.
        """
        own = self.stored_path(name)
        paths = [own, *([alias] if (alias := self._dotted_address(own)) is not None else [])]
        forms = [unicodedata.normalize(form, path) for path in paths for form in ("NFC", "NFD")]
        return list(dict.fromkeys([own, *(path for path in (*paths, *forms) if path not in files)]))

    def _dotted_address(self, path: str) -> str | None:
        """Returns the clean URL of a page, without its slash, if the routers would take it for a file's name."""
        end = {CleanUrls.FOLDER: "/index.html", CleanUrls.FILE: ".html"}.get(self.clean_urls)
        address = path.removesuffix(end) if end is not None and path.endswith(end) else ""
        return address if "." in address.rsplit("/", 1)[-1] else None

    def other_spelling(self, path: str) -> str | None:
        """Returns where an address is redirected because of its trailing slash; None when it answers as it is."""
        is_page = "." not in path.rstrip("/").rsplit("/", 1)[-1]
        if path == "/" or not is_page or path.startswith(_SPELLED_AS_ASKED):
            return None
        if self.trailing_slash is TrailingSlash.ADD and not path.endswith("/"):
            return f"{path}/"
        if self.trailing_slash is TrailingSlash.REMOVE and path.endswith("/"):
            return path.rstrip("/")
        return None

    def answers(self, path: str, files: Container[str]) -> bool:
        """Returns whether a viewer who asks for a decoded path gets a page or file of these, also after a redirect."""
        if path.startswith(FIXED_PREFIXES):
            return True
        found = self.object_path(self.other_spelling(path) or path)
        is_dotted = found == path[1:] and self.clean_urls is not CleanUrls.OFF
        return found in files or (is_dotted and self._page_at(found) in files)

    def _page_at(self, address: str) -> str:
        """Returns the page that a clean URL with a dot means, see `addresses_of`; an address without one is not asked for."""
        return f"{address}/index.html" if self.clean_urls is CleanUrls.FOLDER else f"{address}.html"


def decoded(path: str) -> str:
    """Returns a path of an address with its percent-encoding undone, NFC.

    Raises:
        ValueError: what it encodes is not UTF-8, or it encodes a `/` or a NUL, which no file can have.
    """
    if "%" not in path and path.isascii():
        if "\0" in path:
            raise ValueError("an encoded / or NUL")
        return path
    names = [unquote_to_bytes(name).decode("utf-8") for name in path.split("/")]
    if any("/" in name or "\0" in name for name in names):
        raise ValueError("an encoded / or NUL")
    return unicodedata.normalize("NFC", "/".join(names))


def canonical(path: str) -> str:
    """Returns a decoded path as it stands in an address: the one spelling by which routers look it up."""
    if _CANONICAL.fullmatch(path) is not None:
        return path
    return "/".join(quote(name, safe=_UNENCODED) for name in path.split("/"))
