"""Moving a deployed site file to another variant: what Terraform would do, planned by the real provider, never applied.

The states of the deployed demo are copied, and not refreshed: other tests change the site at the same time, and
`test_second_plan_is_clean` holds that they say what is there. Outputs that another stack of the new variant would add are put
into the copies by hand, because only an apply would make them.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.worlds.deployment_world import SITE_FILE, DeploymentWorld
from tests.worlds.deployment_world import STACKS as DEPLOYED
from tools.examples.deployed_example import ran

pytestmark = [pytest.mark.local, pytest.mark.slow]

ROOT = Path(__file__).parents[2]

# What watches, and the buckets' policies: no bucket, name or distribution is in them.
STACKS = tuple(stack for stack in DEPLOYED if stack != "monitoring" and not stack.startswith("attachment-"))
ATTACHMENT = "attachment-us-east-1"

# What holds the site's data or name: replacing one is an outage.
PRECIOUS = ("aws_s3_bucket", "aws_route53_zone", "aws_cloudfront_distribution", "aws_cloudfront_key_value_store")

REGIONAL_CHECKS = ("[health_check]", '[health_check]\nregion_check_protocol = "https"')
EUROPE, AMERICA = 'role = "primary"', 'role = "secondary"'


def routing(entry: str, policy: str) -> tuple[str, str]:
    return ("[objectives]", f'[routing]\nentry = "{entry}"\npolicy = "{policy}"\n\n[objectives]')


MOVES: dict[str, tuple[tuple[str, str], ...]] = {
    "cloudfront geolocation": (
        routing("cloudfront", "geolocation"),
        (EUROPE, f"{EUROPE}\nis_default_location = true"),
        (AMERICA, f'{AMERICA}\ncontinents = ["NA"]'),
    ),
    "regional failover": (routing("regional", "failover"), REGIONAL_CHECKS),
    "regional weighted": (
        routing("regional", "weighted"),
        REGIONAL_CHECKS,
        (EUROPE, f"{EUROPE}\nweight = 80"),
        (AMERICA, f"{AMERICA}\nweight = 20"),
    ),
}
VARIANTS = {**MOVES, "canary": (("parity = true", "parity = true\ncanary = true"),)}
# Other tests change the alarms meanwhile, so the canary's stack is planned from nothing.
JOBS = [*((name, stack) for name in MOVES for stack in STACKS), ("canary", ATTACHMENT)]

Actions = dict[str, str]
"""Address of a resource -> what the plan does to it: create, update, replace, delete."""
_NO_CHANGE: Future[Actions] = Future()
"""The plan of a stack that is deployed as it is: `test_second_plan_is_clean` makes it."""
_NO_CHANGE.set_result({})


class Planned:
    """One variant: its plans, and the resources that it has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plans: dict[str, Future[Actions]] = {}

    @property
    def actions(self) -> dict[str, Actions]:
        """Stack -> actions."""
        return {stack: plan.result() for stack, plan in self.plans.items()}

    def addresses(self, stack: str) -> set[str]:
        return _addresses(self.folder / "cdktf.out" / "stacks", stack)

    def body(self, stack: str, address: str) -> dict[str, Any]:
        kind, _, name = address.partition(".")
        document = json.loads(_text(self.folder, stack))
        body: dict[str, Any] = document["resource"][kind][name]
        return body


def _text(folder: Path, stack: str) -> str:
    """Returns a stack's JSON as it would be in any folder."""
    text = (folder / "cdktf.out" / "stacks" / stack / "cdk.tf.json").read_text(encoding="utf-8")
    return text.replace(str(folder), "")


def _addresses(stacks: Path, stack: str) -> set[str]:
    document = json.loads((stacks / stack / "cdk.tf.json").read_bytes())
    return {f"{kind}.{name}" for kind, bodies in document["resource"].items() for name in bodies}


@pytest.fixture(scope="module")
def planned(deployment: DeploymentWorld, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Planned]:
    variants = {name: Planned(tmp_path_factory.mktemp(name.replace(" ", "-"))) for name in VARIANTS}
    for name, variant in variants.items():
        _prepare(deployment, variant.folder, VARIANTS[name])
    jobs = {(stack, _text(deployment.folder, stack)): _NO_CHANGE for stack in STACKS}
    with ThreadPoolExecutor(2) as pool:
        for name, stack in JOBS:
            folder = variants[name].folder
            # The same stack of two variants, from the same state, has one plan.
            key = (stack, _text(folder, stack))
            if key not in jobs:
                jobs[key] = pool.submit(_plan, deployment, folder, stack)
            variants[name].plans[stack] = jobs[key]
    return variants


