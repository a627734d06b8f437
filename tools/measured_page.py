"""Writes what a demo measured into the demo site's home page: `python -m tools.measured_page build/demo/report.json`.

The page says when it was measured, and that it was localcloud, so that no reader takes it for AWS.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

PARTIAL = Path(__file__).resolve().parents[1] / "site" / "src" / "_measured.html"
_COMMENT = "{# Written by `python -m tools.measured_page build/demo/report.json`. #}\n"  # for the site's own templates
_TEMPLATE = """\
      <table>
        <caption>Measured on {{ day }} on localcloud, in AWS seconds, while visitors kept asking for pages</caption>
        <thead>
          <tr>
            <th scope="col">What was broken</th>
            <th scope="col">Who took over</th>
            <th scope="col">After</th>
            <th scope="col">Page views that failed</th>
          </tr>
        </thead>
        <tbody>
{% for row in rows %}
          <tr>
            <th scope="row">{{ row.broke }}</th>
            <td data-label="Who took over">{{ row.took_over }}</td>
            <td data-label="After">{{ row.after }}</td>
            <td data-label="Page views that failed">{{ row.failed }}</td>
          </tr>
{% endfor %}
        </tbody>
      </table>
"""


def main(arguments: Sequence[str]) -> int:
    """Write the partial from one report; return the exit code, 2 for a wrong report."""
    if len(arguments) != 1:
        print("usage: python -m tools.measured_page build/demo/report.json", file=sys.stderr)
        return 2
    try:
        report = json.loads(Path(arguments[0]).read_bytes())
        PARTIAL.write_text(render(report), encoding="utf-8")
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"{arguments[0]} is no report of a drill ({type(error).__name__}: {error})", file=sys.stderr)
        return 2
    print(f"{PARTIAL.name}: written")
    return 0


def render(report: Mapping[str, Any]) -> str:
    """Returns the table of a report's faults.

    Raises:
        KeyError: it is no report.
    """
    rows = [
        {
            "broke": variant["what_broke"],
            "took_over": scenario["took_over"][:1].upper() + scenario["took_over"][1:],
            "after": "never"
            if variant["recovery_time_seconds"] is None
            else f"{variant['recovery_time_seconds']:.1f}\N{NO-BREAK SPACE}s",
            "failed": f"{variant['failed_requests']:,} of {variant['requests']:,}",
        }
        for scenario in report["scenarios"]
        for variant in scenario["variants"]
    ]
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, keep_trailing_newline=True)
    return _COMMENT + environment.from_string(_TEMPLATE).render(day=report["generated_at"][:10], rows=rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
