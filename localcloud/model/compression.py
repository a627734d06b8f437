"""What CloudFront compresses by itself, and what becomes of the answer's headers. Pure.

Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
"""

from collections.abc import Mapping

LEAST_BYTES, MOST_BYTES = 1_000, 10_000_000
STATUS_CODES = frozenset({200, 403, 404})

_TYPES = """
application/dash+xml application/eot application/font application/font-sfnt application/javascript application/json
application/opentype application/otf application/pdf application/pkcs7-mime application/protobuf application/rss+xml
application/truetype application/ttf application/vnd.apple.mpegurl application/vnd.mapbox-vector-tile
application/vnd.ms-fontobject application/wasm application/xhtml+xml application/xml application/x-font-opentype
application/x-font-truetype application/x-font-ttf application/x-httpd-cgi application/x-javascript application/x-mpegurl
application/x-opentype application/x-otf application/x-perl application/x-ttf font/eot font/opentype font/otf font/ttf
image/svg+xml text/css text/csv text/html text/javascript text/js text/plain text/richtext text/tab-separated-values text/xml
text/x-component text/x-java-source text/x-script vnd.apple.mpegurl
"""
TYPES = frozenset(_TYPES.split())


def coding_for(
    *, status_code: int, headers: Mapping[str, str], size_bytes: int, accepted: str, has_length: bool
) -> str | None:
    """Return by which coding an answer is compressed: `br`, else `gzip`; None when it goes as it is.

    Args:
        status_code: Of the origin.
        headers: Of the origin, lower-case names.
        size_bytes: Of the body.
        accepted: The viewer's Accept-Encoding, normalized for the cache policy: codings with commas.
        has_length: Whether the origin sent Content-Length.
    """
    type_ = headers.get("content-type", "").partition(";")[0].strip().lower()
    codings = accepted.split(",") if accepted else []
    is_compressible = (
        has_length
        and status_code in STATUS_CODES
        and "content-encoding" not in headers
        and LEAST_BYTES <= size_bytes <= MOST_BYTES
        and type_ in TYPES
    )
    if not is_compressible:
        return None
    return next((coding for coding in ("br", "gzip") if coding in codings), None)


def compressed_headers(headers: Mapping[str, str], coding: str) -> dict[str, str]:
    """Return the headers of a compressed answer: a strong ETag turns weak, one that is no ETag is removed."""
    kept = {name: value for name, value in headers.items() if name != "content-length"}
    etag = kept.get("etag", "")
    if etag.startswith('"'):
        kept["etag"] = f"W/{etag}"
    elif not etag.startswith("W/"):
        kept.pop("etag", None)
    return {**kept, "content-encoding": coding, "vary": _with_encoding(kept.get("vary", ""))}


def refreshed_headers(known: Mapping[str, str], confirmed: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a copy that the origin has confirmed; a copy that was compressed here keeps its weak ETag."""
    merged = {**known, **confirmed}
    if known.get("etag", "") == f"W/{confirmed.get('etag', '')}":
        merged["etag"] = known["etag"]
    return merged


def _with_encoding(vary: str) -> str:
    """A cache of the viewer's must know: RFC 9110 section 12.5.5."""
    names = [name.strip() for name in vary.split(",") if name.strip()]
    return ", ".join(names if "accept-encoding" in map(str.lower, names) else [*names, "Accept-Encoding"])
