"""The outputs are a contract: what is declared, documented, synthesized and read is the same."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cdktf import App, TerraformStack

from constructs_lib.output_contract import OUTPUTS, PEOPLE, Output, outputs_of
from constructs_lib.outputs import add_output
from constructs_lib.site_file.models import SiteFile
from scripts.cost.estimate import Traffic
from scripts.terraform.outputs import Deployment, Distribution, Objectives, other_outputs_of
from tests.worlds import terraform_types
from tools.outputs_doc import PAGE, render

ROOT = Path(__file__).parents[2]
Stacks = dict[str, dict[str, Any]]


def own_outputs(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The stack's outputs without cdktf's wires between stacks."""
    found: dict[str, dict[str, Any]] = document.get("output", {})
    return {name: body for name, body in found.items() if not name.startswith("cross-stack-output-")}


def is_asked_for(site: SiteFile, output: Output) -> bool:
    section, _, key = output.only_with.partition(".")
    return not output.only_with or bool(getattr(getattr(site, section), key))


def test_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run `python -m tools.outputs_doc`"


def test_stacks_have_the_declared_outputs_and_no_others(site: SiteFile, stacks: Stacks) -> None:
    for stack, document in stacks.items():
        declared = {name for name, output in outputs_of(stack).items() if is_asked_for(site, output)}
        assert set(own_outputs(document)) == declared, stack


def test_outputs_are_described_by_their_meaning(stacks: Stacks) -> None:
    for stack, document in stacks.items():
        for name, body in own_outputs(document).items():
            assert body["description"] == outputs_of(stack)[name].meaning


def test_no_output_of_the_contract_is_sensitive(stacks: Stacks) -> None:
    for document in stacks.values():
        assert [name for name, body in own_outputs(document).items() if body.get("sensitive")] == []


def test_values_have_the_declared_types(stacks: Stacks) -> None:
    for stack, document in stacks.items():
        for name, body in own_outputs(document).items():
            assert terraform_types.problems(body["value"], outputs_of(stack)[name].type, at=name) == []


def test_undeclared_output_is_refused() -> None:
    stack = TerraformStack(App(), "edge")
    with pytest.raises(KeyError, match="undeclared"):
        add_output(stack, "undeclared", "value")


def test_the_command_reads_what_the_edge_stack_has(stacks: Stacks) -> None:
    values = {name: body["value"] for name, body in own_outputs(stacks["edge"]).items()}
    deployment = Deployment.model_validate(values)
    assert deployment.hostname == values["hostname"]
    assert deployment.primary in deployment.buckets
    assert set(deployment.roles) == set(deployment.buckets)


def test_fields_that_the_command_reads_are_declared_outputs_with_their_keys() -> None:
    edge = outputs_of("edge")
    assert set(Deployment.model_fields) <= set(edge)
    for output, model in (("objectives", Objectives), ("traffic", Traffic), ("distributions", Distribution)):
        for field in model.model_fields:
            assert f"{field} = " in edge[output].type


def declared() -> Iterator[tuple[str, Output, str]]:
    for stack, outputs in OUTPUTS.items():
        for output in outputs:
            for reader in output.readers:
                yield stack, output, reader


def test_every_reader_names_the_output() -> None:
    for stack, output, reader in declared():
        if reader != PEOPLE:
            assert output.name in (ROOT / reader).read_text(encoding="utf-8"), (stack, output.name)


def test_every_output_that_the_command_reads_lists_it() -> None:
    readers = {(stack, output.name) for stack, output, reader in declared() if reader == "scripts/terraform/outputs.py"}
    assert {name for stack, name in readers if stack == "edge"} == set(Deployment.model_fields)
    others = {name for stack, name in readers if stack != "edge"}
    assert others == {"regional_endpoint_domain_name", "alarm_names", "alarm_topic_arns"}


def test_what_a_look_reads_of_the_other_stacks_is_what_they_have(stacks: Stacks) -> None:
    found = other_outputs_of(
        {name: {key: body["value"] for key, body in own_outputs(stack).items()} for name, stack in stacks.items()}
    )
    regions = {name.removeprefix("region-") for name in stacks if name.startswith("region-")}
    assert set(found.endpoint_domain_names) == regions
    assert set(found.alarm_names) and regions <= set(found.alarm_regions)


@pytest.mark.parametrize(("value", "type_", "problem"), [
    (1, "string", "is 1, not a string"),
    (True, "number", "is True, not a number"),
    (["a", 1], "list(string)", "value[1] is 1"),
    ({"a": 1}, "map(string)", "value.a is 1"),
    ("a", "map(string)", "not a map"),
    ({}, "object({a = string})", "lacks a"),
    ({"b": "x"}, "object({a = optional(string)})", "has b"),
    ({"r": {"id": 1}}, "map(object({id = string}))", "value.r.id is 1"),
])  # fmt: skip
def test_types_tell_what_differs(value: Any, type_: str, problem: str) -> None:
    (found,) = terraform_types.problems(value, type_)
    assert problem in found
