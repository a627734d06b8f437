"""Content types by file name: a table of our own, because Python's reads the machine's and changes with its version.

The same site must get the same headers wherever it is published from. Types: https://www.iana.org/assignments/media-types/ ;
a name that is not here is `application/octet-stream` until a rule of the site file says otherwise.
"""

from __future__ import annotations

from functools import cache
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
    "js mjs": f"text/javascript{_UTF8}",
    "json map": f"application/json{_UTF8}",
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
    "ico": "image/vnd.microsoft.icon",
    # fonts
    "woff": "font/woff",
    "woff2": "font/woff2",
    "ttf": "font/ttf",
    "otf": "font/otf",
    "eot": "application/vnd.ms-fontobject",
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
"""Extension in lower case with its dot -> value of the Content-Type header."""

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
    return BY_EXTENSION.get(extension(path), FALLBACK)


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
