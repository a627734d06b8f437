"""Pages are Jinja templates: `{% extends "_layout.html" %}` shares a layout, and plain HTML is a template that says nothing.

A file or folder whose name starts with `_` is for templates alone and is not published. Only `page.path`, the page's address, is
passed in; there is no clock, no environment and no randomness, so the same source gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from jinja2 import BaseLoader, DictLoader, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from scripts.site_build.findings import Finding


def is_for_templates(path: str) -> bool:
    """Returns whether a file of the source is not published itself."""
    return any(part.startswith("_") for part in path.split("/"))


def is_page(path: str) -> bool:
    """Returns whether a file is HTML, by its name."""
    return PurePosixPath(path).suffix.lower() in (".html", ".htm")


def address_of(path: str) -> str:
    """Returns where a page is found: `/about/` for about/index.html, `/404.html` for others."""
    return f"/{path.removesuffix('index.html')}" if PurePosixPath(path).name == "index.html" else f"/{path}"


def render_pages(files: Mapping[str, bytes]) -> tuple[dict[str, str], list[Finding]]:
    """Returns path -> HTML of every published page, and what is wrong with the templates."""
    texts, findings = _texts(files)
    environment = _environment(DictLoader(texts))
    pages = {}
    for path in texts:
        if is_for_templates(path):
            continue
        try:
            pages[path] = environment.get_template(path).render(page={"path": address_of(path)})
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
                texts[path] = content.decode("utf-8").removeprefix("\ufeff")
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
