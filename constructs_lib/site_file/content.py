"""`[content]` of the site file: how the published files are stored and found.

Only the shape is checked here. What a pattern, a Cache-Control or a chain of redirects may say is the business of the commands,
which read the same table from the edge stack's output `content` (scripts/release/serving/content_settings.py) and compare it
with the files of the release. Nothing here costs money but redirects with a wildcard: one KeyValueStore read a request, 0.03 USD
a million (https://aws.amazon.com/cloudfront/pricing/).
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from constructs_lib.site_file.base import Bool, Section, says


class CleanUrls(StrEnum):
    """Which file answers /about: about/index.html, about.html, or a file called about."""

    FOLDER = "folder"
    FILE = "file"
    OFF = "off"


class TrailingSlash(StrEnum):
    """Whether both spellings of a page's address answer, or one is redirected to the other."""

    ANY = "any"
    ADD = "add"
    REMOVE = "remove"


class ContentEncoding(StrEnum):
    """How files are compressed that lie in the folder compressed already."""

    BR = "br"
    GZIP = "gzip"


_Text = Annotated[str, Field(strict=True, min_length=1, max_length=2048)]
_Bytes = Annotated[int, Field(strict=True, ge=1, le=5 * 1024**4)]


class ContentRule(Section):
    """One `[[content.rule]]`: settings for the files that a pattern means."""

    pattern: Annotated[_Text, says("a glob such as *.css or /downloads/**")]
    content_type: _Text | None = None
    cache_control: _Text | None = None
    content_encoding: ContentEncoding | None = None
    fingerprinted: Bool | None = None
    largest_bytes: _Bytes | None = None


class ContentRedirect(Section):
    """One `[[content.redirect]]`."""

    from_: Annotated[_Text, Field(alias="from"), says("a path such as /old")]
    to: Annotated[_Text, says("a path such as /new/, or an https address")]
    status: Literal[301, 302, 307, 308] = 301


class Content(Section):
    """`[content]`: rules by pattern, redirects, clean URLs, and what `failover build` makes and allows.

    `largest_page_bytes` and `largest_asset_bytes` are budgets that a build and a release must keep. Layer 3 serves no
    file above 4,500,000 bytes as a whole, which is why that is the default. `ignore` are patterns of files that are left out.
    `fallback` is the page that answers a browser's navigation to a page that the release lacks, with status 200: what a
    single-page application needs.
    """

    clean_urls: CleanUrls = CleanUrls.FOLDER
    trailing_slash: TrailingSlash = TrailingSlash.ANY
    precompress: Bool = True
    largest_page_bytes: _Bytes = 500_000
    largest_asset_bytes: _Bytes = 4_500_000
    ignore: Annotated[tuple[_Text, ...], says('a list of patterns such as ["*.map"]')] = ()
    fallback: Annotated[_Text, says("a page such as /index.html")] | None = None
    rule: Annotated[tuple[ContentRule, ...], says("tables [[content.rule]]")] = ()
    redirect: Annotated[tuple[ContentRedirect, ...], says("tables [[content.redirect]]")] = ()

    def as_output(self) -> dict[str, Any]:
        """Returns the table as it stands in the site file, defaults filled in, for the edge stack's output."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
