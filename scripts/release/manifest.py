"""A release as a list of files: what a built folder becomes, before anything is sent.

The release id is a digest of the files, so the same folder always gives the same release.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.errors import WrongUsageError

SCHEMA = 1
RELEASES_PREFIX = "releases/"
MANIFESTS_PREFIX = "control/manifests/"

_HTML_CACHE_CONTROL = "public, max-age=0, s-maxage=31536000, must-revalidate"
"""Browsers revalidate; CloudFront keeps it, because the release is part of the cache key."""
_ASSET_CACHE_CONTROL = "public, max-age=300, s-maxage=31536000"

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_LONGEST_KEY_BYTES = 1024
# One PUT: https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html
_LARGEST_FILE_BYTES = 5 * 1024**3
_WELL_KNOWN = ".well-known"
"""The one hidden name that viewers ask for: https://www.rfc-editor.org/rfc/rfc8615"""
_UNREACHABLE = ("health", "errors")
"""Both routers read /health/ and /errors/ from the bucket itself (functions/router.js, regional_endpoint/handler.py)."""
_RELEASE_META = re.compile(rb'(<meta\s+name="release"\s+content=")[^"]*(")')
_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".webmanifest": "application/manifest+json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFile:
    """One file of a release.

    Attributes:
        path: relative path with `/`, as the viewer asks for it.
        size_bytes: length of what is stored.
        md5: hex digest of what is stored; S3's ETag of a single PUT with SSE-S3
            (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html).
        content_type: value of the header.
        cache_control: value of the header.
    """

    path: str
    size_bytes: int
    md5: str
    content_type: str
    cache_control: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A release: its id and its files, sorted by path."""

    release_id: str
    files: tuple[ReleaseFile, ...]

    @property
    def size_bytes(self) -> int:
        """Sum of all files."""
        return sum(file.size_bytes for file in self.files)

    @property
    def prefix(self) -> str:
        """Key prefix of the release's objects."""
        return f"{RELEASES_PREFIX}{self.release_id}/"

    def to_json(self) -> str:
        """Returns the document that lies in `control/manifests/<id>.json` of both buckets."""
        files = [asdict(file) for file in self.files]
        return json.dumps({"schema": SCHEMA, "release_id": self.release_id, "files": files}, sort_keys=True) + "\n"


def manifest_key(release_id: str) -> str:
    """Returns the key of a release's manifest."""
    return f"{MANIFESTS_PREFIX}{release_id}.json"


def parse_manifest(text: str) -> Manifest:
    """Reads what `Manifest.to_json` wrote.

    Raises:
        ValueError: another schema, or not a manifest.
    """
    document = json.loads(text)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ValueError(f"not a manifest of schema {SCHEMA}")
    files = tuple(ReleaseFile(**file) for file in document["files"])
    return Manifest(release_id=document["release_id"], files=files)


def read_folder(folder: Path) -> Manifest:
    """Reads a built folder.

    Raises:
        WrongUsageError: no such folder, nothing in it, no index.html, or a file that cannot be published; all named.
    """
    if not folder.is_dir():
        raise WrongUsageError(_printable(f"{folder} is not a folder: give the folder of the built site"))
    found = sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    paths = {path.relative_to(folder).as_posix(): path for path in found}
    by_name = {name: _problem_of_name(name) for name in paths}
    problems = [
        problem for name, path in paths.items() if not by_name[name] for problem in _problems(folder, name, path)
    ]
    problems += dict.fromkeys(
        problem for problem in by_name.values() if problem
    )  # one line for a folder, not one a file
    if "index.html" not in paths:
        problems.append("index.html is missing: the site would answer 404 at /")
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise WrongUsageError(_printable(f"{folder} cannot be published:\n{listed}"))
    sources = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in sorted(paths.items())}
    release_id = hashlib.sha256(json.dumps(sources, sort_keys=True).encode()).hexdigest()[:16]
    return Manifest(
        release_id=release_id,
        files=tuple(_describe(name, stored_bytes(path, release_id)) for name, path in sorted(paths.items())),
    )


def stored_bytes(path: Path, release_id: str) -> bytes:
    """Returns what is stored for a file: HTML gets the release id in `<meta name="release" content="...">`."""
    content = path.read_bytes()
    if path.suffix not in (".html", ".htm"):
        return content
    return _RELEASE_META.sub(rb"\g<1>" + release_id.encode() + rb"\g<2>", content)


def _describe(name: str, content: bytes) -> ReleaseFile:
    suffix = Path(name).suffix.lower()
    content_type = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    is_text = content_type.startswith("text/") or content_type in ("application/json", "image/svg+xml")
    return ReleaseFile(
        path=name,
        size_bytes=len(content),
        md5=hashlib.md5(content, usedforsecurity=False).hexdigest(),
        content_type=f"{content_type}; charset=utf-8" if is_text else content_type,
        cache_control=_HTML_CACHE_CONTROL if suffix == ".html" else _ASSET_CACHE_CONTROL,
    )


def _problem_of_name(name: str) -> str | None:
    """Returns why nothing of this name is published; the same text for all files of a refused folder."""
    parts = name.split("/")
    hidden = [index for index, part in enumerate(parts) if part.startswith(".") and part != _WELL_KNOWN]
    if hidden:
        top = "/".join(parts[: hidden[0] + 1])
        return f"{top}: a hidden file or folder, often with secrets in it; only {_WELL_KNOWN} is published: take it out"
    if parts[0] in _UNREACHABLE and len(parts) > 1:
        return f"{parts[0]}/: /{parts[0]}/ answers from outside the release, so that nobody could see it: rename the folder"
    if _printable(name) != name:
        return f"{name}: its name is not UTF-8, and S3's keys are: rename it"
    return None


def _printable(text: str) -> str:
    """Returns `text` with an escape for each byte of a file name that is not UTF-8: no terminal takes them as they are."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _problems(folder: Path, name: str, path: Path) -> list[str]:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: Python up to 3.12 says so when a link leads to itself
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return [f"{name}: {reason}: remove the link or restore what it points at"]
    if not target.is_relative_to(folder.resolve()):
        return [f"{name}: a link to {target}, outside the folder: copy the file in"]
    if target.is_dir():
        return [
            f"{name}: a link to the folder {target}, and S3 has no links: copy the folder there, or remove the link"
        ]
    if not target.is_file():
        return [f"{name}: neither a file nor a folder: remove it"]
    longest = len(f"{RELEASES_PREFIX}{'0' * 16}/{name}".encode())
    problems = []
    if longest > _LONGEST_KEY_BYTES:
        problems.append(f"{name}: its key has {longest} bytes, S3 allows {_LONGEST_KEY_BYTES}: shorten the path")
    if path.stat().st_size > _LARGEST_FILE_BYTES:
        problems.append(f"{name}: {path.stat().st_size} bytes, one PUT holds 5 GiB: split it")
    return problems
