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
        return self.object_path(self.other_spelling(path) or path) in files


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
