"""The workflows: pinned actions, as few rights as each job needs, and commands that exist.

https://docs.github.com/en/actions/reference/security/secure-use
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from constructs_lib.naming import ADMINISTRATORS_STACKS
from scripts.cli import application
from scripts.commands.build import OUTPUT

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
ASSUMES_ROLE = "aws-actions/configure-aws-credentials"
SIGNS = "actions/attest-build-provenance"  # with the same token

Document = dict[str, Any]


def load(path: Path) -> Document:
    document: Document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def jobs(path: Path) -> dict[str, Document]:
    found: dict[str, Document] = load(path)["jobs"]
    return found


def steps() -> Iterator[Document]:
    for path in WORKFLOWS:
        for job in jobs(path).values():
            yield from job["steps"]
    for path in ACTIONS:
        yield from load(path)["runs"]["steps"]


def of_all_workflows() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def test_workflows_are_those_that_the_docs_name() -> None:
    assert [path.stem for path in WORKFLOWS] == [
        "ci",
        "deploy",
        "drift",
        "failover-test",
        "operations",
        "plan",
        "release",
    ]
    assert all(f".github/workflows/{path.name}" in (ROOT / "docs/SECURITY.md").read_text() for path in WORKFLOWS)


def test_every_action_is_pinned_by_commit_and_says_its_version() -> None:
    """A tag can be moved to other code; a commit cannot, and Dependabot moves both the commit and the comment."""
    lines = [line for path in (*WORKFLOWS, *ACTIONS) for line in path.read_text(encoding="utf-8").splitlines()]
    used = [line.split("uses:")[1].strip() for line in lines if "uses:" in line]
    others = [each for each in used if not each.startswith("./")]
    assert others
    assert [each for each in others if not re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40} # v[0-9.]+", each)] == []


@of_all_workflows()
def test_workflow_may_read_and_nothing_else_unless_a_job_says_so(path: Path) -> None:
    assert load(path)["permissions"] == {"contents": "read"}


@of_all_workflows()
def test_token_for_aws_goes_to_jobs_that_take_a_role_only(path: Path) -> None:
    for name, job in jobs(path).items():
        takes_role = any(str(step.get("uses", "")).startswith((ASSUMES_ROLE, SIGNS)) for step in job["steps"])
        assert (job.get("permissions", {}).get("id-token") == "write") is takes_role, name


@of_all_workflows()
def test_roles_are_taken_in_a_region_that_the_team_names_and_that_serves_nothing(path: Path) -> None:
    steps = [step for job in jobs(path).values() for step in job["steps"]]
    taken = [step["with"]["aws-region"] for step in steps if str(step.get("uses", "")).startswith(ASSUMES_ROLE)]
    assert set(taken) <= {"${{ vars.AWS_STS_REGION }}"}


@of_all_workflows()
def test_no_job_may_write_to_the_repository(path: Path) -> None:
    for job in jobs(path).values():
        rights = {right for right, level in job.get("permissions", {}).items() if level == "write"}
        assert rights <= {"id-token", "pull-requests", "issues", "attestations"}


@of_all_workflows()
def test_every_job_ends_and_no_two_runs_meet(path: Path) -> None:
    assert load(path)["concurrency"]["group"]
    assert all(1 <= job["timeout-minutes"] <= 60 for job in jobs(path).values())


def test_deploy_is_never_stopped_half_way() -> None:
    assert load(ROOT / ".github/workflows/deploy.yml")["concurrency"]["cancel-in-progress"] is False


@pytest.mark.parametrize(
    ("workflow", "job", "environment", "role"),
    [
        ("deploy", "plan", None, "AWS_PLAN_ROLE_ARN"),
        ("deploy", "apply", "production", "AWS_DEPLOY_ROLE_ARN"),
        ("deploy", "content", "content", "AWS_CONTENT_ROLE_ARN"),
        ("operations", "content", "content", "AWS_CONTENT_ROLE_ARN"),
        ("operations", "routing", "drill", "AWS_DRILL_ROLE_ARN"),
        ("operations", "takedown", "takedown", "AWS_TAKEDOWN_ROLE_ARN"),
        ("drift", "plan", None, "AWS_PLAN_ROLE_ARN"),
    ],
)
def test_job_runs_in_the_environment_that_its_role_trusts(
    workflow: str, job: str, environment: str | None, role: str
) -> None:
    found = jobs(ROOT / f".github/workflows/{workflow}.yml")[job]
    assert found.get("environment") == environment
    assert [step["with"]["role-to-assume"] for step in found["steps"] if "role-to-assume" in step.get("with", {})] == [
        f"${{{{ vars.{role} }}}}"
    ]


def of_deploy(job: str, verb: str) -> Document:
    found = jobs(ROOT / ".github/workflows/deploy.yml")[job]["steps"]
    (step,) = [step for step in found if f"failover {verb}" in step.get("run", "")]
    return dict(step)


def test_what_is_applied_is_what_was_planned_and_approved() -> None:
    """The digest comes from the job that planned, by the run itself and not by an artifact; reviewers are between."""
    found = jobs(ROOT / ".github/workflows/deploy.yml")
    assert found["plan"]["outputs"]["approved"] == "${{ steps.plan.outputs.approved }}"
    step = of_deploy("apply", "deploy")
    assert step["env"]["APPROVED"] == "${{ needs.plan.outputs.approved }}"
    assert '--approved "$APPROVED" --apply' in step["run"]
    assert not any("terraform" in each.get("run", "") for job in found.values() for each in job["steps"])


def test_what_is_published_is_what_was_built_and_reviewed() -> None:
    """Built once: the source holds templates, and another build could be another site."""
    found = jobs(ROOT / ".github/workflows/deploy.yml")
    builds = [name for name, job in found.items() for step in job["steps"] if "failover build" in step.get("run", "")]
    assert builds == ["plan"]
    step = of_deploy("content", "sync-content")
    assert step["env"]["REVIEWED"] == "${{ needs.plan.outputs.reviewed }}"
    assert f'sync-content {OUTPUT} --reviewed "$REVIEWED" --canary 5 --promote-after 120 --apply' in step["run"]


def test_degraded_is_asked_for_and_never_the_default() -> None:
    document = load(ROOT / ".github/workflows/deploy.yml")
    assert document[True]["workflow_dispatch"]["inputs"]["degraded"]["default"] is False  # type: ignore[index]  # `on`
    for job, verb, option in (("apply", "deploy", "--degraded"), ("content", "sync-content", "--allow-degraded")):
        assert of_deploy(job, verb)["env"]["DEGRADED"] == f"${{{{ inputs.degraded && '{option}' || '' }}}}"


def test_checkout_leaves_no_token_behind() -> None:
    for step in steps():
        if str(step.get("uses", "")).startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_no_expression_is_pasted_into_a_script() -> None:
    """It would be run as code: https://docs.github.com/en/actions/concepts/security/script-injections."""
    for step in steps():
        assert "${{" not in step.get("run", ""), step


