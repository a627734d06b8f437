"""Plans as Terraform prints them: sets in another order than the configuration's, modules, values known only after apply."""

from typing import Any

import pytest

from scripts.lint.model import Configuration, Resource
from scripts.lint.reading import read_document
from tests.unit.lint.test_spellings import is_found

Json = dict[str, Any]
EDGE = "aws_cloudfront_distribution.d"


def plan(resources: dict[str, tuple[Json, Json]], expressions: dict[str, Json], **root: Any) -> Json:
    """A plan of "address" -> (values, after_unknown), and "address" -> the configuration's expressions."""
    modules: dict[str, list[Json]] = {}
    for address, (values, _) in resources.items():
        *module, type_, _name = address.split(".")
        entry = {"address": address, "mode": "managed", "type": type_, "values": values}
        modules.setdefault(".".join(module), []).append(entry)
    root_module: Json = {"resources": modules.pop("", []), "child_modules": []}
    for path, entries in modules.items():
        root_module["child_modules"].append({"address": path, "resources": entries})
    configured = [{"address": address, "expressions": found} for address, found in expressions.items()]
    return {
        "planned_values": {"root_module": root_module},
        "resource_changes": [
            {"address": address, "change": {"actions": ["create"], "after_unknown": unknown}}
            for address, (_, unknown) in resources.items()
        ],
        "configuration": {"root_module": {"resources": configured, **root}},
    }


def origin_buckets(raw: Json, address: str = EDGE) -> dict[str | None, str | None]:
    """Origin id -> address of the bucket behind it."""
    configuration = Configuration([read_document("plan", raw)])
    (edge,) = (one for one in configuration.of_type("aws_cloudfront_distribution") if one.address == address)
    found: dict[str | None, Resource | None] = {
        origin.text("origin_id"): configuration.resource(origin.value("domain_name"), edge, "aws_s3_bucket")
        for origin in edge.body.blocks("origin")
    }
    return {name: bucket.address if bucket else None for name, bucket in found.items()}


def configured_origin(name: str, reference: str) -> Json:
    return {"origin_id": {"constant_value": name}, "domain_name": {"references": [reference]}}


TWO_BUCKETS: dict[str, tuple[Json, Json]] = {f"aws_s3_bucket.{name}": ({"bucket": name}, {}) for name in "ab"}
# The provider's set of origins, in the order in which Terraform 1.11 prints it: not that of the configuration.
TWO_ORIGINS = ({"origin": [{"origin_id": "a"}, {"origin_id": "b"}]}, {"origin": [{"domain_name": True}] * 2})


def test_origins_of_a_plan_are_told_by_their_constants_not_by_their_order() -> None:
    configured = [configured_origin(name, f"aws_s3_bucket.{name}.bucket_regional_domain_name") for name in "ba"]
    raw = plan({**TWO_BUCKETS, EDGE: TWO_ORIGINS}, {EDGE: {"origin": configured}})
    assert origin_buckets(raw) == {"a": "aws_s3_bucket.a", "b": "aws_s3_bucket.b"}


def test_constants_of_configuration_in_json_are_none_beside_references() -> None:
    """So prints Terraform 1.11 the expressions of a *.tf.json."""
    configured = [
        {
            **configured_origin(name, f"aws_s3_bucket.{name}.bucket_regional_domain_name"),
            "origin_path": {"constant_value": "${var.path}", "references": ["var.path"]},
        }
        for name in "ba"
    ]
    values = {"origin": [{"origin_id": name, "origin_path": "/site"} for name in "ab"]}
    raw = plan({**TWO_BUCKETS, EDGE: (values, TWO_ORIGINS[1])}, {EDGE: {"origin": configured}})
    assert origin_buckets(raw) == {"a": "aws_s3_bucket.a", "b": "aws_s3_bucket.b"}


def test_origins_that_nothing_tells_apart_are_unknown() -> None:
    configured = [{"domain_name": {"references": [f"aws_s3_bucket.{name}.id"]}} for name in "ba"]
    raw = plan({**TWO_BUCKETS, EDGE: TWO_ORIGINS}, {EDGE: {"origin": configured}})
    assert origin_buckets(raw) == {"a": None, "b": None}


def test_references_of_a_plan_lead_through_outputs_and_variables_of_modules() -> None:
    def bucket_module(attribute: str) -> Json:
        output = {"expression": {"references": [f"aws_s3_bucket.b{attribute}", "aws_s3_bucket.b"]}}
        return {"module": {"resources": [], "outputs": {"bucket": output}}}

    edge = f"module.cdn.{EDGE}"
    calls = {
        "eu": bucket_module(".bucket_regional_domain_name"),
        "us": bucket_module(""),
        "cdn": {
            "expressions": {
                "a": {"references": ["module.eu.bucket", "module.eu"]},
                "b": {"references": ["module.us.bucket.id", "module.us.bucket", "module.us"]},
            },
            "module": {
                "resources": [
                    {
                        "address": EDGE,
                        "expressions": {"origin": [configured_origin(name, f"var.{name}") for name in "ab"]},
                    }
                ]
            },
        },
    }
    buckets: dict[str, tuple[Json, Json]] = {
        f"module.{name}.aws_s3_bucket.b": ({"bucket": name}, {}) for name in ("eu", "us")
    }
    raw = plan({**buckets, edge: TWO_ORIGINS}, {}, module_calls=calls)
    assert origin_buckets(raw, edge) == {"a": "module.eu.aws_s3_bucket.b", "b": "module.us.aws_s3_bucket.b"}


@pytest.mark.parametrize(("known", "expected"), [({"name": "www.example.com"}, True), ({}, False)])
def test_names_of_a_plan_made_of_the_same_value_may_differ(known: Json, expected: bool) -> None:
    """`a.${x}` and `b.${x}` have the same references: a plan does not show what is around them."""
    name = {"references": ["aws_cloudfront_distribution.d.domain_name", EDGE]}
    values = {"zone_id": "Z1", "type": "A", **known}
    unknown: Json = {} if known else {"name": True}
    raw = plan(
        {
            "aws_route53_record.one": (values, unknown),
            "aws_route53_record.two": ({**values, "weighted_routing_policy": [{"weight": 1}]}, unknown),
        },
        {f"aws_route53_record.{record}": {"name": name} for record in ("one", "two")},
    )
    assert is_found("FW052", raw) is expected


@pytest.mark.parametrize(("waits_for", "expected"), [("module.versioning", False), ("module.other", True)])
def test_resource_of_a_plan_may_wait_for_a_whole_module(waits_for: str, expected: bool) -> None:
    replication = "aws_s3_bucket_replication_configuration.r"
    raw = plan(
        {
            "aws_s3_bucket.a": ({"bucket": "a"}, {}),
            "module.versioning.aws_s3_bucket_versioning.v": ({"bucket": "a"}, {}),
            "module.other.aws_s3_bucket.o": ({"bucket": "o"}, {}),
            replication: ({"bucket": "a"}, {}),
        },
        {},
    )
    raw["configuration"]["root_module"]["resources"] = [{"address": replication, "depends_on": [waits_for]}]
    assert is_found("FW212", raw) is expected
