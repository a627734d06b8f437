"""What `failover sync-content` says of a publish: as one document, and in a table and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scripts.commands.shared.parity_words import PLAN_ONLY
from scripts.commands.shared.tables import results_console, results_table
from scripts.release.folder_notes import notes_on
from scripts.release.page_policy import policy_notes, read_texts
from scripts.release.publish import PublishPlan
from scripts.release.routing import Routing
from scripts.release.website import Website


def publish_document(plan: PublishPlan, canary: int | None, routing: Routing, *, applied: bool) -> dict[str, object]:
    """Returns what `--json` prints; `routing` is the one at the end of the command."""
    return {
        "release_id": plan.manifest.release_id,
        "base_release_id": plan.manifest.base_id,
        "active_release_id": routing.release_id,
        "canary_percent": canary,
        "canary": routing.canary and {"release_id": routing.canary_release_id, "percent": routing.canary.percent},
        "files": len(plan.manifest.files),
        "bytes": plan.manifest.size_bytes,
        "new": len(plan.changes.new),
        "changed": len(plan.changes.changed),
        "removed": len(plan.changes.removed),
        "retained": len(plan.manifest.retained),
        "uploads": {region: [file.path for file in files] for region, files in plan.uploads.items()},
        "left_out": list(plan.left_out),
        "drains": list(plan.drains),
        "switches": plan.switches,
        "applied": applied,
    }


def publish_notes(website: Website, plan: PublishPlan, folder: Path) -> list[str]:
    """Returns what to know of the release before it is published: of its files, and what the header refuses of what changed."""
    changed = {*plan.changes.new, *plan.changes.changed}
    texts = read_texts(folder, [file for file in plan.manifest.files if file.path in changed])
    return [*notes_on(plan.manifest), *policy_notes(texts, website.content_security_policy)]


def print_publish(
    website: Website, plan: PublishPlan, canary: int | None, notes: Sequence[str], *, applied: bool
) -> None:
    """Prints what people read."""
    console = results_console()
    table = results_table("Region", "Files in release", "To upload", "Bytes to upload")
    for region, files in plan.uploads.items():
        total = sum(file.size_bytes for file in files)
        table.add_row(region, f"{len(plan.manifest.files):,}", f"{len(files):,}", f"{total:,}")
    console.print(f"Release {plan.manifest.release_id} (active now: {plan.current.routing.release_id or 'none'})")
    changes = plan.changes
    console.print(
        f"{len(changes.new):,} new, {len(changes.changed):,} changed, {len(changes.removed):,} removed, "
        f"{len(plan.manifest.files) - len(changes.new) - len(changes.changed):,} as they are"
        + (f"; {len(plan.manifest.retained):,} of earlier releases still answer" if plan.manifest.retained else ""),
        highlight=False,
    )
    console.print(table)
    for note in notes:
        console.print(f"Note: {note}.", highlight=False)
    for region in plan.left_out:
        console.print(f"{region} does not answer: {_how_it_is_left_out(website, applied=applied)}")
    if plan.is_empty:
        console.print(f"Nothing to do: {_takes_part(plan)} it and it is active.")
    elif applied and canary is not None:
        console.print(
            f"Published: {' and '.join(plan.uploads)} confirmed what was sent; {canary} % of the viewers get it. "
            "Then: failover sync-content --promote --apply, or failover rollback --apply"
        )
    elif applied:
        console.print(
            f"Published: {' and '.join(plan.uploads)} confirmed what was sent, then switched. `failover verify` compares all."
        )
    else:
        console.print(PLAN_ONLY)
    for line in _canary_lines(plan, canary, applied=applied):
        console.print(line)
    for region in plan.left_out if applied else ():
        console.print(
            f"When {region} answers again: failover verify --repair --apply, then failover restore {region} --apply"
        )


def _canary_lines(plan: PublishPlan, canary: int | None, *, applied: bool) -> list[str]:
    """Returns what becomes of a canary that ran when the plan was made."""
    running = plan.current.routing.canary
    if running is None or (plan.switches and running.release.id == plan.manifest.release_id):
        return []
    share = f"{running.percent} % of the viewers get release {running.release.id}"
    if not plan.switches:
        return [
            f"A canary runs: {share}.",
            "To give it to everybody: failover sync-content --promote --apply. To end it: failover rollback --apply",
        ]
    return [f"{'Ended' if applied else 'Ends'} the canary that ran{' before' if canary else ''}: {share}."]


def _takes_part(plan: PublishPlan) -> str:
    if not plan.left_out:
        return "every region holds"
    return f"{' and '.join(plan.uploads)} {'hold' if len(plan.uploads) > 1 else 'holds'}"


def _how_it_is_left_out(website: Website, *, applied: bool) -> str:
    if website.entry == "cloudfront":
        return f"{'drained' if applied else 'to be drained'}, published without it."
    return (
        "published without it. No router drains it: Route 53 sends viewers there as soon as its health check is healthy, "
        "and they get the release that it holds."
    )
