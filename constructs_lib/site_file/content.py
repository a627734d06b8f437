"""`[content]` of the site file: how the published files are stored and found.

Only the shape is checked here. What a pattern, a Cache-Control or a chain of redirects may say is the business of the commands,
which read the same table from the edge stack's output `content` (scripts/release/content_settings.py) and compare it with the
files of the release. Nothing here costs money but redirects with a wildcard: one KeyValueStore read a request, 0.03 USD a million
(https://aws.amazon.com/cloudfront/pricing/).
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError


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


def _says(allowed: str) -> Any:  # noqa: ANN401  (pydantic.Field returns Any)
    return Field(json_schema_extra={"allowed": allowed})


_Text = Annotated[str, Field(strict=True, min_length=1, max_length=2048)]
_Bytes = Annotated[int, Field(strict=True, ge=1, le=5 * 1024**4)]
_Flag = Annotated[bool, Field(strict=True)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="after")
    def _is_plain_for_terraform(self) -> "_Table":
        for name, value in self:
            if isinstance(value, str) and ("${" in value or "%{" in value):
                raise PydanticCustomError(
                    "refused",
                    "{allowed}",
                    {
                        "allowed": f"a {name} without ${{ and %{{",
                        "remedy": "take them out: Terraform reads them as templates",
                    },
                )
        return self


class ContentRule(_Table):
    """One `[[content.rule]]`: settings for the files that a pattern means."""

    pattern: Annotated[_Text, _says("a glob such as *.css or /downloads/**")]
    content_type: _Text | None = None
    cache_control: _Text | None = None
    content_encoding: ContentEncoding | None = None
    fingerprinted: _Flag | None = None
    largest_bytes: _Bytes | None = None


class ContentRedirect(_Table):
    """One `[[content.redirect]]`."""

    from_: Annotated[_Text, Field(alias="from"), _says("a path such as /old")]
    to: Annotated[_Text, _says("a path such as /new/, or an https address")]
    status: Literal[301, 302, 307, 308] = 301


class Content(_Table):
    """`[content]`: rules by pattern, redirects, clean URLs, and what `failover build` makes and allows.

    `largest_page_bytes` and `largest_asset_bytes` are budgets that a build and a release must keep. Layer 3 serves no
    file above 4,500,000 bytes, which is why that is the default.
    """

    clean_urls: CleanUrls = CleanUrls.FOLDER
    trailing_slash: TrailingSlash = TrailingSlash.ANY
    precompress: _Flag = True
    largest_page_bytes: _Bytes = 500_000
    largest_asset_bytes: _Bytes = 4_500_000
    rule: Annotated[tuple[ContentRule, ...], _says("tables [[content.rule]]")] = ()
    redirect: Annotated[tuple[ContentRedirect, ...], _says("tables [[content.redirect]]")] = ()

    def as_output(self) -> dict[str, Any]:
        """Returns the table as it stands in the site file, defaults filled in, for the edge stack's output."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
