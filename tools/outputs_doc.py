"""The stacks' outputs as a page: `python -m tools.outputs_doc` writes docs/OUTPUTS.md from constructs_lib/output_contract.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from constructs_lib.output_contract import OUTPUTS, Output

PAGE = Path(__file__).parents[1] / "docs" / "OUTPUTS.md"

_INTRODUCTION = """# Outputs

Written by `python -m tools.outputs_doc` from `constructs_lib/output_contract.py`; edit the table there, not this page.

What the stacks promise to whatever reads them: the `failover` command, your own Terraform, your operators. `failover outputs`
saves all of them in `build/outputs.json` (stack -> output -> value), which is what the daily commands read, so that no recovery
depends on Terraform or on the region of its state. Types are Terraform's. **stable**: name, type and meaning stay, an object may
gain keys; anything else is an entry under Changed in the CHANGELOG. **follows the site file**: a section of it, which gains and
loses keys with it. None is a secret. The outputs `cross-stack-output-...` beside them are cdktf's wires between our own stacks
and no contract.

Tests compare this page with the synthesized stacks of every example, and the values with the types
(`tests/synth/test_outputs.py`); `tests/local/test_deployment.py` does so with what a real apply gives. To read one from your own
Terraform:

    data "terraform_remote_state" "edge" {
      backend = "s3"
      config  = { bucket = "<state.bucket>", region = "<state.region>", key = "<project>/<environment>/edge.tfstate" }
    }
    # data.terraform_remote_state.edge.outputs.hostname

Constructs of a stack of your own need no outputs: [CONSTRUCTS.md](CONSTRUCTS.md).
"""


def render() -> str:
    """Returns the whole page."""
    return "\n".join([_INTRODUCTION, *(_section(stack, outputs) for stack, outputs in OUTPUTS.items())])


def _section(stack: str, outputs: tuple[Output, ...]) -> str:
    return "\n".join(
        [
            f"## `{stack}`\n",
            "| Output | Type | Meaning | Read by | Stability |",
            "|---|---|---|---|---|",
            *_rows(outputs),
            "",
        ]
    )


def _rows(outputs: tuple[Output, ...]) -> Iterator[str]:
    for output in outputs:
        name = f"`{output.name}`" + (f", with `{output.only_with}`" if output.only_with else "")
        readers = ", ".join(f"`{reader}`" if "/" in reader else reader for reader in output.readers)
        yield f"| {name} | `{output.type}` | {output.meaning} | {readers} | {output.stability} |"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
