"""What mkdocs does not do by itself: links out of docs/ become the path in the repository, for the site holds docs/ alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.structure.pages import Page

_OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./(?!adr/)([^)#\s]*)(?:#[^)]*)?\)")


def on_page_markdown(markdown: str, *, page: Page, **_context: object) -> str:
    """Returns a page's text; called by mkdocs: https://www.mkdocs.org/dev-guide/plugins/#on_page_markdown."""
    return markdown if "/" in page.file.src_uri else _OUTSIDE.sub(r"\1 (`\2` in the repository)", markdown)
