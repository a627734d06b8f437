"""Which files get a hash of their content in the name, and what the references to them become.

A file is renamed when pages or style sheets load it and nothing that is not rewritten can know its name: no script, feed or data
file mentions it, no page links to it. Such a file may be kept for ever by browsers; all others keep their names.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from scripts.release.serving.file_rules import is_fingerprinted
from scripts.site_build.addresses import path_of, renamed
from scripts.site_build.findings import Finding
from scripts.site_build.references import PageFacts, Reference, rewritten

_DIGITS = 16
_RENAMED = frozenset({
    ".css", ".js", ".mjs", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg", ".ico", ".woff", ".woff2", ".ttf", ".otf",
    ".mp3", ".ogg", ".wav", ".mp4", ".webm", ".vtt",
})  # fmt: skip
_MENTIONING = frozenset({".js", ".mjs", ".json", ".xml", ".txt", ".rss", ".atom", ".svg", ".map"})
_WORD = re.compile(r"[\w.~@-]+")
"""In a text a name of these signs alone stands as a word; of another name every occurrence counts."""


class Fingerprints:
    """The names of one site's files, worked out from the leaves up: a style sheet's hash covers the names of its images.

    Attributes:
        files: path -> content of every file but the pages, under the new names and with rewritten references.
        findings: style sheets that import each other in a circle.
    """

    def __init__(
        self, assets: Mapping[str, bytes], pages: Mapping[str, PageFacts], sheets: Mapping[str, list[Reference]]
    ) -> None:
        self.findings: list[Finding] = []
        self._assets = assets
        self._sheets = sheets
        self._renamed = _loaded(pages, sheets) & set(assets) - _known_elsewhere(assets, pages)
        self._contents: dict[str, bytes] = {}
        self._names: dict[str, str] = {}
        self._under_way: list[str] = []
        self.files = {self._name(path): self._contents[path] for path in assets}

    def new_url(self, url: str, base: str) -> str:
        """Returns what a reference at the address `base` is rewritten to."""
        path = path_of(url, base)
        return url if path not in self._assets or self._name(path) == path else renamed(url, self._name(path))

    def _name(self, path: str) -> str:
        if path in self._under_way:
            circle = " -> ".join([*self._under_way[self._under_way.index(path) :], path])
            self.findings.append(
                Finding(path=path, message=f"style sheets import each other, {circle}: take one import out")
            )
            return path
        if path not in self._names:
            self._under_way.append(path)
            content = self._content(path)
            self._under_way.pop()
            self._contents[path] = content
            self._names[path] = _with_hash(path, content) if self._is_renamed(path) else path
        return self._names[path]

    def _is_renamed(self, path: str) -> bool:
        return path in self._renamed and PurePosixPath(path).suffix.lower() in _RENAMED and not is_fingerprinted(path)

    def _content(self, path: str) -> bytes:
        if path in self._sheets:
            text = self._assets[path].decode("utf-8")
            return rewritten(text, self._sheets[path], lambda url: self.new_url(url, f"/{path}")).encode()
        if path.endswith(".webmanifest"):
            return self._manifest(path)
        return self._assets[path]

    def _manifest(self, path: str) -> bytes:
        """Returns a web app manifest with its icons' new names: https://www.w3.org/TR/appmanifest/#icons-member."""
        try:
            document = json.loads(self._assets[path])
        except ValueError:
            return self._assets[path]
        if not isinstance(document, dict):
            return self._assets[path]
        for icon in icons_of(document):
            icon["src"] = self.new_url(icon["src"], f"/{path}")
        return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def icons_of(document: Mapping[str, object]) -> list[dict[str, str]]:
    """Returns the image objects of a web app manifest that name a file."""
    lists = [document.get("icons"), document.get("screenshots")]
    images = [image for images in lists if isinstance(images, list) for image in images]
    return [image for image in images if isinstance(image, dict) and isinstance(image.get("src"), str)]


def _loaded(pages: Mapping[str, PageFacts], sheets: Mapping[str, Iterable[Reference]]) -> set[str]:
    by_owner = {**{path: facts.references for path, facts in pages.items()}, **sheets}
    return {
        path_of(reference.url, f"/{owner}")
        for owner, references in by_owner.items()
        for reference in references
        if reference.is_part
    }


def _known_elsewhere(assets: Mapping[str, bytes], pages: Mapping[str, PageFacts]) -> set[str]:
    by_name: dict[str, list[str]] = defaultdict(list)
    for path in assets:
        by_name[PurePosixPath(path).name].append(path)
    odd = [name for name in by_name if _WORD.fullmatch(name) is None]
    names: set[str] = set()
    for path, content in assets.items():
        if PurePosixPath(path).suffix.lower() in _MENTIONING:
            text = content.decode("utf-8", "replace")
            text = unquote(text) if "%" in text else text
            names.update(word.rstrip(".-") for word in set(_WORD.findall(text)))
            names.update(name for name in odd if name in text)
    linked = set()
    for owner, facts in pages.items():
        linked |= {path_of(found.url, f"/{owner}") for found in facts.references if not found.is_part}
        names |= {PurePosixPath(unquote(urlsplit(url).path)).name for url in facts.shared_urls}
    return {path for name in names & by_name.keys() for path in by_name[name]} | (linked & assets.keys())


def _with_hash(path: str, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    pure = PurePosixPath(path)
    names = (
        str(pure.with_name(f"{pure.stem}.{digest[at : at + _DIGITS]}{pure.suffix}"))
        for at in range(len(digest) - _DIGITS)
    )
    return next(
        name for name in names if is_fingerprinted(name)
    )  # the first has a letter and a digit, 2,000 times in 2,001
