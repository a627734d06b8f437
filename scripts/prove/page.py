"""prove.json and prove.html: one file each, without scripts or outside resources."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from scripts.files import write_atomically
from scripts.prove.proof import ProofReport, headline, is_good

_TEMPLATES = Path(__file__).parent / "templates"
_CODE = re.compile(r"`([^`]+)`")


def write(report: ProofReport, folder: Path) -> Path:
    """Write both files, prove.json last, and return the page's path."""
    page = folder / "prove.html"
    write_atomically(page, render(report))
    write_atomically(folder / "prove.json", json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    return page


def render(report: ProofReport) -> str:
    """Return the page."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["markdown"] = _code
    template = environment.get_template("prove.html.j2")
    return template.render(report=report, headline=headline(report), is_good=is_good(report))


def _code(text: str) -> Markup:
    """Return the text with what stands between backticks as code, the only Markdown that facts use."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  (escaped first)
