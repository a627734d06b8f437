"""Opens an issue of a label, or says the same in the one that is open; when nothing is found any more it closes that one.

    python -m tools.report_issue --label drift --title "..." --body drift.md --outcome success

Needs `gh` with the right issues: write, and GITHUB_REPOSITORY, as a workflow has them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

Gh = Callable[[Sequence[str]], str]
_SUCCESS = "success"
_MOST_CHARACTERS = 60_000  # of 65,536 that GitHub takes


def report(gh: Gh, *, label: str, title: str, body: Path, outcome: str, run_url: str) -> str:
    """Brings the issue to what the file says; returns what was done, in words.

    Args:
        gh: runs GitHub's command line and returns what it prints.
        label: of the issue; there is one open issue of a label at most.
        title: of a new issue.
        body: its text; no such file means that nothing was found.
        outcome: of the step that looked; only after a success does nothing found mean that it is over.
        run_url: the run that found it.
    """
    open_ = json.loads(gh(["issue", "list", "--label", label, "--state", "open", "--json", "number", "--limit", "1"]))
    text = body.read_text(encoding="utf-8")[:_MOST_CHARACTERS] if body.is_file() else ""
    if not text:
        if not open_ or outcome != _SUCCESS:
            return "nothing to tell"
        number = str(open_[0]["number"])
        gh(["issue", "close", number, "--comment", f"It is over: {run_url} found nothing of it."])
        return f"closed issue {number}"
    told = f"{text}\nThe run: {run_url}\n"
    if open_:
        number = str(open_[0]["number"])
        gh(["issue", "comment", number, "--body", told])
        return f"commented on issue {number}"
    gh(["label", "create", label, "--force", "--description", "opened by a workflow"])
    gh(["issue", "create", "--label", label, "--title", title, "--body", told])
    return "opened an issue"


def main(arguments: Sequence[str]) -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="report_issue", description=__doc__)
    parser.add_argument("--label", required=True)
    parser.add_argument("--title", required=True)
    parser.add_argument("--body", required=True, type=Path)
    parser.add_argument("--outcome", required=True, help="of the step that looked, in GitHub's words")
    options = parser.parse_args(arguments)
    server, repository = os.environ.get("GITHUB_SERVER_URL", "https://github.com"), os.environ["GITHUB_REPOSITORY"]
    run_url = f"{server}/{repository}/actions/runs/{os.environ.get('GITHUB_RUN_ID', '')}"
    print(
        report(
            _gh, label=options.label, title=options.title, body=options.body, outcome=options.outcome, run_url=run_url
        )
    )
    return 0


def _gh(arguments: Sequence[str]) -> str:
    command = ["gh", *arguments, "--repo", os.environ["GITHUB_REPOSITORY"]]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