def test_plan_holds_no_lock_because_its_role_may_write_nothing() -> None:
    text = (ROOT / ".github/workflows/plan.yml").read_text(encoding="utf-8")
    assert "failover plan --no-lock" in text
    assert "apply" not in text


def test_plan_does_not_run_for_forks() -> None:
    condition = jobs(ROOT / ".github/workflows/plan.yml")["plan"]["if"]
    assert "head.repo.full_name == github.repository" in condition


def test_scripts_are_valid_shell() -> None:
    for step in steps():
        if "run" in step:
            subprocess.run(["bash", "-n"], input=step["run"], text=True, check=True)


@pytest.mark.parametrize("stack", ADMINISTRATORS_STACKS)
def test_stacks_of_an_administrator_are_applied_by_one_and_by_no_workflow(stack: str) -> None:
    assert not [
        step for step in steps() if re.search(rf"\bapply\b.*\b{stack}\b|for stack in.*\b{stack}\b", step.get("run", ""))
    ]
    (step,) = re.findall(
        r"^\d\. .*deploy '\*'.*(?:\n   .*)*", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert "as an administrator" in step
    assert f"`{stack}`" in step


def test_scripts_call_verbs_that_exist() -> None:
    text = "\n".join(step.get("run", "") for step in steps())
    verbs = set(re.findall(r"\.venv/bin/failover ([a-z-]+)", text))
    commands: Any = get_command(application())
    assert verbs
    assert verbs <= set(commands.commands)
    targets = set(re.findall(r"\bmake ([a-z-]+)", text))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert targets
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_python_and_terraform_are_versions_that_the_project_supports() -> None:
    for step in steps():
        options = step.get("with", {})
        if "python-version" in options:
            assert options["python-version"] == "3.11"
        if "terraform_version" in options:
            assert options["terraform_version"].startswith("1.11.")
        if "tofu_version" in options:
            assert options["tofu_version"].startswith("1.11.")


def test_stacks_are_made_by_the_program_that_the_repository_names() -> None:
    """Exactly one of the two is installed, and every workflow that makes stacks passes the variable on."""
    action = yaml.safe_load((ROOT / ".github" / "actions" / "stacks" / "action.yml").read_text(encoding="utf-8"))
    guards = {step["uses"].partition("@")[0]: step["if"] for step in action["runs"]["steps"] if "if" in step}
    assert guards == {
        "hashicorp/setup-terraform": "env.TERRAFORM_BINARY_NAME != 'tofu'",
        "opentofu/setup-opentofu": "env.TERRAFORM_BINARY_NAME == 'tofu'",
    }
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        text = path.read_text(encoding="utf-8")
        if "./.github/actions/stacks" in text:
            assert yaml.safe_load(text)["env"]["TERRAFORM_BINARY_NAME"] == "${{ vars.TERRAFORM_BINARY_NAME }}"


def test_checkov_reads_the_plans_of_every_example_and_of_a_pull_request() -> None:
    (scanned,) = [
        job["strategy"]["matrix"]["site_file"]
        for job in jobs(ROOT / ".github" / "workflows" / "ci.yml").values()
        if "strategy" in job
    ]
    assert sorted(scanned) == sorted(path.name for path in (ROOT / "config").glob("*.toml"))
    (job,) = jobs(ROOT / ".github" / "workflows" / "plan.yml").values()
    assert any("--plans cdktf.out/stacks $SITE_FILE" in step.get("run", "") for step in job["steps"])


@pytest.mark.parametrize("name", ["deploy", "drift", "operations", "plan"])
def test_a_teams_own_program_is_known_wherever_the_site_file_is(name: str) -> None:
    text = (ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["env"]["FAILOVER_PROGRAM"] == "${{ vars.FAILOVER_PROGRAM }}"


def test_stacks_are_made_by_a_teams_own_program_where_there_is_one() -> None:
    action = (ROOT / ".github" / "actions" / "stacks" / "action.yml").read_text(encoding="utf-8")
    assert '"${FAILOVER_PROGRAM:-main.py}"' in action
    assert "${FAILOVER_PROGRAM:-main.py}" in (ROOT / "cdktf.json").read_text(encoding="utf-8"), "make cdktf"
