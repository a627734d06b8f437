"""Every call of `scripts/terraform/cli.py` by the real programs, on a stack that needs no provider from anywhere."""

import json
import shutil
from pathlib import Path

import pytest

from scripts.rollout.planning import Planner
from scripts.rollout.plans import Outcome, Plans, load, save
from scripts.terraform import toolchain
from scripts.terraform.cli import PLAN_CLEAN, PLAN_HAS_CHANGES, OnProgress, StalePlanError, Terraform, TerraformError

pytestmark = pytest.mark.local
STACK = {
    "terraform": {"required_version": ">= 1.11.0", "backend": {"local": {"path": "stack.tfstate"}}},
    "resource": {"terraform_data": {"kept": {"input": "first"}}},
    "output": {"seen": {"value": "${terraform_data.kept.output}"}},
}


class WritesALock(Terraform):
    """As `init` does for a provider that is not built in."""

    def init(self, stack_dir: Path, *, on_progress: OnProgress | None = None) -> None:
        super().init(stack_dir, on_progress=on_progress)
        (stack_dir / ".terraform.lock.hcl").write_text("# by init", encoding="utf-8")


@pytest.fixture(params=["terraform", "tofu"])
def program(request: pytest.FixtureRequest, tmp_path: Path) -> Terraform:
    path = shutil.which(request.param)
    if path is None:
        pytest.skip(f"{request.param} is not in PATH")
    product = toolchain.Product.OPENTOFU if request.param == "tofu" else toolchain.Product.TERRAFORM
    return Terraform(binary=Path(path), environment={"CHECKPOINT_DISABLE": "1"}, log_dir=tmp_path, product=product)


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    folder = tmp_path / "stacks" / "edge"
    folder.mkdir(parents=True)
    (folder / "cdk.tf.json").write_text(json.dumps(STACK), encoding="utf-8")
    return folder


def test_stack_is_planned_applied_read_moved_and_destroyed(program: Terraform, stack: Path) -> None:
    with pytest.raises(TerraformError, match=f"run `{program.product.command} -chdir="):
        program.output(stack)
    program.init(stack)
    assert program.plan_exit_code(stack, out="reviewed") == PLAN_HAS_CHANGES
    assert program.show(stack, "reviewed")["resource_changes"][0]["change"]["actions"] == ["create"]
    program.apply_plan(stack, "reviewed")
    with pytest.raises(StalePlanError):
        program.apply_plan(stack, "reviewed")
    assert program.plan_exit_code(stack) == PLAN_CLEAN
    assert program.output(stack) == {"seen": "first"}
    ((kind, address, attributes),) = program.resources(stack)
    assert (kind, address, attributes["output"]["value"]) == ("terraform_data", "terraform_data.kept", "first")
    state = program.pull(stack) or {}
    program.push(stack, {**state, "serial": state["serial"] + 1})
    assert (program.pull(stack) or {})["serial"] == state["serial"] + 1
    program.destroy(stack)
    assert program.resources(stack) == []


def test_reviewed_plan_is_taken_where_init_wrote_the_lock_file_itself(program: Terraform, stack: Path) -> None:
    """On a machine whose provider is not in the committed lock file, and for OpenTofu: synth locks nothing there."""
    terraform = WritesALock(
        binary=program.binary, environment=program.environment, log_dir=program.log_dir, product=program.product
    )
    (planned,) = Planner(terraform=terraform, tell=lambda *_: None).plan([stack])
    assert planned.outcome is Outcome.CHANGES
    save(Plans(made_at="2026-12-01T00:00:00Z", commit="", stacks=(planned,)), stack.parent)
    assert load(stack.parent, expected_sha256=None).stacks == (planned,)
