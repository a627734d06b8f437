"""A publisher that is killed: forked from a process that has all it needs in memory, so that each run takes as long as its work.

Run as a program: reads a folder a line from stdin, forks a publisher of it, and answers with its process id, then with
`ended <code>` once it is gone (a negative code: the signal that ended it).
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

from scripts.commands.shared.options import open_website, publisher, switcher
from scripts.errors import UnsafePlanError
from scripts.release.folder import read_folder
from scripts.release.serving.content_settings import parse_content
from scripts.release.serving.file_rules import ContentRules
from scripts.release.website import Website


def publish(website: Website, folder: Path) -> None:
    """Publishes as `failover sync-content --apply --no-probe` does; every fourth folder's name asks for a rollback first."""
    site = publisher(website)
    if folder.name.endswith("-back"):
        undo = switcher(website)
        with suppress(UnsafePlanError):  # one that was killed has gone back already, and going back twice is refused
            undo.rollback(undo.plan_rollback(None))
    site.apply(site.plan(read_folder(folder, rules=rules_of(folder))), folder)


def rules_of(folder: Path) -> ContentRules:
    """Each release has a redirect of its own, so that its pair must reach the edges before the release does."""
    redirect = {"from": "/moved", "to": f"https://example.com/{folder.name}"}
    return parse_content({"redirect": [redirect]})


def main() -> None:
    website = open_website(Path(sys.argv[1]))  # its clients connect with their first call, in the publisher
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                publish(website, Path(line.strip()))
            except BaseException as error:  # noqa: BLE001  (the parent hears of it)
                print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
                os._exit(1)
            os._exit(0)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print("ended", os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