def _prepare(deployment: DeploymentWorld, folder: Path, changes: tuple[tuple[str, str], ...]) -> None:
    text = SITE_FILE
    for found, replacement in changes:
        assert found in text
        text = text.replace(found, replacement)
    (folder / "site.toml").write_text(text, encoding="utf-8")
    command = [sys.executable, str(ROOT / "main.py"), str(folder / "site.toml"), "--output", str(folder / "cdktf.out")]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    for stack in STACKS:
        state = f"terraform.{stack}.tfstate"
        shutil.copy(deployment.folder / state, folder / state)
        _add_outputs(folder / state, folder / "cdktf.out" / "stacks" / stack / "cdk.tf.json")


def _add_outputs(state: Path, stack: Path) -> None:
    document, outputs = json.loads(state.read_bytes()), json.loads(stack.read_bytes()).get("output", {})
    for name in outputs.keys() - document["outputs"].keys():
        value = "Z0123456789ABC" if name.endswith("zone_id") else "d-1.execute-api.eu-central-1.amazonaws.com"
        document["outputs"][name] = {"value": value, "type": "string"}
    state.write_text(json.dumps(document), encoding="utf-8")


def _plan(deployment: DeploymentWorld, folder: Path, stack: str) -> Actions:
    stack_dir = folder / "cdktf.out" / "stacks" / stack
    deployment.terraform.init(stack_dir)
    # The machine-readable UI has what is needed; `show` of a saved plan would start the provider once more.
    lines = ran(deployment.terraform, stack_dir, "plan", "-json", "-input=false", "-lock=false", "-refresh=false")
    messages = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
    changes = [message["change"] for message in messages if message["type"] == "planned_change"]
    found = {change["resource"]["addr"]: change["action"] for change in changes}
    return {address: action for address, action in found.items() if action not in ("noop", "read")}


@pytest.mark.parametrize("variant", MOVES)
def test_moving_replaces_no_bucket_zone_or_distribution_that_both_have(
    deployment: DeploymentWorld, planned: Mapping[str, Planned], variant: str
) -> None:
    for stack in STACKS:
        both = _addresses(deployment.stacks, stack) & planned[variant].addresses(stack)
        actions = planned[variant].actions[stack]
        deleted = {address for address, action in actions.items() if action in ("delete", "replace")}
        assert [address for address in deleted & both if address.startswith(PRECIOUS)] == []


def test_policy_behind_cloudfront_changes_no_record_and_no_region(planned: Mapping[str, Planned]) -> None:
    actions = planned["cloudfront geolocation"].actions
    changed = {address.partition(".")[0] for address in actions["edge"]}
    assert changed == {"aws_cloudfront_function", "aws_cloudfront_distribution", "aws_cloudfront_origin_request_policy"}
    assert [stack for stack in STACKS if actions[stack]] == ["edge"]


def test_failover_pair_is_moved_behind_the_regional_endpoints_in_place(planned: Mapping[str, Planned]) -> None:
    """No moment without an answer: the records keep name, set identifier and policy."""
    actions = planned["regional failover"].actions["edge"]
    assert {action for address, action in actions.items() if address.startswith("aws_route53_record.")} == {"update"}


def test_other_policy_deletes_the_old_records_before_it_makes_the_new_ones(planned: Mapping[str, Planned]) -> None:
    """`terraform_data.routing_policy` lies between them: what depends on it goes first and comes back last."""
    actions = planned["regional weighted"].actions["edge"]
    assert actions["terraform_data.routing_policy"] == "replace"
    assert "create_before_destroy" not in str(
        planned["regional weighted"].body("edge", "terraform_data.routing_policy")
    )
    assert actions["aws_route53_record.failover_records_primary_a_0F01A885"] == "delete"
    created = [address for address, done in actions.items() if "weighted_records" in address and done == "create"]
    assert len(created) == 4


def test_canary_is_planned_by_the_real_provider(planned: Mapping[str, Planned]) -> None:
    """localcloud refuses CloudWatch Synthetics, so this is as far as it goes without AWS."""
    actions = planned["canary"].actions[ATTACHMENT]
    assert [address.partition(".")[0] for address in actions].count("aws_synthetics_canary") == 1
