"""States that are kept aside: the region is not asked, nothing is lost on the way, and a second run ends what one left."""

import json
from pathlib import Path
from typing import Any, cast

import pytest

from scripts.regions.aside import kept, prepare_aside, set_aside, state_folder
from scripts.terraform.cli import Terraform
from scripts.terraform.states import addresses
from tests.worlds.states_in_memory import StatesInMemory
from tests.worlds.two_region_stacks import write_stacks

OLD, STAYING = "eu-central-1", "us-east-1"
BUCKET, TOPIC = "aws_s3_bucket.content", "aws_sns_topic.alarms"


def state(*found: str) -> dict[str, Any]:
    entries = [{"mode": "managed", "type": kind, "name": name, "provider": "p", "instances": [{"attributes": {"id": name}}]}
               for kind, _, name in (address.partition(".") for address in found)]  # fmt: skip
    return {"version": 4, "serial": 5, "lineage": "l", "outputs": {"a": {}}, "resources": entries}


@pytest.fixture
def stacks(tmp_path: Path) -> Path:
    return write_stacks(tmp_path / "cdktf.out", STAYING, "eu-west-1")


@pytest.fixture
def memory() -> StatesInMemory:
    return StatesInMemory()


def test_states_go_to_keys_of_their_own_and_leave_nothing_behind(stacks: Path, memory: StatesInMemory) -> None:
    terraform = cast("Terraform", memory)
    memory.states[f"terraform.region-{OLD}.tfstate"] = state(BUCKET, TOPIC)
    folder = state_folder(stacks, f"region-{OLD}")
    set_aside(terraform, prepare_aside(stacks, OLD), f"region-{OLD}", folder, state(BUCKET, TOPIC))
    assert set(addresses(memory.states[f"terraform.retired-{OLD}-region-{OLD}.tfstate"])) == {BUCKET, TOPIC}
    assert memory.states[f"terraform.region-{OLD}.tfstate"]["resources"] == []
    assert list(kept(terraform, prepare_aside(stacks, OLD))) == [f"region-{OLD}"]


def test_state_is_kept_before_it_is_emptied(stacks: Path, memory: StatesInMemory) -> None:
    memory.states[f"terraform.region-{OLD}.tfstate"] = state(BUCKET)
    folder = state_folder(stacks, f"region-{OLD}")
    set_aside(cast("Terraform", memory), prepare_aside(stacks, OLD), f"region-{OLD}", folder, state(BUCKET))
    assert memory.pushed == [f"terraform.retired-{OLD}-region-{OLD}.tfstate", f"terraform.region-{OLD}.tfstate"]


def test_second_run_ends_what_one_left_between_both(stacks: Path, memory: StatesInMemory) -> None:
    terraform = cast("Terraform", memory)
    memory.states[f"terraform.retired-{OLD}-region-{OLD}.tfstate"] = state(BUCKET)
    memory.states[f"terraform.region-{OLD}.tfstate"] = state(BUCKET)
    set_aside(
        terraform, prepare_aside(stacks, OLD), f"region-{OLD}", state_folder(stacks, f"region-{OLD}"), state(BUCKET)
    )
    found = memory.states[f"terraform.retired-{OLD}-region-{OLD}.tfstate"]
    assert (len(found["resources"]), found["serial"]) == (1, 5)
    assert memory.states[f"terraform.region-{OLD}.tfstate"]["resources"] == []


def test_certificate_alone_leaves_the_state_of_dns(stacks: Path, memory: StatesInMemory) -> None:
    terraform, both = cast("Terraform", memory), state("aws_acm_certificate.edge", "aws_route53_zone.zone")
    memory.states["terraform.dns.tfstate"] = both
    set_aside(terraform, prepare_aside(stacks, OLD), "dns", stacks / "dns", both, ["aws_acm_certificate.edge"])
    assert set(addresses(memory.states["terraform.dns.tfstate"])) == {"aws_route53_zone.zone"}
    assert list(kept(terraform, prepare_aside(stacks, OLD))) == ["dns"]


def test_what_is_kept_is_deleted_in_its_own_region_and_the_certificate_in_us_east_1(stacks: Path) -> None:
    """An apply of a configuration of nothing deletes what the state holds, so nothing of the site's may be in it."""
    aside = prepare_aside(stacks, OLD)
    documents = {path.parent.name: json.loads(path.read_bytes()) for path in aside.folder.glob("*/cdk.tf.json")}
    assert {name: each["provider"]["aws"][0]["region"] for name, each in documents.items()} == {
        f"region-{OLD}": OLD,
        f"attachment-{OLD}": OLD,
        f"keys-{OLD}": OLD,
        "dns": "us-east-1",
    }
    assert not any("resource" in each for each in documents.values())


@pytest.mark.parametrize("backend", ["local", "s3"])
def test_backend_of_what_is_kept_is_the_sites_with_another_key(stacks: Path, backend: str) -> None:
    if backend == "s3":
        for path in stacks.glob("*/cdk.tf.json"):
            document = json.loads(path.read_bytes())
            document["terraform"]["backend"] = {"s3": {"bucket": "b", "key": f"p/e/{path.parent.name}.tfstate"}}
            path.write_text(json.dumps(document), encoding="utf-8")
    aside = prepare_aside(stacks, OLD)
    found = json.loads((aside.stack("dns") / "cdk.tf.json").read_bytes())["terraform"]["backend"]
    wanted = {"local": {"path": f"../../../terraform.retired-{OLD}-dns.tfstate"},
              "s3": {"bucket": "b", "key": f"p/e/retired-{OLD}-dns.tfstate"}}  # fmt: skip
    assert found == {backend: wanted[backend]}
