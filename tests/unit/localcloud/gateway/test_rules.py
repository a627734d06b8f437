"""The gateway's pure rules: routes, scopes, replication rules, record sets, aws-chunked bodies, ranges."""

from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.gateway.acm import validation_record
from localcloud.gateway.application import CredentialScope, scope_of
from localcloud.gateway.errors import ServiceError
from localcloud.gateway.faults import corrupted
from localcloud.gateway.rest_routes import match_template, operation_name, segments_of
from localcloud.gateway.route53.record_sets import RecordKey, listing_order, normalize_name, problems_of_record
from localcloud.gateway.s3.replication_rules import ReplicationRule, parse_rules, rules_for
from localcloud.gateway.s3.subresources import decoded_body
from localcloud.gateway.wire import Request
from localcloud.gateway.xml_tree import parse_xml, same_xml, serialize_xml


def request(path: str = "/", *, body: bytes = b"", **headers: str) -> Request:
    environ = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return Request(method="GET", raw_path=path, query={}, raw_query="", environ=environ, body=body)


def rule_xml(*parts: str) -> Element:
    rules = "".join(f"<Rule><Status>Enabled</Status>{part}</Rule>" for part in parts)
    return parse_xml(f"<ReplicationConfiguration><Role>r</Role>{rules}</ReplicationConfiguration>".encode())


DESTINATION = "<Destination><Bucket>arn:aws:s3:::{}</Bucket></Destination>"
NO_MARKERS = "<DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication>"


def test_path_parameters_are_percent_decoded() -> None:
    segments = segments_of("/key-value-stores/arn%3Aaws%3Aa%2Fb/keys/x%20y")
    assert match_template(segments_of("/key-value-stores/{Arn}/keys/{Key}"), segments) == {
        "Arn": "arn:aws:a/b",
        "Key": "x y",
    }


def test_operation_name_comes_from_the_api_model() -> None:
    assert operation_name("route53", "GET", segments_of("/2013-04-01/geolocations")) == "ListGeoLocations"
    assert operation_name("route53", "GET", ("nothing",)) is None


@pytest.mark.parametrize(
    ("authorization", "scope"),
    [
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
        (
            "AWS4-HMAC-SHA256 Credential=a/20260101/eu-central-1/s3/aws4_request, SignedHeaders=host",
            CredentialScope("s3", "eu-central-1"),
        ),
        (
            "AWS4-ECDSA-P256-SHA256 Credential=a/20260101/s3/aws4_request, SignedHeaders=host",
            CredentialScope("s3", "us-east-1"),
        ),
        ("", CredentialScope("s3", "us-east-1")),
    ],
)
def test_scope_is_read_from_the_signature(authorization: str, scope: CredentialScope) -> None:
    assert scope_of(request(authorization=authorization)) == scope


def test_rule_with_the_highest_priority_wins_for_one_destination() -> None:
    parts = [
        f"<Priority>{priority}</Priority><Filter><Prefix>a</Prefix></Filter>{NO_MARKERS}" + DESTINATION.format("d")
        for priority in (1, 7)
    ]
    chosen = rules_for(parse_rules(rule_xml(*parts)), "abc", {})
    assert [rule.priority for rule in chosen] == [7]


def test_rule_without_filter_repeats_delete_markers() -> None:
    # the first schema: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html
    assert parse_rules(rule_xml(DESTINATION.format("d")))[0].replicates_delete_markers is True


def test_rules_reject_equal_priorities() -> None:
    part = f"<Priority>1</Priority><Filter><Prefix>a</Prefix></Filter>{NO_MARKERS}" + DESTINATION.format("d")
    with pytest.raises(ServiceError, match="different priorities"):
        parse_rules(rule_xml(part, part))


@given(st.text(max_size=8), st.text(max_size=8), st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=3))
def test_rule_applies_to_every_key_with_its_prefix_and_tags(prefix: str, rest: str, tags: dict[str, str]) -> None:
    rule = ReplicationRule(destination="d", prefix=prefix, tags=tuple(tags.items()))
    assert rule.applies_to(prefix + rest, tags | {"more": "x"}) == all(
        (tags | {"more": "x"})[k] == v for k, v in tags.items()
    )


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=5))
def test_chunked_body_is_decoded(chunks: list[bytes]) -> None:
    # https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
    framed = b"".join(b"%x;chunk-signature=0\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    body = framed + b"0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n"
    assert decoded_body(request(body=body, content_encoding="aws-chunked")) == b"".join(chunks)


@given(st.binary(min_size=1, max_size=200))
def test_corruption_changes_the_content_and_not_the_length(body: bytes) -> None:
    assert corrupted(body) != body
    assert len(corrupted(body)) == len(body)


def test_names_are_listed_from_the_right() -> None:
    keys = [
        RecordKey(normalize_name(name), "A", "")
        for name in ("b.example.com", "a.b.example.com", "a.example.com", "*.example.com")
    ]
    assert [key.name for key in sorted(keys, key=listing_order)] == [
        "\\052.example.com.", "a.example.com.", "b.example.com.", "a.b.example.com.",
    ]  # fmt: skip


def test_record_rejects_a_name_outside_the_zone() -> None:
    record = parse_xml(
        b"<R><Name>a.other.com</Name><Type>A</Type><TTL>1</TTL><ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord></ResourceRecords></R>"
    )
    assert problems_of_record(record, "example.com.") == [
        "RRSet with DNS name a.other.com. is not permitted in zone example.com."
    ]


def test_wildcard_shares_the_validation_record_of_its_domain() -> None:
    # https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
    assert validation_record("*.example.com") == validation_record("example.com")


def test_xml_survives_a_round_trip() -> None:
    tree = parse_xml(b'<A xmlns="urn:x"><B>1</B><C/></A>')
    assert same_xml(parse_xml(serialize_xml(tree, "urn:y")), tree)
