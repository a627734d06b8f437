"""A built folder as a release, before anything is sent.

The release id is a digest of the files and their headers, so the same folder always gives the same release, and an object under
`releases/<id>/` is always the same object.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Self

from scripts.errors import WrongUsageError
from scripts.release.digests import RELEASE_META, Digesting, FileDigest, ScannedFile, followed, is_page
from scripts.release.folder_problems import printable, refuse_problems
from scripts.release.manifest import Manifest, ReleaseFile
from scripts.release.serving.charsets import UTF8
from scripts.release.serving.file_rules import ContentRules, Contents, StoredFile, describe
from scripts.release.serving.index import INCREMENT_CHARACTERS
from scripts.release.serving.path_patterns import PathPattern, any_of
from scripts.release.serving.url_rules import UrlRules, url_rules
from scripts.release.serving.variant_contents import VARIANT_SUFFIXES, base_by_name

_USUAL_RULES = ContentRules()
_USUAL_URLS = UrlRules()
_FILES_PER_PART = 1000


class FolderReading:
    """A built folder that is read while something else is done: by other processes, where the folder is large.

    Args:
        folder: the built site.
        cache: where the digests of this folder are remembered (digests.cache_file); None: every file is read.
        rules: the site file's `[content]`, which decides headers, addresses and redirects. Default: what a site file without it
            means.

    Raises:
        WrongUsageError: no such folder, nothing in it, no index.html, a file that cannot be published, or a redirect that hides
            one or leads to none; all named. Or a file that went meanwhile.
    """

    def __init__(self, folder: Path, *, cache: Path | None = None, rules: ContentRules = _USUAL_RULES) -> None:
        self.folder, self._rules = folder, rules
        if not folder.is_dir():
            raise WrongUsageError(printable(f"{folder} is not a folder: give the folder of the built site"))
        with _named_when_gone(folder):
            entries = _entries(folder, rules.ignored)
            refuse_problems(folder, entries, rules)
            files = [followed(name, entry) for name, entry in entries.items()]
            self._digesting = Digesting(folder, files, cache)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._digesting.__exit__(kind, error, traceback)

    def manifest(self) -> Manifest:
        """Waits until all is read; returns the folder as a release of its own, with every file in its own increment.

        Raises:
            WrongUsageError: a file went or changed meanwhile.
        """
        folder, rules = self.folder, self._rules
        with _named_when_gone(folder):
            digests = self._digesting.result()
            contents = _contents(digests)
            described = {name: describe(name, rules, digests, contents) for name in digests}
            urls = url_rules(rules.style, rules.redirects, rules.fallback)
            addresses = {name: rules.style.addresses_of(name, digests) for name in digests}
            more_paths = [each for paths in addresses.values() for each in paths[1:]]
            release_id = _release_id(digests, described, urls, more_paths)
            files = [_described(name, folder, digest, described[name], release_id) for name, digest in digests.items()]
        stored = {path: _at(file, path) for file in files for path in addresses[file.path]}
        return Manifest(
            release_id=release_id, base=None, files=tuple(file for _, file in sorted(stored.items())), urls=urls
        )


def read_folder(folder: Path, *, cache: Path | None = None, rules: ContentRules = _USUAL_RULES) -> Manifest:
    """Reads a built folder as a release; arguments and refusals as for `FolderReading`."""
    with FolderReading(folder, cache=cache, rules=rules) as reading:
        return reading.manifest()


@contextmanager
def _named_when_gone(folder: Path) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise _changing(folder, f"{error.filename} went") from error


def _contents(digests: Mapping[str, FileDigest]) -> Contents:
    """Returns what of the files' contents decides their headers. A stamped page is stored otherwise than it was compressed."""
    suffixed = ((name, digests[name], base_by_name(name)) for name in digests if name.endswith(tuple(VARIANT_SUFFIXES)))
    strangers = {
        name
        for name, digest, base in suffixed
        if base is not None
        and base in digests
        and (digests[base].is_stamped or digest.inner_sha256 != digests[base].sha256)
    }
    charsets = {name: digest.charset for name, digest in digests.items() if digest.charset != UTF8}
    return Contents(charsets=charsets, no_variants=strangers)


def _release_id(
    digests: Mapping[str, FileDigest], described: Mapping[str, StoredFile], urls: UrlRules, more_paths: Sequence[str]
) -> str:
    """Returns the digest of everything that decides what is stored and answered; few files are stored under more paths."""
    found = hashlib.sha256(b"{")
    names = sorted(digests)
    # The text of one JSON object, a part at a time.
    for start in range(0, len(names), _FILES_PER_PART):
        part = {
            name: [digests[name].sha256, *_headers(described[name])] for name in names[start : start + _FILES_PER_PART]
        }
        found.update((", " if start else "").encode() + json.dumps(part)[1:-1].encode())
    found.update(b"}")
    if urls != _USUAL_URLS:
        found.update(json.dumps(urls.to_document()).encode())
    if more_paths:
        found.update(json.dumps(sorted(more_paths)).encode())
    return found.hexdigest()[:INCREMENT_CHARACTERS]


def _at(file: ReleaseFile, path: str) -> ReleaseFile:
    """Returns a file of the folder where the routers look for it, which is most often its name."""
    return file if path == file.path else replace(file, path=path, source=file.path)


def _entries(folder: Path, ignored: Sequence[PathPattern]) -> dict[str, ScannedFile | os.DirEntry[str]]:
    """Returns relative name -> everything that is no folder and not ignored, sorted; a link is what the folder has there.

    What the folder has of all files would be a tenth of a gigabyte of a large site.
    """
    is_ignored = any_of(ignored)
    found: list[tuple[str, ScannedFile | os.DirEntry[str]]] = []
    folders = [(str(folder), "")]
    for path, prefix in folders:  # grows meanwhile
        with os.scandir(path) as inside:
            for entry in inside:
                name = f"{prefix}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    folders.append((entry.path, f"{name}/"))
                else:
                    if not is_ignored(name):
                        found.append((name, entry if entry.is_symlink() else ScannedFile.of(name, entry.stat())))
    return dict(sorted(found, key=itemgetter(0)))


def stored_bytes(path: Path, release_id: str) -> bytes:
    """Returns what is stored for a file: a page gets the release id in `<meta name="release" content="...">`."""
    content = path.read_bytes()
    return _stamped(content, release_id) if is_page(path.name) else content


def _stamped(content: bytes, release_id: str) -> bytes:
    return RELEASE_META.sub(rb'\g<1>"' + release_id.encode() + b'"', content)


def _changing(folder: Path, what: str) -> WrongUsageError:
    return WrongUsageError(printable(f"{what} while {folder} was read: let the build finish, then run it again"))


def _described(name: str, folder: Path, digest: FileDigest, stored: StoredFile, release_id: str) -> ReleaseFile:
    size_bytes, md5 = digest.size_bytes, digest.md5
    if digest.is_stamped:
        content = (folder / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != digest.sha256:  # the release id is of what was there before
            raise _changing(folder, f"{folder / name} changed")
        content = _stamped(content, release_id)
        size_bytes, md5 = len(content), hashlib.md5(content, usedforsecurity=False).hexdigest()
    return ReleaseFile(
        path=name,
        increment=release_id,
        size_bytes=size_bytes,
        md5=md5,
        content_type=stored.content_type,
        cache_control=stored.cache_control,
        content_encoding=stored.content_encoding,
        is_stamped=digest.is_stamped,
    )


def _headers(stored: StoredFile) -> tuple[str | None, ...]:
    return (stored.content_type, stored.cache_control, stored.content_encoding)
