"""Listings by the faster parser are those of botocore's own."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from scripts.aws import clients as aws
from scripts.aws.s3_listing import read_faster

KEYS = [
    "a",
    "a b/ü.html",
    "a+b",
    "100%.html",
    "q&a <b> 'c' \"d\".html",
    "ruß/😀",
    "x/" * 400,
    "line\nbreak",
    "control/\x01",
]
KEPT = {"Key", "Size", "ETag", "LastModified"}


@pytest.fixture
def s3() -> Iterator[Any]:
    """A client as botocore makes it, with a bucket of odd keys."""
    with mock_aws():
        client: Any = aws.session().create_client(
            "s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        client.create_bucket(Bucket="odd")
        for number, key in enumerate(KEYS):
            client.put_object(Bucket="odd", Key=key, Body=b"x" * number)
        yield client


def listed(client: Any, **arguments: Any) -> list[dict[str, Any]]:
    return list(client.get_paginator("list_objects_v2").paginate(Bucket="odd", **arguments))


def without(name: str, pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in page.items() if key not in (name, "ResponseMetadata")} for page in pages]


def contents(pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: each[key] for key in KEPT} for page in pages for each in page.get("Contents", [])]


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"Prefix": "a"},
        {"Prefix": "nothing"},
        {"Delimiter": "/"},
        {"Delimiter": "/", "Prefix": "ru"},
        {"PaginationConfig": {"PageSize": 2}},
        {"PaginationConfig": {"PageSize": 1}, "Delimiter": "/"},
    ],
)
def test_listing_is_botocores(s3: Any, arguments: dict[str, Any]) -> None:
    own = listed(s3, **arguments)
    read_faster(s3)
    found = listed(s3, **arguments)
    assert contents(found) == contents(own)
    assert without("Contents", found) == without("Contents", own)
    assert all(set(each) == KEPT for page in found for each in page.get("Contents", []))


def test_refused_listing_is_botocores_error(s3: Any) -> None:
    read_faster(s3)
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket="none")


def test_answer_that_is_no_xml_is_botocores_error(s3: Any) -> None:
    def spoil(response_dict: dict[str, Any], **_rest: object) -> None:
        response_dict["body"] = b"<ListBucketResult><Contents>"

    read_faster(s3)
    s3.meta.events.register_first("before-parse.s3.ListObjectsV2", spoil)
    with pytest.raises(Exception, match="Unable to parse response"):
        s3.list_objects_v2(Bucket="odd")


def test_clients_of_the_commands_read_that_way(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(aws, "read_faster", asked.append)
    client = aws.s3_client("us-east-1")
    assert asked == [client]
