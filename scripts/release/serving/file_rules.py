"""Per-file rules: from a path of a release to the headers it is stored with. Pure; nothing here reads a file or a bucket.

    rules = parse_content(document)             # content_settings.py: Terraform's output `content`, or the TOML's table
    stored = describe(path, rules, files)       # content type, cache control, content encoding, whose variant
    check_release(rules, {path: size_bytes})    # problems (refuse to publish) and notes (say them)

**Settings.** `[[content.rule]]` has a `pattern` (path_patterns.py) and settings. A file takes each setting from the last rule
that matches it and gives that setting, as in gitattributes: the general first, exceptions after. What no rule gives is decided
by the name: a fingerprinted file is immutable, a page is revalidated, the rest is kept five minutes.

**Precompressed variants.** `app.css.br` beside `app.css` is that file's variant if it holds that very file: same content type
and cache control, and `Content-Encoding: br`. A rule that gives `content_type` or `content_encoding` for `*.css.br` makes it a
file of its own. Routers choose variants by extension (variants.py), and `failover build` makes them for all files of an extension
or for none. Pages are stamped with the release id while publishing, so they have no variants: CloudFront compresses them itself.

**Redirects and clean URLs**: redirects.py and clean_urls.py; `ContentRules` carries both, url_rules.py what a release keeps.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from scripts.release.serving import redirects
from scripts.release.serving.clean_urls import UrlStyle
from scripts.release.serving.content_types import content_type_of, extension, is_html, with_charset
from scripts.release.serving.path_patterns import PathPattern
from scripts.release.serving.redirects import Redirect
from scripts.release.serving.variant_contents import VARIANT_SUFFIXES, base_by_name

HTML_CACHE_CONTROL = "public, max-age=0, must-revalidate"
"""What browsers and proxies may do, for CloudFront passes the header on. That the edge keeps a page is its cache policy's doing:
the release is part of the cache key.
"""
IMMUTABLE_CACHE_CONTROL = "public, max-age=31536000, immutable"
"""For names that change with their content: a browser never asks again (RFC 8246)."""
OTHER_CACHE_CONTROL = "public, max-age=300"

ALWAYS_IGNORED = tuple(
    PathPattern(text)
    for text in (
        ".buildinfo*",
        ".doctrees/**",
        ".nojekyll",
        ".{git,}keep",
        ".gitignore",
        ".DS_Store",
        "._*",
        "Thumbs.db",
        "desktop.ini",
    )
)
"""What generators and desktops leave in a folder and no viewer asks for. Other hidden files are refused: they may be secrets."""
_USUAL_STYLE = UrlStyle()
_STORED_COMPRESSED = {".svgz": "gzip"}

LARGEST_PAGE_BYTES = 500_000
"""Our own default: a page above it most often has images or data written into it."""
LARGEST_ASSET_BYTES = 4_500_000
"""What the regional endpoint can answer (LARGEST_BODY_BYTES of its handler.py): layer 3 serves no larger file."""

# A hash as generators write it: hex digits before the extension, set off by - . or _. Letters and digits both, or it could be a
# date (report-20261124.pdf); no uuid, which names a thing and not its content. JavaScript reads the same expression.
FINGERPRINT = r"[^/][-._](?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{8,64}(\.[A-Za-z0-9]+){1,2}$"
_FINGERPRINT = re.compile(FINGERPRINT)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings:
    """What a rule, or several together, say about a file; None: nothing.

    Args:
        content_type: value of the header.
        cache_control: value of the header.
        content_encoding: `gzip` or `br` for files that are compressed already.
        fingerprinted: whether the name changes with the content; decides the cache control unless that is given.
        largest_bytes: size above which the build and the check refuse the file.
    """

    content_type: str | None = None
    cache_control: str | None = None
    content_encoding: str | None = None
    fingerprinted: bool | None = None
    largest_bytes: int | None = None

    def overridden_by(self, later: FileSettings) -> FileSettings:
        """Returns these settings with those that `later` gives in their place."""
        given = {name: value for name, value in dataclasses.asdict(later).items() if value is not None}
        return dataclasses.replace(self, **given)


_NO_SETTINGS = FileSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRule:
    """One `[[content.rule]]`: which files, and what it says about them."""

    pattern: PathPattern
    settings: FileSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentRules:
    """The whole `[content]`; without arguments it is what a site file without `[content]` means.

    Args:
        rules: in the order of the site file; the last match wins, setting by setting.
        redirects: in the order of the site file.
        style: clean URLs and trailing slashes.
        precompress: whether the build makes variants.
        largest_page_bytes: budget of a page.
        largest_asset_bytes: budget of every other file.
        ignored: files of the folder that are left out.
        fallback: relative path of the page that answers where the release has none; empty: nothing does.
    """

    rules: tuple[FileRule, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    style: UrlStyle = _USUAL_STYLE
    precompress: bool = True
    largest_page_bytes: int = LARGEST_PAGE_BYTES
    largest_asset_bytes: int = LARGEST_ASSET_BYTES
    ignored: tuple[PathPattern, ...] = ALWAYS_IGNORED
    fallback: str = ""

    def problem_of_fallback(self, files: Container[str]) -> str | None:
        """Returns why the fallback cannot answer; `files` are the release's paths."""
        if not self.fallback or self.fallback in files:
            return None
        return f'content.fallback "/{self.fallback}": the release has no such file: correct it'


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """How a file is stored.

    Attributes:
        path: relative path with `/`.
        content_type: value of the header.
        cache_control: value of the header.
        content_encoding: value of the header; None: there is none.
        is_fingerprinted: its name changes with its content, so that releases may share the object.
        variant_of: path of the file whose precompressed variant this is; None: it stands for itself.
    """

    path: str
    content_type: str
    cache_control: str
    content_encoding: str | None
    is_fingerprinted: bool
    variant_of: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCheck:
    """What rules and a release have against each other.

    Attributes:
        problems: reasons not to publish.
        notes: what is probably not meant: patterns that match nothing, chains of redirects.
    """

    problems: tuple[str, ...]
    notes: tuple[str, ...]


