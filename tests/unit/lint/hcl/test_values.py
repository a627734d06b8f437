"""Expressions of HCL: what Terraform's console answers, or what a value that is not known is made of."""

from pathlib import Path

import pytest

from scripts.lint.hcl.folder import Folder
from scripts.lint.hcl.module import Module, Notes
from scripts.lint.hcl.syntax import parse
from scripts.lint.values import Expression, Value

DECLARED = """
variable "name" { default = "www" }
variable "ports" {
  type    = list(number)
  default = ["80", 443]
}
variable "site" {
  type    = object({ ttl = optional(number, 300), region = string })
  default = { region = "eu-west-1", more = 1 }
}
variable "unknown" {}
locals {
  domain = "${var.name}.example.com"
  types  = toset(["AAAA", "A"])
  circle = local.circle
}
resource "aws_s3_bucket" "one" {}
resource "aws_s3_bucket" "each" {
  for_each = { a = 1, b = 2 }
}
resource "aws_s3_bucket" "counted" { count = 2 }
resource "aws_s3_bucket" "some" { count = var.unknown }
"""


ARN = ("aws_s3_bucket.one", "arn")


def value(expression: str, declared: str = DECLARED) -> Value:
    folder = Folder(path=Path(), is_on_disk=False)
    folder.add("main.tf", parse(f'{declared}\noutput "it" {{\n value = {expression}\n}}\n'.encode()).body)
    return Module(folder, lambda _: None, Notes()).outputs()["it"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2 * 3 - -4", 11),
        ("7 % 4 + 9 / 2", 7.5),
        ('var.name == "www" && !(1 > 2) || false', True),
        ('"1" == 1', False),
        ("var.ports[0] + 1", 81),
        ("var.site.ttl", 300),
        ("var.site", {"ttl": 300, "region": "eu-west-1"}),
        ("local.domain", "www.example.com"),
        ('"${upper(var.name)}-${1 + 1}$${x}\\n"', "WWW-2${x}\n"),
        ('"%{ if var.name == "www" }yes%{ else }no%{ endif }"', "yes"),
        ('"%{ for p in var.ports ~} ${p} %{ endfor }"', "80 443 "),
        ("<<EOT\n a ${var.name}\n  b\nEOT", " a www\n  b\n"),
        ("<<-EOT\n    a ${var.name}\n      b\n    EOT", "a www\n  b\n"),
        ("[for k, v in { b = 1, a = 2 } : \"${k}${v}\" if v > 0]", ["a2", "b1"]),
        ("{ for t in local.types : t => lower(t) }", {"A": "a", "AAAA": "aaaa"}),
        ("{ for p in [[\"a\", 1], [\"a\", 2]] : p[0] => p[1]... }", {"a": [1, 2]}),
        ("{ (var.name) = 1, \"b c\" : 2 }", {"www": 1, "b c": 2}),
        ("merge({ a = 1 }, { a = 2, b = 3 })", {"a": 2, "b": 3}),
        ("concat([1], [2, 3])[2]", 3),
        ("concat([[1], [2]]...)", [1, 2]),
        ("try(var.site.absent, \"x\")", "x"),
        ("can(var.site.absent)", False),
        ("lookup({ a = 1 }, \"b\", 2)", 2),
        ("element([\"a\", \"b\"], 3)", "b"),
        ("flatten([[1, [2]], []])", [1, 2]),
        ("format(\"%s-%02d\", \"a\", 7)", "a-07"),
        ("join(\",\", sort([\"b\", \"a\"]))", "a,b"),
        ("replace(\"a.b\", \".\", \"-\")", "a-b"),
        ("replace(\"abc\", \"/b+/\", \"x\")", "axc"),
        ("split(\".\", local.domain)[0]", "www"),
        ("jsonencode({ b = [1, true, null], a = \"x\" })", '{"a":"x","b":[1,true,null]}'),
        ("jsondecode(\"{\\\"a\\\": 1}\").a", 1),
        ("coalesce(null, \"\", \"x\")", "x"),
        ("one([])", None),
        ("length(aws_s3_bucket.each) + length(aws_s3_bucket.counted)", 4),
        ("keys(aws_s3_bucket.each)", ["a", "b"]),
        ("cidrsubnet(\"10.0.0.0/16\", 8, 2)", "10.0.2.0/24"),
        ("regex(\"^([a-z]+)\\\\.\", local.domain)", ["www"]),
        ("var.unknown == 1 ? \"x\" : \"x\"", "x"),
        ("false && var.unknown", False),
        ("contains([\"a\", var.unknown], \"a\")", True),
        ("setproduct([\"a\", \"b\"], [1])", [["a", 1], ["b", 1]]),
        ("zipmap([\"a\"], [1])", {"a": 1}),
        ("null", None),
    ],
)  # fmt: skip
def test_expression_is_what_terraform_computes(expression: str, expected: Value) -> None:
    found = value(expression)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("expression", "text", "references"),
    [
        ("var.unknown.a[0]", "${var.unknown.a[0]}", []),
        ("aws_s3_bucket.one.arn", "${aws_s3_bucket.one.arn}", [("aws_s3_bucket.one", "arn")]),
        ("aws_s3_bucket.each[\"a\"].arn", '${aws_s3_bucket.each["a"].arn}', [('aws_s3_bucket.each["a"]', "arn")]),
        ("values(aws_s3_bucket.each)[0].arn", '${aws_s3_bucket.each["a"].arn}', [('aws_s3_bucket.each["a"]', "arn")]),
        ("aws_s3_bucket.counted[*].id", None, []),
        ("\"${aws_s3_bucket.one.arn}/*\"", "${aws_s3_bucket.one.arn}/*", [("aws_s3_bucket.one", "arn")]),
        ("var.unknown ? aws_s3_bucket.one.id : 1", "${var.unknown ? aws_s3_bucket.one.id : 1}", [("aws_s3_bucket.one", "id")]),
        ("jsonencode({ r = \"${aws_s3_bucket.one.arn}/$${u}\" })", '{"r": "${aws_s3_bucket.one.arn}/$${u}"}', [ARN]),
        ("local.circle", "", []),
        ("timestamp()", "${timestamp()}", []),
        ("local.absent", "${local.absent}", []),
    ],
)  # fmt: skip
def test_expression_that_is_not_known_says_what_it_is_made_of(
    expression: str, text: str | None, references: list[tuple[str, str]]
) -> None:
    found = value(expression)
    if text is None:
        assert isinstance(found, list)
        assert [item.text for item in found if isinstance(item, Expression)] == [
            "${aws_s3_bucket.counted[0].id}",
            "${aws_s3_bucket.counted[1].id}",
        ]
        return
    assert isinstance(found, Expression)
    assert found.text == text
    assert [(one.address, one.attribute) for one in found.references] == references


def test_what_only_a_run_of_terraform_computes_is_not_comparable() -> None:
    for expression in ("timestamp()", "[for x in var.unknown : x]", "uuid()"):
        found = value(expression)
        assert isinstance(found, Expression)
        assert not found.is_comparable


@pytest.mark.parametrize("expression", ["aws_s3_bucket.some[0].id", "aws_s3_bucket.some[*].id"])
def test_reference_to_what_has_an_unknown_count_leads_to_its_block(expression: str) -> None:
    found = value(expression)
    assert isinstance(found, Expression)
    assert [reference.address for reference in found.references] == ["aws_s3_bucket.some"]
