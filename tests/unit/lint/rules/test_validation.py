"""Certificates and the records that prove them, as the provider's documentation writes them, and as plans show them."""

import re
from typing import Any

import pytest

from scripts.lint.reading import read_document
from tests.unit.lint import examples as e
from tests.unit.lint.test_plans import plan
from tests.unit.lint.test_spellings import Json, is_found

OPTIONS = "domain_validation_options"
TAKEN = {"references": ["each.value.resource_record_name", "each.value"]}


def by_domain_name(certificate: str, condition: str = "", **more: Any) -> Json:
    """A record with the for_each of the provider's documentation."""
    each = f"${{{{for o in {certificate}.{OPTIONS} : o.domain_name => o{condition}}}}}"
    return e.record(name="${each.value.resource_record_name}", for_each=each, **more)


def by_count(certificate: str, **more: Any) -> Json:
    name = f"${{{certificate}.{OPTIONS}[count.index].resource_record_name}}"
    return e.record(name=name, count=f"${{length({certificate}.{OPTIONS})}}", **more)


def certificates(*names: str, **second: Any) -> Json:
    first: Json = {"domain_name": names[0], "subject_alternative_names": list(names[1:]), "validation_method": "DNS"}
    return {e.CERTIFICATE: first, "aws_acm_certificate.eu": {**first, "provider": "aws.eu", **second}}


def planned(*addresses: str, **values: Any) -> Json:
    """A plan of the records at these addresses, each with for_each over the options of the certificate of its block."""
    names = {"domain_name": "example.com", "subject_alternative_names": ["*.example.com"]}
    known: Json = {"aws_acm_certificate.c": names, "aws_acm_certificate.eu": {"domain_name": "example.com"}}
    known |= {address: {"type": "CNAME", **values} for address in addresses}
    configured = []
    for block in dict.fromkeys(re.sub(r"\[.*", "", address) for address in addresses):
        certificate = f"aws_acm_certificate.{block.rpartition('.')[2]}"
        each = {"references": [f"{certificate}.{OPTIONS}", certificate]}
        constants = {key: {"constant_value": value} for key, value in values.items()}
        expressions = {"name": TAKEN, **constants}
        configured.append({"address": block, "expressions": expressions, "for_each_expression": each})
    resources = [
        {"address": address, "mode": "managed", "type": address.split(".")[0], "values": body}
        for address, body in known.items()
    ]
    unknown = {"actions": ["create"], "after_unknown": {"name": True}}
    return {
        "planned_values": {"root_module": {"resources": resources}},
        "resource_changes": [{"address": address, "change": unknown} for address in addresses],
        "configuration": {"root_module": {"resources": configured}},
    }


BOTH = certificates("www.example.com")
APEX = certificates("example.com", "*.example.com")
R1, R2 = e.RECORD_1, e.RECORD_2
ANY = e.record(name="${each.value.name}", for_each="${var.records}")
ZONE: Json = {"aws_route53_zone.z": {"name": "example.com"}}


@pytest.mark.parametrize(
    ("rule_id", "resources", "expected"),
    [
        ("FW223", {**BOTH, R1: by_domain_name(e.CERTIFICATE), R2: by_domain_name("aws_acm_certificate.eu")}, True),
        ("FW223", {**BOTH, R1: by_count(e.CERTIFICATE), R2: by_domain_name("aws_acm_certificate.eu")}, True),
        ("FW223", {**BOTH, R1: by_domain_name(e.CERTIFICATE), R2: ANY}, False),
        ("FW223", {**certificates("a.example.com", domain_name="b.example.com"), R1: by_domain_name(e.CERTIFICATE),
                   R2: by_domain_name("aws_acm_certificate.eu")}, False),
        ("FW226", {**APEX, R1: by_count(e.CERTIFICATE)}, True),
        ("FW226", {**APEX, R1: by_domain_name(e.CERTIFICATE, " if !startswith(o.domain_name, \"*.\")")}, False),
        ("FW226", {**APEX, R1: by_domain_name(e.CERTIFICATE, allow_overwrite="${var.overwrite}")}, False),
        ("FW226", {**BOTH, R1: by_domain_name(e.CERTIFICATE)}, False),
        ("FW227", BOTH, False),  # no zone: the names may be proved at another DNS provider
        ("FW227", {**BOTH, **ZONE}, True),
        ("FW227", {**BOTH, **ZONE, R1: by_domain_name(e.CERTIFICATE)}, False),
        ("FW227", {**BOTH, **ZONE, R1: e.record(name="${var.name}")}, False),
        ("FW227", {**BOTH, **ZONE,
                   "cloudflare_record.r": {"name": f"${{{e.CERTIFICATE}.{OPTIONS}[0].resource_record_name}}"}}, False),
        ("FW227", {**certificates("www.example.com", validation_method="EMAIL"), **ZONE}, False),
    ],
)  # fmt: skip
def test_validation_is_read_in_each_form(rule_id: str, resources: Json, expected: bool) -> None:
    assert is_found(rule_id, e.document(resources)) is expected


