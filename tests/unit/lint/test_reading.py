"""References are followed to resources, also between stacks; what is unknown makes no finding."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.errors import WrongUsageError
from scripts.lint.model import Configuration, Resource
from scripts.lint.reading import read_document, read_paths
from scripts.lint.rule import lint
from scripts.lint.rules import ALL_RULES
from scripts.lint.versions import lacks_release_since
from tests.unit.lint.examples import D1, D2, EXAMPLES, bucket, distribution, document, s3_origin
from tests.unit.lint.shapes import as_plan, as_state

BUCKET_OUTPUT = "${aws_s3_bucket.a.bucket_regional_domain_name}"
BACKEND = {"bucket": "state", "key": "region.tfstate"}


def rule_ids(*documents: tuple[str, dict[str, Any]]) -> set[str]:
    configuration = Configuration([read_document(name, raw) for name, raw in documents])
    return {violation.rule.id for violation in lint(configuration, ALL_RULES)}


def only(configuration: Configuration, type_: str) -> Resource:
    (found,) = configuration.of_type(type_)
    return found


def origin_bucket(configuration: Configuration) -> Resource | None:
    edge = only(configuration, "aws_cloudfront_distribution")
    return configuration.resource(edge.body.block("origin").value("domain_name"), edge, "aws_s3_bucket")


@pytest.mark.parametrize("name", ["cross-stack-reference-input-region-a", "by_backend"])
def test_reference_leads_through_another_stacks_output(name: str) -> None:
    remote = {"terraform_remote_state": {name: {"backend": "s3", "config": dict(BACKEND)}}}
    expression = f"${{data.terraform_remote_state.{name}.outputs.cross-stack-output-bucket}}"
    edge = document({D1: distribution(origin=[s3_origin("a", domain_name=expression)])}, data=remote)
    region = document(
        {"aws_s3_bucket.a": bucket("a", "aws.eu")},
        output={"cross-stack-output-bucket": {"value": BUCKET_OUTPUT}},
        terraform={"backend": {"s3": dict(BACKEND)}},
    )
    configuration = Configuration([read_document("edge", edge), read_document("region-a", region)])
    found = origin_bucket(configuration)
    assert found is not None
    assert (found.document, found.region) == ("region-a", "eu-central-1")


def test_reference_to_a_stack_that_was_not_given_leads_nowhere() -> None:
    expression = "${data.terraform_remote_state.other.outputs.bucket}"
    edge = document({D1: distribution(origin=[s3_origin("a", domain_name=expression)])})
    assert origin_bucket(Configuration([read_document("edge", edge)])) is None


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule_id)
def test_unknown_values_make_no_finding(example: Any) -> None:
    unknown = {
        **example.failing,
        "resource": {
            type_: {name: dict.fromkeys(body, "${var.unknown}") for name, body in named.items()}
            for type_, named in example.failing["resource"].items()
        },
        "terraform": {"backend": {"s3": {"bucket": "${var.unknown}", "region": "${var.unknown}"}}},
    }
    assert not rule_ids(("site", unknown))


def test_blocks_made_by_dynamic_are_unknown() -> None:
    body = {**distribution(default_cache_behavior={"target_origin_id": "made"}), "origin": None, "origin_group": None}
    body["dynamic"] = {"origin": {"for_each": "${var.origins}", "content": {}}}
    assert "FW162" not in rule_ids(("site", document({D1: body})))


def test_locals_are_replaced() -> None:
    raw = document(
        {D1: distribution(aliases=["${local.name}"]), D2: distribution()}, locals={"name": "www.example.com"}
    )
    assert "FW011" in rule_ids(("site", raw))


def test_locals_inside_text_are_replaced() -> None:
    raw = document(
        {D1: distribution(aliases=["www.${local.zone}"]), D2: distribution()},
        locals={"zone": "${local.name}.com", "name": "example"},
    )
    assert "FW011" in rule_ids(("site", raw))


def test_resources_with_count_zero_are_not_there() -> None:
    raw = document({D1: distribution(), D2: {**distribution(), "count": 0}})
    assert "FW011" not in rule_ids(("site", raw))


def test_blocks_may_be_lists_at_every_level() -> None:
    raw = {"resource": [{"aws_cloudfront_distribution": [{"d1": [distribution()]}, {"d2": distribution()}]}]}
    assert "FW011" in rule_ids(("site", raw))


def test_child_modules_of_a_plan_are_read() -> None:
    entry = {"type": "aws_cloudfront_distribution", "mode": "managed", "values": {"aliases": ["www.example.com"]}}
    child = {"address": "module.cdn", "resources": [{"address": f"module.cdn.{one}", **entry} for one in (D1, D2)]}
    assert "FW011" in rule_ids(("plan", {"planned_values": {"root_module": {"child_modules": [child]}}}))


@pytest.mark.parametrize(("roles", "is_twice"), [(("", ""), True), (("zone", "region"), False)])
def test_accounts_of_a_plan_are_told_by_the_roles_of_its_providers(roles: tuple[str, str], is_twice: bool) -> None:
    """A name has one validation record in each account."""
    plans = []
    for name, role in zip("ab", roles, strict=True):
        raw = as_plan(
            document(
                {
                    "aws_acm_certificate.c": {"domain_name": "www.example.com", "provider": "aws"},
                    "aws_route53_record.v": {"name": "${aws_acm_certificate.c.domain_validation_options}"},
                }
            )
        )
        assumed = [{"role_arn": {"constant_value": f"arn:aws:iam::1:role/{role}"}}] if role else []
        raw["configuration"]["provider_config"]["aws"]["expressions"]["assume_role"] = assumed
        plans.append((name, raw))
    assert ("FW223" in rule_ids(*plans)) is is_twice


def test_files_of_one_folder_are_one_module_and_folders_are_several(tmp_path: Path) -> None:
    for place, address in (("one/a", D1), ("one/b", D2), ("two/a", D1)):
        file = tmp_path / f"{place}.tf.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(document({address: distribution()})), encoding="utf-8")
    configuration = read_paths([tmp_path])
    assert [(one.name, len(one.resources)) for one in configuration.documents] == [("one", 2), ("two", 1)]
    assert {Path(resource.path).name for resource in configuration.resources} == {"a.tf.json", "b.tf.json"}


def test_folders_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for place in ("x/edge", "y/edge"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "cdk.tf.json").write_text(json.dumps(document({D1: distribution()})), encoding="utf-8")
    configuration = read_paths([tmp_path])
    assert len({resource.key for resource in configuration.resources}) == 2


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"name": "no Terraform"}', "[" * 100_000, b"\xff\xfe\x00"])
def test_reading_rejects_what_is_no_terraform_json(content: str | bytes, tmp_path: Path) -> None:
    file = tmp_path / "input.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(WrongUsageError, match=r"input\.json"):
        read_paths([file])


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ('[{"resource": {}}]', "an array of 1"),
        ('"plan"', "a string"),
        ("1", "a number"),
        ("true", "true"),
        ("null", "null"),
    ],
)
def test_reading_says_what_it_found_in_place_of_an_object(content: str, found: str, tmp_path: Path) -> None:
    file = tmp_path / "input.json"
    file.write_text(content, encoding="utf-8")
    expected = rf"input\.json holds {found}, and a JSON object of Terraform's is expected: give a folder of \*\.tf or "
    with pytest.raises(WrongUsageError, match=expected):
        read_paths([file])


def test_blocks_of_one_name_in_one_file_are_all_read(tmp_path: Path) -> None:
    # Terraform takes this file and makes all three buckets.
    file = tmp_path / "twice.tf.json"
    several = [{"aws_s3_bucket": {"a": {}}}, {"aws_s3_bucket": {"b": {}}}, [{"aws_s3_bucket": {"c": {}}}]]
    file.write_text("{" + ", ".join(f'"resource": {json.dumps(one)}' for one in several) + "}", encoding="utf-8")
    found = read_paths([file]).of_type("aws_s3_bucket")
    assert {resource.address for resource in found} == {f"aws_s3_bucket.{name}" for name in "abc"}


def test_reading_rejects_what_nests_deeper_than_terraform_does(tmp_path: Path) -> None:
    file = tmp_path / "deep.tf.json"
    file.write_text('{"resource": {"aws_s3_bucket": {"a": {"x": ' + "[" * 300 + "]" * 300 + "}}}}", encoding="utf-8")
    with pytest.raises(WrongUsageError, match=r"deep\.tf\.json nests deeper than 100 levels"):
        read_paths([file])


def test_reading_rejects_a_path_that_holds_nothing(tmp_path: Path) -> None:
    with pytest.raises(WrongUsageError, match=r"holds no \*\.tf and no \*\.tf\.json"):
        read_paths([tmp_path])
    with pytest.raises(WrongUsageError, match="does not exist"):
        read_paths([tmp_path / "absent"])


@pytest.mark.parametrize(
    ("constraint", "is_old"),
    [
        ("5.100.0", True),
        ("= 5.100.0", True),
        ("~> 5.0", True),
        ("~> 5.100.0", True),
        (">= 5.0, < 6.0.0", True),
        (">= 5.100.0, < 7.0.0", False),
        (">= 5.0", False),
        ("~> 6.0", False),
        ("~> 4.0", True),
        ("five", False),
    ],
)
def test_constraint_says_whether_only_older_providers_fit(constraint: str, is_old: bool) -> None:
    assert lacks_release_since(constraint, (6, 0, 0)) is is_old


# Names that rules look at, so that generated documents reach them, with values of any type below.
_TYPED = [(type_, named) for example in EXAMPLES for type_, named in example.failing["resource"].items()]
_KEYS = st.sampled_from(sorted({key for _, named in _TYPED for body in named.values() for key in body}))
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(
        ["", "${", "${a_b.c.d}", "$${x}", "%{ if }", "{", "[", "*", "www.example.com", "HTTPS", "PRIMARY", D1]
    )
    | st.text(max_size=8)
)
_OBJECT_KEYS = _KEYS | st.text(max_size=4)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_OBJECT_KEYS, inner, max_size=4),
    max_leaves=12,
)
_TYPES = st.sampled_from(sorted({type_ for type_, _ in _TYPED}))
_BODIES = st.dictionaries(_KEYS, _VALUES, max_size=5) | _VALUES
_RESOURCES = st.dictionaries(_TYPES, st.dictionaries(st.text(max_size=4), _BODIES, max_size=2) | _VALUES, max_size=4)
_SECTIONS = (
    "provider",
    "terraform",
    "output",
    "locals",
    "data",
    "planned_values",
    "resource_changes",
    "configuration",
    "values",
)


@given(resources=_RESOURCES | _VALUES, rest=st.dictionaries(st.sampled_from(_SECTIONS), _VALUES, max_size=4))
@settings(max_examples=120, deadline=None)
def test_linter_never_crashes(resources: Any, rest: dict[str, Any]) -> None:
    rule_ids(("any", {"resource": resources, **rest}))


@given(data=st.data(), example=st.sampled_from(EXAMPLES), shape=st.sampled_from([dict, as_plan, as_state]))
@settings(max_examples=120, deadline=None)
def test_linter_never_crashes_on_an_example_with_one_value_changed(
    data: st.DataObject, example: Any, shape: Any
) -> None:
    raw = json.loads(json.dumps(shape(example.failing)))
    place: Any = raw
    while isinstance(place, dict | list) and place:
        keys = sorted(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or data.draw(st.integers(0, 3)) == 0:
            place[key] = data.draw(_VALUES)
            break
        place = place[key]
    rule_ids(("any", raw))
