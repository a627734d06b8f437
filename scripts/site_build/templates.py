"""Pages are Jinja templates: `{% extends "_layout.html" %}` shares a layout, and plain HTML is a template that says nothing.

A file or folder whose name starts with `_` is for templates and is not published, unless a page or style sheet names it or a file
in it: generators lay their styles and scripts into `_static` or `_next`. Only `page.path`, the page's address, and `site`, what
the site file says of the site's regions, are passed in; there is no clock, no environment and no randomness, so the same source
and site file give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from jinja2 import BaseLoader, DictLoader, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from scripts.site_build.findings import Finding

_STATEMENT = re.compile(r"\{[%{#]")
"""Without one a page is what its template says; to compile it would take 3 ms."""
_TEMPLATE_NAME = re.compile(r"""\{%[-+]?\s*(?:extends|include|import|from)\s+["']([^"']+)["']""")
_LINE_END = re.compile("\r\n?")


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFacts:
    """What a page may know of the site, as `site`.

    Attributes:
        regions: names, the primary's first; none without a site file.
        entry: `cloudfront` or `regional`.
    """

    regions: tuple[str, ...] = ()
    entry: str = "cloudfront"


UNKNOWN_SITE = SiteFacts()


def root_for_templates(path: str) -> str | None:
    """Returns the outermost file or folder of a path whose name starts with `_`."""
    names = path.split("/")
    first = next((at for at, name in enumerate(names) if name.startswith("_")), None)
    return None if first is None else "/".join(names[: first + 1])


def is_for_templates(path: str, named: Collection[str] = ()) -> bool:
    """Returns whether a file of the source is not published itself; `named` are the roots that pages and style sheets name."""
    root = root_for_templates(path)
    is_template = is_page(path) and PurePosixPath(path).name.startswith("_")
    return root is not None and (is_template or root not in named)


def is_page(path: str) -> bool:
    """Returns whether a file is HTML, by its name."""
    return PurePosixPath(path).suffix.lower() in (".html", ".htm")


def address_of(path: str) -> str:
    """Returns where a page is found: `/about/` for about/index.html, `/404.html` for others."""
    return f"/{path.removesuffix('index.html')}" if PurePosixPath(path).name == "index.html" else f"/{path}"


def render_pages(
    files: Mapping[str, bytes], named: Collection[str] = (), site: SiteFacts = UNKNOWN_SITE
) -> tuple[dict[str, str], list[Finding]]:
    """Returns path -> HTML of every published page, and what is wrong with the templates; `named` as for `is_for_templates`."""
    texts, findings = _texts(files)
    environment = _environment(DictLoader(texts))
    used = {name for text in texts.values() for name in _TEMPLATE_NAME.findall(text)}
    pages = {}
    for path in texts:
        if is_for_templates(path, named) or (path in used and root_for_templates(path) is not None):
            continue
        if _STATEMENT.search(texts[path]) is None:
            pages[path] = texts[path]
            continue
        try:
            pages[path] = environment.get_template(path).render(page={"path": address_of(path)}, site=site)
        except TemplateSyntaxError as error:
            findings.append(Finding(path=error.name or path, line=error.lineno, message=f"{error.message}: correct it"))
        except TemplateNotFound as error:
            findings.append(Finding(path=path, message=f"there is no template {error.message}: correct the name"))
        except (TemplateError, ArithmeticError, TypeError, ValueError) as error:
            findings.append(Finding(path=path, message=f"{error}: correct the template"))
    return pages, findings


def _texts(files: Mapping[str, bytes]) -> tuple[dict[str, str], list[Finding]]:
    texts, findings = {}, []
    for path, content in files.items():
        if is_page(path):
            try:
                text = content.decode("utf-8").removeprefix("\ufeff")
                texts[path] = _LINE_END.sub("\n", text) if "\r" in text else text
            except UnicodeDecodeError as error:
                message = f"byte {error.start} is not UTF-8: save the page as UTF-8"
                findings.append(Finding(path=path, message=message))
    return texts, findings


def _environment(loader: BaseLoader) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    del environment.filters["random"], environment.globals["lipsum"]  # they would make another site each time
    return environment