@pytest.mark.parametrize(
    ("rule_id", "raw", "expected"),
    [
        ("FW223", planned('aws_route53_record.c["example.com"]', 'aws_route53_record.eu["example.com"]'), True),
        ("FW223", planned('aws_route53_record.c["*.example.com"]', 'aws_route53_record.eu["example.com"]'), False),
        ("FW223", planned("aws_route53_record.c[0]", "aws_route53_record.c[1]"), False),
        ("FW226", planned('aws_route53_record.c["example.com"]', 'aws_route53_record.c["*.example.com"]'), True),
        ("FW226", planned('aws_route53_record.c["example.com"]'), False),
        (
            "FW226",
            planned(
                'aws_route53_record.c["example.com"]', 'aws_route53_record.c["*.example.com"]', allow_overwrite=True
            ),
            False,
        ),
    ],
)
def test_validation_is_read_in_plans(rule_id: str, raw: Json, expected: bool) -> None:
    assert is_found(rule_id, raw) is expected


SERVING = {"viewer_certificate": {"acm_certificate_arn": f"${{{e.CERTIFICATE}.arn}}"}}
ASKED = {"domain_name": "www.example.com", "validation_method": "DNS"}
VALIDATION = {"certificate_arn": f"${{{e.CERTIFICATE}.arn}}"}


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({e.CERTIFICATE: ASKED, e.D1: e.distribution(**SERVING)}, True),
        ({e.CERTIFICATE: ASKED, "aws_lb_listener.l": {"certificate_arn": f"${{{e.CERTIFICATE}.arn}}"}}, True),
        ({e.CERTIFICATE: {"private_key": "k", "certificate_body": "c"}, e.D1: e.distribution(**SERVING)}, False),
        ({e.CERTIFICATE: {**ASKED, "validation_method": "${var.method}"}, e.D1: e.distribution(**SERVING)}, False),
        (
            {
                e.CERTIFICATE: ASKED,
                "aws_acm_certificate_validation.v": VALIDATION,
                e.D1: e.distribution(**SERVING, depends_on=["aws_acm_certificate_validation.v"]),
            },
            False,
        ),
    ],
)
def test_certificate_is_waited_for_by_its_validation(resources: Json, expected: bool) -> None:
    assert is_found("FW225", e.document(resources)) is expected


@pytest.mark.parametrize(("actions", "expected"), [(["create"], True), (["no-op"], False)])
def test_certificate_that_a_plan_leaves_alone_is_issued_already(actions: list[str], expected: bool) -> None:
    raw = plan(
        {
            e.CERTIFICATE: (ASKED, {"arn": True}),
            e.D1: ({"viewer_certificate": [{}]}, {"viewer_certificate": [{"acm_certificate_arn": True}]}),
        },
        {
            e.D1: {
                "viewer_certificate": [{"acm_certificate_arn": {"references": [f"{e.CERTIFICATE}.arn", e.CERTIFICATE]}}]
            }
        },
    )
    raw["resource_changes"][0]["change"]["actions"] = actions
    assert read_document("plan", raw).shape == "plan"
    assert is_found("FW225", raw) is expected
