"""A value that is not known never makes a finding: hide any value of an input, and no rule finds what it did not find before."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.lint.model import Configuration
from scripts.lint.reading import read_document
from scripts.lint.rule import lint
from scripts.lint.rules import ALL_RULES
from tests.unit.lint.examples import EXAMPLES, Example
from tests.unit.lint.shapes import as_plan

Json = dict[str, Any]
Place = tuple[str | int, ...]

# What says how a resource is to be read, rather than what it is.
_FIXED = ("provider", "depends_on", "//", "lifecycle")


def rule_ids(raw: Json) -> set[str]:
    return {violation.rule.id for violation in lint(Configuration([read_document("site", raw)]), ALL_RULES)}


def places(value: Any, path: Place = ()) -> Iterator[Place]:
    """Yields the place of every value in a resource, leaves and blocks."""
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if key not in _FIXED:
            yield (*path, key)
            yield from places(item, (*path, key))


def hidden(raw: Json, chosen: list[Place]) -> Json:
    """The configuration with variables without a value in some places."""
    found = copy.deepcopy(raw)
    for number, place in enumerate(sorted(chosen, key=len, reverse=True)):
        parent: Any = found
        for key in place[:-1]:
            parent = parent[key]
        parent[place[-1]] = f"${{var.hidden_{number}}}"
    return found


def resource_places(raw: Json) -> list[Place]:
    """The places of all values in resources and in the settings of a backend."""
    found: list[Place] = [
        ("resource", type_, name, *place)
        for type_, named in raw["resource"].items()
        for name, body in named.items()
        for place in places(body)
    ]
    settings_of_backend = raw.get("terraform", {}).get("backend", {}).get("s3", {})
    return found + [("terraform", "backend", "s3", key) for key in settings_of_backend]


WITH_RESOURCES = [example for example in EXAMPLES if example.passing["resource"]]


@given(data=st.data(), example=st.sampled_from(EXAMPLES), is_failing=st.booleans())
@settings(max_examples=300, deadline=None)
def test_a_hidden_value_makes_no_finding(data: st.DataObject, example: Example, is_failing: bool) -> None:
    raw = json.loads(json.dumps(example.failing if is_failing else example.passing))
    chosen = data.draw(st.lists(st.sampled_from(resource_places(raw)), min_size=1, max_size=3, unique=True))
    assert rule_ids(hidden(raw, chosen)) <= rule_ids(raw)


@given(data=st.data(), example=st.sampled_from(WITH_RESOURCES))
@settings(max_examples=150, deadline=None)
def test_resources_of_a_hidden_number_make_no_finding(data: st.DataObject, example: Example) -> None:
    raw = json.loads(json.dumps(example.passing))
    bodies = [("resource", type_, name) for type_, named in raw["resource"].items() for name in named]
    for number, (_, type_, name) in enumerate(data.draw(st.lists(st.sampled_from(bodies), min_size=1, unique=True))):
        how = data.draw(st.sampled_from(["count", "for_each"]))
        raw["resource"][type_][name][how] = f"${{var.hidden_{number}}}"
    assert rule_ids(raw) <= rule_ids(example.passing)


@given(data=st.data(), example=st.sampled_from(WITH_RESOURCES))
@settings(max_examples=150, deadline=None)
def test_a_value_that_a_plan_does_not_know_makes_no_finding(data: st.DataObject, example: Example) -> None:
    raw = json.loads(json.dumps(as_plan(example.passing)))
    resources = raw["planned_values"]["root_module"]["resources"]
    index = data.draw(st.integers(0, len(resources) - 1))
    values = resources[index]["values"]
    if values:
        key = data.draw(st.sampled_from(sorted(values)))
        del values[key]
        raw["resource_changes"][index]["change"]["after_unknown"][key] = True
        raw["configuration"]["root_module"]["resources"][index]["expressions"][key] = {"references": ["var.hidden"]}
    assert rule_ids(raw) <= rule_ids(as_plan(example.passing))


@pytest.mark.parametrize("is_failing", [False, True], ids=["passing", "failing"])
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule_id)
def test_each_value_hidden_alone_makes_no_finding(example: Example, is_failing: bool) -> None:
    raw = example.failing if is_failing else example.passing
    before = rule_ids(raw)
    made = {place: found for place in resource_places(raw) if (found := rule_ids(hidden(raw, [place])) - before)}
    assert made == {}


@pytest.mark.parametrize(
    ("name", "zone_id", "found"),
    [
        ("${var.name}", "${var.zone}", set()),
        ("${module.edge.name}", "${module.edge.zone}", set()),
        ("${var.name}", "Z35SXDOTRQ7X7K", {"FW024"}),
        ("lb-1.us-east-1.elb.amazonaws.com", "${var.zone}", {"FW024"}),
        ("${aws_lb.main.dns_name}", "${aws_lb.main.zone_id}", {"FW024"}),
        ("d1.cloudfront.net", "${var.zone}", {"FW023"}),
    ],
)
def test_primary_without_a_check_has_one_finding_when_it_is_known_where_it_leads(
    name: str, zone_id: str, found: set[str]
) -> None:
    record = {
        "zone_id": "Z1", "name": "www.example.com", "type": "A", "set_identifier": "p",
        "alias": {"name": name, "zone_id": zone_id, "evaluate_target_health": False},
        "failover_routing_policy": {"type": "PRIMARY"},
    }  # fmt: skip
    resources = {"aws_route53_record": {"r": record}, "aws_lb": {"main": {}}}
    assert rule_ids({"resource": resources}) & {"FW023", "FW024"} == found


@pytest.mark.parametrize("is_served", [True, False])
def test_replication_that_leaves_deletes_is_found_of_a_served_bucket_when_the_states_bucket_is_not_known(
    is_served: bool,
) -> None:
    """The bucket may be the state's unless CloudFront serves it; FW294 has other words for the state's."""
    raw = copy.deepcopy(next(each for each in EXAMPLES if each.rule_id == "FW294").failing)
    raw["terraform"]["backend"]["s3"]["bucket"] = "${var.states}"
    origin = {"origin_id": "a", "domain_name": "${aws_s3_bucket.a.bucket_regional_domain_name}"}
    raw["resource"]["aws_cloudfront_distribution"] = {"site": {"origin": [origin] if is_served else []}}
    assert rule_ids(raw) & {"FW213", "FW294"} == ({"FW213"} if is_served else set())