def is_fingerprinted(path: str) -> bool:
    """Returns whether a file's name looks as if it changed with its content."""
    return _FINGERPRINT.search(path) is not None and _UUID.search(path) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What has to be read of files to describe them; without arguments every text is UTF-8 and every variant is one.

    Args:
        charsets: path -> charset of texts that are not UTF-8 (charsets.py); empty when nobody knows it.
        no_variants: files that are named like a variant and hold something else than the file beside them.
    """

    charsets: Mapping[str, str] = field(default_factory=dict)
    no_variants: Container[str] = ()


_USUAL_CONTENTS = Contents()


def describe(path: str, rules: ContentRules, files: Container[str], contents: Contents = _USUAL_CONTENTS) -> StoredFile:
    """Returns how the file at `path` is stored.

    Args:
        path: relative path with `/`.
        rules: the site file's.
        files: paths of the whole release, which tell a variant from a file of its own.
        contents: what was found in the files.
    """
    given = _settings(path, rules.rules)
    suffix = extension(path)
    is_own = given.content_type or given.content_encoding or path in contents.no_variants
    base = None if is_own else base_by_name(path)
    if base is not None and base in files:
        stored = describe(base, rules, files, contents)
        return StoredFile(
            path=path,
            content_type=stored.content_type,
            cache_control=given.cache_control or stored.cache_control,
            content_encoding=VARIANT_SUFFIXES[suffix],
            is_fingerprinted=stored.is_fingerprinted,
            variant_of=base,
        )
    content_type = given.content_type or content_type_of(path)
    if given.content_type is None and path in contents.charsets:
        content_type = with_charset(content_type, contents.charsets[path])
    if given.fingerprinted is not None:
        has_fingerprint = given.fingerprinted
    else:
        has_fingerprint = is_fingerprinted(path) and not is_html(content_type)
    return StoredFile(
        path=path,
        content_type=content_type,
        cache_control=given.cache_control or _cache_control(content_type, is_immutable=has_fingerprint),
        content_encoding=given.content_encoding or _STORED_COMPRESSED.get(suffix),
        is_fingerprinted=has_fingerprint,
        variant_of=None,
    )


def check_release(rules: ContentRules, files: Mapping[str, int]) -> ReleaseCheck:
    """Compares the rules with a release.

    Args:
        rules: the site file's.
        files: path -> size in bytes.
    """
    problems = [problem for path in sorted(files) if (problem := _problem_of_size(path, files[path], rules, files))]
    stored = [rules.style.stored_path(path) for path in files]
    problems += redirects.problems_in_release(rules.redirects, stored, rules.style)
    problems += [problem] if (problem := rules.problem_of_fallback(files)) is not None else []
    notes = [
        f'content.rule "{rule.pattern.text}": no file of the release matches it: correct or remove it'
        for rule in rules.rules
        if not any(rule.pattern.matches(path) for path in files)
    ]
    return ReleaseCheck(problems=tuple(problems), notes=(*notes, *redirects.notes_on_chains(rules.redirects)))


def _settings(path: str, rules: Iterable[FileRule]) -> FileSettings:
    found = _NO_SETTINGS
    for rule in rules:
        if rule.pattern.matches(path):
            found = found.overridden_by(rule.settings)
    return found


def _cache_control(content_type: str, *, is_immutable: bool) -> str:
    if is_html(content_type):
        return HTML_CACHE_CONTROL
    return IMMUTABLE_CACHE_CONTROL if is_immutable else OTHER_CACHE_CONTROL


def _problem_of_size(path: str, size_bytes: int, rules: ContentRules, files: Container[str]) -> str | None:
    stored = describe(path, rules, files)
    key = "largest_page_bytes" if is_html(stored.content_type) else "largest_asset_bytes"
    allowed = _settings(path, rules.rules).largest_bytes or getattr(rules, key)
    if size_bytes <= allowed:
        return None
    return (
        f"{path}: {size_bytes:,} bytes, and {allowed:,} are allowed: make it smaller, raise content.{key}, or give it a "
        "[[content.rule]] with largest_bytes"
    )
