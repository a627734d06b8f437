"""Content types by file name: mime-db's table with what a website needs otherwise, because Python's reads the machine's.

The same site must get the same headers wherever it is published from. Types: https://www.iana.org/assignments/media-types/ ;
a name that nobody knows is `application/octet-stream` until a rule of the site file says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

FALLBACK = "application/octet-stream"

_UTF8 = "; charset=utf-8"
_TYPES = {
    # documents
    "html htm": f"text/html{_UTF8}",
    "xhtml": "application/xhtml+xml",
    "txt": f"text/plain{_UTF8}",
    "md": f"text/markdown{_UTF8}",
    "csv": f"text/csv{_UTF8}",
    "ics": f"text/calendar{_UTF8}",
    "vcf": f"text/vcard{_UTF8}",
    "vtt": f"text/vtt{_UTF8}",
    "pdf": "application/pdf",
    "epub": "application/epub+zip",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    # styles, scripts, data
    "css": f"text/css{_UTF8}",
    "js mjs cjs": f"text/javascript{_UTF8}",
    "json map": f"application/json{_UTF8}",
    "jsonl ndjson": "application/x-ndjson",
    "geojson": "application/geo+json",
    "jsonld": "application/ld+json",
    "webmanifest": "application/manifest+json",
    "xml": f"text/xml{_UTF8}",
    "xsl": "application/xslt+xml",
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "wasm": "application/wasm",
    "yaml yml": "application/yaml",
    "toml": "application/toml",
    # source texts, shown and not downloaded
    "rst adoc asciidoc py pyi rb rs go kt swift cs tsx cts vue svelte graphql proto sql sh bash zsh ps1 diff patch tf tfvars "
    "glsl vert frag lrc sbv": f"text/plain{_UTF8}",
    # images
    "svg": f"image/svg+xml{_UTF8}",
    "svgz": "image/svg+xml",
    "png": "image/png",
    "apng": "image/apng",
    "jpg jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "jxl": "image/jxl",
    "bmp": "image/bmp",
    "tif tiff": "image/tiff",
    "ico cur": "image/vnd.microsoft.icon",
    "hdr": "image/vnd.radiance",
    # fonts
    "woff": "font/woff",
    "woff2": "font/woff2",
    "ttf": "font/ttf",
    "otf": "font/otf",
    "eot": "application/vnd.ms-fontobject",
    "ttc otc": "font/collection",
    "sfnt": "font/sfnt",
    # sound and pictures that move
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "ogg oga opus": "audio/ogg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "mp4 m4v": "video/mp4",
    "webm": "video/webm",
    "ogv": "video/ogg",
    "mov": "video/quicktime",
    # data that pages fetch
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.file",
    "pmtiles": "application/vnd.pmtiles",
    "pbf": "application/x-protobuf",
    "msgpack": "application/vnd.msgpack",
    "cbor": "application/cbor",
    # archives: downloads as they are, never a Content-Encoding that a browser would undo
    "zip": "application/zip",
    "gz tgz": "application/gzip",
    "bz2": "application/x-bzip2",
    "xz": "application/x-xz",
    "zst": "application/zstd",
    "br": FALLBACK,
    "7z": "application/x-7z-compressed",
    "tar": "application/x-tar",
}
BY_EXTENSION = MappingProxyType({f".{end}": type_ for ends, type_ in _TYPES.items() for end in ends.split()})
"""Extension in lower case with its dot -> value of the Content-Type header, of those that go before mime-db's."""
_DATABASE = Path(__file__).with_name("media_types.tsv")

_TEXT_APPLICATIONS = ("json", "xml", "yaml", "toml", "javascript", "vnd.ms-fontobject", "wasm")
_TEXT_SUFFIXES = ("+json", "+xml")
_UNCOMPRESSED_FONTS = ("font/ttf", "font/otf")


def extension(path: str) -> str:
    """Returns the last extension of a file's name in lower case with its dot; empty when there is none."""
    name = path[path.rfind("/") + 1 :]
    dot = name.rfind(".")
    return name[dot:].lower() if 0 < dot < len(name) - 1 else ""


def content_type_of(path: str) -> str:
    """Returns the value of the Content-Type header."""
    end = extension(path)
    return BY_EXTENSION.get(end) or (_media_types().get(end[1:], FALLBACK) if end else FALLBACK)


@cache
def _media_types() -> Mapping[str, str]:
    lines = (
        line.split("\t") for line in _DATABASE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")
    )
    return {end: f"{name}{_UTF8}" if name.startswith("text/") else name for end, name in lines}


def with_charset(content_type: str, charset: str | None) -> str:
    """Returns the type of a text that is not UTF-8: with its own charset, or with none when nobody knows it."""
    if not content_type.endswith(_UTF8):
        return content_type
    return content_type.removesuffix(_UTF8) + (f"; charset={charset}" if charset else "")


@cache
def is_utf8_by_name(path_extension: str) -> bool:
    """Returns whether files with this extension are said to be UTF-8, so that their bytes have to be looked at."""
    return content_type_of(f"x{path_extension}").endswith(_UTF8)


@cache
def is_html(content_type: str) -> bool:
    """Returns whether it is a page, whose browser copy must be revalidated."""
    return content_type.split(";", 1)[0].strip().lower() in ("text/html", "application/xhtml+xml")


def is_compressible(content_type: str) -> bool:
    """Returns whether compression pays as a rule: text, and the few binary formats that are not compressed already.

    CloudFront's own list: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
    """
    kind, _, subtype = content_type.split(";", 1)[0].strip().lower().partition("/")
    if f"{kind}/{subtype}" in _UNCOMPRESSED_FONTS or kind == "text":
        return True
    return subtype.endswith(_TEXT_SUFFIXES) or (kind == "application" and subtype in _TEXT_APPLICATIONS)
