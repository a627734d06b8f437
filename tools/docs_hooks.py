"""What mkdocs does not do by itself: links out of docs/, and pages that a strict Content-Security-Policy allows.

Links out of docs/ become the path in the repository, for the site holds docs/ alone. The theme's inline script and styles become
files and classes, so that the site can be published under the policy that a site file has by default. Every page gets the line
in which a publish stamps its release.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.structure.pages import Page

_OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./(?!adr/)([^)#\s]*)(?:#[^)]*)?\)")
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_STYLED = re.compile(r' style="([a-z-]+): ([\w%]+);?"')
_RELEASE = '<meta name="release" content="">'
_SHEET = "css/docs.css"
# Bootstrap has this icon as a data: address, which the policy refuses.
_MENU = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 30"><path stroke="#fff" stroke-linecap="round" '
    'stroke-width="2" d="M4 7h22M4 15h22M4 23h22"/></svg>\n'
)
_FIRST_RULE = ".navbar .navbar-toggler-icon { background-image: url(../img/menu.svg); }\n"

_files: dict[str, str] = {}


def on_page_markdown(markdown: str, *, page: Page, **_context: object) -> str:
    """Returns a page's text; called by mkdocs: https://www.mkdocs.org/dev-guide/plugins/#on_page_markdown."""
    return markdown if "/" in page.file.src_uri else _OUTSIDE.sub(r"\1 (`\2` in the repository)", markdown)


def on_post_page(output: str, *, page: Page, **_context: object) -> str:
    """Returns a page's HTML; called by mkdocs."""
    return strict(output, "../" * page.url.rstrip("/").count("/") + ("../" if page.url.strip("/") else ""))


def on_post_template(output: str, *, template_name: str, **_context: object) -> str:
    """Returns what is no page of docs/, such as 404.html, which is served at any depth; called by mkdocs."""
    return strict(output, "/") if template_name.endswith(".html") else output


def on_post_build(config: Mapping[str, str]) -> None:
    """Writes what the pages now name; called by mkdocs when it is done."""
    rules = (f".{name} {{ {rule} }}\n" for name, rule in sorted(_files.items()) if not name.endswith(".js"))
    written = {name: text for name, text in _files.items() if name.endswith(".js")}
    written |= {_SHEET: _FIRST_RULE + "".join(rules), "img/menu.svg": _MENU}
    for name, text in written.items():
        path = Path(config["site_dir"], name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    _files.clear()


def strict(page: str, root: str) -> str:
    """Returns a page without inline scripts and style attributes; `root` leads from it to the site's first page."""

    def as_file(match: re.Match[str]) -> str:
        name = f"js/page-{hashlib.sha256(match[1].encode()).hexdigest()[:8]}.js"
        _files[name] = re.sub(r"\s+", " ", match[1]).strip() + "\n"
        return f'<script src="{root}{name}"></script>'

    def as_class(match: re.Match[str]) -> str:
        name = f"{match[1]}-{match[2].rstrip('%')}"
        _files[name] = f"{match[1]}: {match[2]};"
        return f' class="{name}"'

    with_files = _STYLED.sub(as_class, _INLINE.sub(as_file, page))
    head = f'{_RELEASE}<link rel="stylesheet" href="{root}{_SHEET}"></head>'
    return with_files.replace("</head>", head, 1)
