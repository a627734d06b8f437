"""Which rights are new: by the document, not by its text."""

import json
from typing import Any

import pytest

from scripts.review.access import widened
from scripts.review.plans import Change, Kind


def statement(**more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*", **more}


def sentences(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[str]:
    texts = [json.dumps({"Statement": each}) for each in (before, after)]
    change = Change(
        stack="edge", address="aws_iam_policy.p", type="aws_iam_policy", kind=Kind.UPDATE, before={"policy": texts[0]},
        after={"policy": texts[1]}, unknown={}, hidden=({}, {}), forced_by=(), new_first=False,
    )  # fmt: skip
    return list(widened(change))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([statement(Sid="a")], [statement(Sid="b")]),
        ([statement(Action=["s3:GetObject", "s3:PutObject"])], [statement(Action=["s3:PutObject"]), statement()]),
        ([statement(Action="s3:*")], [statement()]),
        ([statement(Resource="*")], [statement()]),
        ([statement(Action="S3:GETOBJECT")], [statement()]),
        ([statement()], [statement(Condition={"Bool": {"aws:SecureTransport": "true"}})]),
        ([statement()], []),
        ([statement(Principal="*")], [statement(Principal={"AWS": "arn:aws:iam::1:root"})]),
    ],
)
def test_other_spelling_or_less_is_no_new_right(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> None:
    assert sentences(before, after) == []


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([statement()], [statement(Action="s3:*")], "newly allows `s3:*`"),
        ([statement()], [statement(Resource="*")], "on `*`"),
        ([statement(Condition={"Bool": {"x": "1"}})], [statement()], "newly allows `s3:GetObject`"),
        ([statement(Condition={"Bool": {"x": "1"}})], [statement(Condition={"Bool": {"x": "2"}})], "newly allows"),
        ([], [statement(Principal="*")], "**public access**"),
        ([], [statement(Principal={"AWS": "*"})], "**public access**"),
        ([{**statement(), "Effect": "Deny"}], [], "no longer denies s3:GetObject"),
        ([], [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], "all but iam:*"),
    ],
)
def test_more_is_told(before: list[dict[str, Any]], after: list[dict[str, Any]], said: str) -> None:
    (sentence,) = sentences(before, after)
    assert said in sentence


def test_policy_that_is_not_known_yet_is_named_and_not_passed_over() -> None:
    change = Change(
        stack="edge", address="aws_iam_policy.p", type="aws_iam_policy", kind=Kind.UPDATE, before={"policy": "{}"},
        after={}, unknown={"policy": True}, hidden=({}, {}), forced_by=(), new_first=False,
    )  # fmt: skip
    assert "cannot be compared" in next(widened(change))


@pytest.mark.parametrize(("resource", "count"), [("arn:aws:s3:::b/*", 0), ("*", 1)])
def test_new_policy_is_told_where_it_is_wide(resource: str, count: int) -> None:
    text = json.dumps({"Statement": [statement(Resource=resource)]})
    change = Change(
        stack="edge", address="aws_iam_policy.p", type="aws_iam_policy", kind=Kind.CREATE, before={},
        after={"policy": text}, unknown={}, hidden=({}, {}), forced_by=(), new_first=False,
    )  # fmt: skip
    assert len(list(widened(change))) == count
