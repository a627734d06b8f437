"""The linter as the last step of our own synth: `main.py` calls it, and a finding fails the synth."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from scripts.lint.reading import read_paths
from scripts.lint.report import print_text
from scripts.lint.rules import ALL_RULES
from scripts.lint.waivers import judge

_HOW_TO_WAIVE = (
    "The stacks are written, but they plan cleanly and then do not fail over: do not deploy them. Follow the remedy; or, where "
    'it is meant, waive the rule on the resource, with the reason: waive(resource, {{"{rule}": "why"}}) of '
    "constructs_lib/lint_waivers.py."
)


def stack_folders(outdir: Path) -> list[Path]:
    """Returns the folders of the stacks in a synth's manifest; what an older synth left beside them is not of this site."""
    stacks = json.loads((outdir / "manifest.json").read_bytes())["stacks"]
    return [(outdir / stack["synthesizedStackPath"]).parent for stack in stacks.values()]


def passes(outdir: Path) -> bool:
    """Whether what a synth wrote is free of traps; prints what is not, with the remedy, to stderr.

    Args:
        outdir: the synth's output folder. Only the stacks in its manifest are read.
    """
    configuration = read_paths([folder / "cdk.tf.json" for folder in stack_folders(outdir)])
    judgement = judge(configuration, ALL_RULES)
    if judgement.is_clean:
        return True
    print_text(
        judgement,
        rules_count=len(ALL_RULES),
        resources_count=len(configuration.resources),
        documents_count=len(configuration.documents),
        file=sys.stderr,
    )
    if judgement.violations:
        print(_HOW_TO_WAIVE.format(rule=judgement.violations[0].rule.id), file=sys.stderr)
    return False
