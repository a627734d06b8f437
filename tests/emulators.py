"""docs/EMULATORS.md, from the documents of `localcloud conformance --json`: `python -m tests.emulators NAME=FILE ...`.

Each FILE is what one emulator said to the black-box tests; the words are in emulators.md.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

AREAS = {
    "test_bucket_origins": "older ways to a bucket",
    "test_certificates": "certificates",
    "test_compression": "compression at the edge",
    "test_custom_origins": "custom origins",
    "test_distributions": "distributions: what CloudFront takes and refuses",
    "test_edge": "the edge: cache, behaviors, error pages, origin groups",
    "test_functions": "CloudFront functions and KeyValueStore",
    "test_health_checks": "health checks",
    "test_http2": "versions of HTTP",
    "test_name_server": "DNS answers and routing policies",
    "test_record_values": "records: what Route 53 takes and refuses",
    "test_status": "when a change is said to be live",
    "test_storage": "S3",
}
_TEMPLATE = Path(__file__).with_name("emulators.md")


def page(documents: Mapping[str, Sequence[Mapping[str, object]]], when: str) -> str:
    """Returns docs/EMULATORS.md.

    Args:
        documents: name of an emulator -> `behaviours` of its document.
        when: what follows the sentence before the table.
    """
    counts: dict[str, dict[str, list[bool]]] = {name: defaultdict(list) for name in documents}
    for name, behaviours in documents.items():
        for each in behaviours:
            module = str(each["test"]).rpartition("/")[2].partition(".py")[0]
            counts[name][module].append(bool(each["passed"]))
    rows = [_row(area, [counts[name][module] for name in documents]) for module, area in AREAS.items()]
    rows.append(_row("**all**", [[each for area in counts[name].values() for each in area] for name in documents]))
    return _TEMPLATE.read_text(encoding="utf-8").format(
        when=when, names=" | ".join(documents), lines="---|" * len(documents), rows="\n".join(rows)
    )


def _row(area: str, passed: Sequence[Sequence[bool]]) -> str:
    return f"| {area} | {' | '.join(f'{sum(each)} of {len(each)}' for each in passed)} |"


def _main(arguments: Sequence[str]) -> None:
    documents = {}
    for given in arguments:
        name, _, file = given.partition("=")
        documents[name] = json.loads(Path(file).read_text(encoding="utf-8"))["behaviours"]
    print(page(documents, " (2026-11-30)"), end="")


if __name__ == "__main__":
    _main(sys.argv[1:])
