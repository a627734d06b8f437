"""Entries of Terraform states that belong to another stack, and how they get there."""

from typing import Any

import pytest

from scripts.errors import UnsafePlanError
from scripts.terraform.states import Configuration, State, addresses, emptied, moved, plan_moves, renamed

TOPIC, POLICY, BUCKET = "aws_sns_topic.alarms", "aws_s3_bucket_policy.content", "aws_s3_bucket.content"
OF_REGION = 'provider["registry.terraform.io/hashicorp/aws"].eu_west_1'


def entry(address: str, id_: str = "1", *, mode: str = "managed", provider: str = OF_REGION) -> dict[str, Any]:
    kind, _, name = address.partition(".")
    attributes = {"id": id_, "arn": f"arn:{id_}"}
    return {"mode": mode, "type": kind, "name": name, "provider": provider, "instances": [{"attributes": attributes}]}


def state(*entries: dict[str, Any], serial: int = 7) -> State:
    return {"version": 4, "serial": serial, "lineage": "l", "outputs": {"a": {"value": 1}}, "resources": [*entries]}


def stack(*found: str, provider: str = "aws") -> Configuration:
    return Configuration(providers=dict.fromkeys(found, provider))


STACKS = {"edge": stack("aws_route53_record.www"), "attachment-a": stack(POLICY, TOPIC), "attachment-b": stack(POLICY)}


def test_entry_goes_to_the_one_stack_that_has_it() -> None:
    states = {"edge": state(entry("aws_route53_record.www"), entry(TOPIC)), "attachment-a": None, "attachment-b": None}
    (move,) = plan_moves(STACKS, states)
    assert (move.source, move.target, move.address, move.new_address) == ("edge", "attachment-a", TOPIC, TOPIC)


def test_what_terraform_only_read_stays() -> None:
    states = {"edge": state(entry(TOPIC, mode="data")), "attachment-a": None, "attachment-b": None}
    assert plan_moves(STACKS, states) == []


def test_state_of_a_stack_that_is_gone_is_emptied() -> None:
    (move,) = plan_moves(STACKS, {**dict.fromkeys(STACKS), "keys": state(entry(TOPIC))})
    assert (move.source, move.target) == ("keys", "attachment-a")


@pytest.mark.parametrize(
    ("address", "what"), [(BUCKET, "no stack has it"), (POLICY, "attachment-a, attachment-b have it")]
)
def test_entry_without_one_home_is_refused_and_the_next_step_named(address: str, what: str) -> None:
    with pytest.raises(UnsafePlanError, match=rf"edge holds {address}, and {what}.*Synthesize the site file that was"):
        plan_moves(STACKS, {"edge": state(entry(address)), "attachment-a": None, "attachment-b": None})


def test_another_thing_in_its_place_is_refused() -> None:
    states = {"edge": state(entry(TOPIC, "1")), "attachment-a": state(entry(TOPIC, "2")), "attachment-b": None}
    with pytest.raises(UnsafePlanError, match="two different things: nothing was moved"):
        plan_moves(STACKS, states)


def test_move_takes_the_entry_whole_and_both_states_are_newer() -> None:
    states = {"edge": state(entry(TOPIC)), "attachment-a": state(entry(POLICY), serial=3), "attachment-b": None}
    gaining, losing = moved(plan_moves(STACKS, states), STACKS, states)
    assert set(addresses(gaining["attachment-a"])) == {POLICY, TOPIC}
    assert addresses(gaining["attachment-a"])[TOPIC]["instances"] == entry(TOPIC)["instances"]
    assert gaining["attachment-a"]["outputs"] == {"a": {"value": 1}}
    assert addresses(losing["edge"]) == {}
    assert (gaining["attachment-a"]["serial"], losing["edge"]["serial"]) == (4, 8)


def test_state_that_is_not_there_is_begun() -> None:
    states = {"edge": state(entry(TOPIC)), "attachment-a": None, "attachment-b": None}
    gaining, _ = moved(plan_moves(STACKS, states), STACKS, states)
    assert (gaining["attachment-a"]["version"], gaining["attachment-a"]["outputs"]) == (4, {})
    assert gaining["attachment-a"]["lineage"]


@pytest.mark.parametrize(("provider", "suffix"), [("aws", ""), ("aws.global", ".global")])
def test_entry_gets_the_provider_of_its_new_stack(provider: str, suffix: str) -> None:
    """An entry whose provider no stack has can be neither planned nor destroyed: Provider configuration not present."""
    stacks = {"edge": stack(), "attachment-a": stack(TOPIC, provider=provider)}
    states: dict[str, State | None] = {"edge": state(entry(TOPIC)), "attachment-a": None}
    gaining, _ = moved(plan_moves(stacks, states), stacks, states)
    found = addresses(gaining["attachment-a"])[TOPIC]["provider"]
    assert found == f'provider["registry.terraform.io/hashicorp/aws"]{suffix}'


def test_entry_that_opentofu_wrote_keeps_its_registry() -> None:
    of_tofu = {**entry(TOPIC), "provider": 'provider["registry.opentofu.org/hashicorp/aws"].eu_west_1'}
    states: dict[str, State | None] = {"edge": state(of_tofu), "attachment-a": None}
    stacks = {"edge": stack(), "attachment-a": stack(TOPIC, provider="aws.global")}
    gaining, _ = moved(plan_moves(stacks, states), stacks, states)
    assert (
        addresses(gaining["attachment-a"])[TOPIC]["provider"]
        == 'provider["registry.opentofu.org/hashicorp/aws"].global'
    )


def test_run_that_ended_between_both_states_is_ended_by_the_next() -> None:
    states = {"edge": state(entry(TOPIC)), "attachment-a": state(entry(TOPIC)), "attachment-b": None}
    gaining, losing = moved(plan_moves(STACKS, states), STACKS, states)
    assert gaining == {}
    assert addresses(losing["edge"]) == {}


def test_given_states_are_not_changed() -> None:
    before = state(entry(TOPIC))
    moved(plan_moves(STACKS, {"edge": before, "attachment-a": None, "attachment-b": None}), STACKS, {"edge": before})
    assert before == state(entry(TOPIC))


def test_renamed_entry_keeps_its_id_and_what_waits_for_it_finds_it() -> None:
    record = entry("aws_route53_record.www")
    record["instances"][0]["dependencies"] = [TOPIC]
    newer = renamed(state(entry(TOPIC, "7"), record), {TOPIC: "aws_sns_topic.other"})
    assert newer is not None
    assert addresses(newer)["aws_sns_topic.other"]["instances"][0]["attributes"]["id"] == "7"
    assert addresses(newer)["aws_route53_record.www"]["instances"][0]["dependencies"] == ["aws_sns_topic.other"]
    assert newer["serial"] == 8


def test_second_renaming_changes_nothing() -> None:
    assert renamed(state(entry("aws_sns_topic.other")), {TOPIC: "aws_sns_topic.other"}) is None


def test_emptied_state_is_newer_and_forgets_its_outputs() -> None:
    rest = emptied(state(entry(TOPIC), entry("aws_caller.a", mode="data")), {TOPIC})
    assert (rest["resources"], rest["outputs"], rest["serial"], rest["lineage"]) == ([], {}, 8, "l")


def test_state_that_loses_a_part_keeps_the_rest() -> None:
    rest = emptied(state(entry(TOPIC), entry(POLICY)), {TOPIC})
    assert set(addresses(rest)) == {POLICY}
    assert rest["outputs"] == {"a": {"value": 1}}
