"""The facts as a page: `python -m tools.sandbox_doc` writes docs/SANDBOX.md from scripts/prove/facts.toml."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.prove.facts import Fact, load_facts

PAGE = Path(__file__).parents[1] / "docs" / "SANDBOX.md"

_INTRODUCTION = """# What to prove first in a sandbox account

Written by `python -m tools.sandbox_doc` from `scripts/prove/facts.toml`; edit the facts there, not this page.

Nothing here has run against a live AWS account. The design rests on these {count} facts, which AWS documents unclearly or not
at all; prove them in a sandbox before the first production deploy:

    cp config/sandbox.example.toml config/sandbox.toml       # and write your own domain into it
    failover prove --site-file config/sandbox.toml           # what it would do, and what the bill is at most; nothing is done
    failover prove --site-file config/sandbox.toml --apply --confirm 123456789012:www.sandbox.example.com

It deploys that site, looks at {check} facts and proves {drill} by a drill, writes `build/prove/prove.html` and `prove.json`
with the evidence of each, and takes the site down, whatever happens meanwhile. The bill is at most what `failover cost` says of
a whole month, which the plan shows; a run that could cost more than `--most-usd` (10) is refused. It takes about two hours,
most of it waiting for AWS. If the domain's zone is new, delegate it when the name servers are shown: until then the
certificates are not issued. `--drill NAME` drills with some levers alone, `--drill none` with none. A run that was killed
leaves its states in `build/prove`; the next one refuses to start and names the command that takes the site down.

The other {needs} facts need what such a run has not (a bill, GitHub, another feature, another account): prove them by hand,
with the command. Each command on this page needs AWS, but for those of the block above. Replace `$D` with the primary
distribution's id, `$Z` with the hosted zone's, `$H` with the public name.

On a laptop the same runs against a localcloud: `failover localcloud serve --state-dir DIR` in another terminal, then add
`--localcloud DIR`. That looks at the {emulated} facts that localcloud models and counts the others as "needs AWS". What is held
there follows AWS's documents; whether AWS does, only AWS tells.

"Costs" is beside the sandbox itself.

| # | Fact | Proven by | Costs | Command that proves it by hand |
|---|---|---|---|---|
"""


def render() -> str:
    """Returns the whole page."""
    facts = load_facts()
    counted = {
        "count": len(facts),
        "check": sum(bool(fact.check) for fact in facts),
        "drill": sum(bool(fact.drill) for fact in facts),
        "needs": sum(bool(fact.needs) for fact in facts),
        "emulated": sum(fact.emulated for fact in facts),
    }
    return _INTRODUCTION.format(**counted) + "\n".join(_rows(facts)) + "\n"


def _rows(facts: Sequence[Fact]) -> Iterator[str]:
    for fact in facts:
        command = fact.command.replace("|", "\\|")
        cost = f"{fact.cost_usd:.2f} USD" if fact.cost_usd else "nothing"
        yield f"| {fact.id} | {fact.statement} | {fact.how} | {cost} | {command} |"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
