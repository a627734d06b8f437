"""A site that starts with one region, and what the second one changes of it."""

from typing import Any

import pytest

from tests.worlds.synthesized import Stacks, example_text, replaced, stacks_of

ONE = example_text("one-region.example")
TWO = f'{ONE}\n[[region]]\nname = "us-east-1"\nrole = "secondary"\n'
PRIMARY, SECOND = "eu-central-1", "us-east-1"


@pytest.fixture(scope="module")
def one() -> Stacks:
    return stacks_of(ONE)


@pytest.fixture(scope="module")
def two() -> Stacks:
    return stacks_of(TWO)


def the(stack: dict[str, Any], kind: str) -> dict[str, Any]:
    (body,) = stack["resource"][kind].values()
    found: dict[str, Any] = body
    return found


def addresses(stack: dict[str, Any]) -> set[str]:
    return {f"{kind}.{name}" for kind, bodies in stack["resource"].items() for name in bodies}


def test_stacks_are_those_of_one_region(one: Stacks) -> None:
    assert sorted(one) == ["attachment-eu-central-1", "dns", "edge", "monitoring", "region-eu-central-1"]


def test_only_bucket_is_the_target_of_every_behaviour_and_nothing_stands_behind_it(one: Stacks) -> None:
    distribution = the(one["edge"], "aws_cloudfront_distribution")
    behaviours = [distribution["default_cache_behavior"], *distribution["ordered_cache_behavior"]]
    assert {each["target_origin_id"] for each in behaviours} == {f"s3-{PRIMARY}"}
    assert "origin_group" not in distribution


def test_regional_endpoint_of_the_only_region_stands_behind_cloudfront(one: Stacks) -> None:
    records = one["edge"]["resource"]["aws_route53_record"]
    behind = [body["alias"]["name"] for name, body in records.items() if name.startswith("failover_records_secondary")]
    assert len(behind) == 2
    assert all(PRIMARY in name and "cloudfront" not in name for name in behind)


def test_nothing_is_copied_anywhere(one: Stacks) -> None:
    assert "aws_s3_bucket_replication_configuration" not in one[f"attachment-{PRIMARY}"]["resource"]


def test_second_region_leaves_dns_and_the_first_region_alone(one: Stacks, two: Stacks) -> None:
    """Every argument stays; two outputs more are what the other stacks read."""
    for name in ("dns", f"region-{PRIMARY}"):
        assert two[name]["resource"] == one[name]["resource"]


def test_second_region_takes_nothing_away_but_the_alarm_that_goes_with_the_endpoint(one: Stacks, two: Stacks) -> None:
    gone = {address for name in one for address in addresses(one[name]) - addresses(two[name])}
    assert [address.partition(".")[2].rpartition("_")[0] for address in gone] == [
        f"endpoint_alarms_{PRIMARY}_errors_alarm"
    ]
    assert any("endpoint_alarms_us-east-1" in address for address in addresses(two[f"attachment-{SECOND}"]))


def test_site_with_named_regions_would_change_its_certificate_which_is_why_one_region_is_refused_without_the_wildcard() -> (
    None
):
    named = replaced(TWO, ('certificate = "wildcard" # stays as it is when the second region comes\n', ""))
    certificate = the(stacks_of(named)["dns"], "aws_acm_certificate")
    assert certificate["subject_alternative_names"] == [f"{name}.www.example.com" for name in (PRIMARY, SECOND)]
    assert the(stacks_of(TWO)["dns"], "aws_acm_certificate")["subject_alternative_names"] == ["*.www.example.com"]


def test_entry_without_cloudfront_keeps_the_certificate_and_proves_the_regional_names_beside_it(two: Stacks) -> None:
    regional = replaced(
        TWO,
        (
            "[objectives]",
            '[routing]\nentry = "regional"\n[health_check]\nregion_check_protocol = "https"\n[objectives]',
        ),
    )
    dns = stacks_of(regional)["dns"]["resource"]
    before = the(two["dns"], "aws_acm_certificate")
    assert before in dns["aws_acm_certificate"].values()
    (beside,) = [each for each in dns["aws_acm_certificate"].values() if each != before]
    assert [beside["domain_name"], *beside["subject_alternative_names"]] == [
        f"{name}.www.example.com" for name in (PRIMARY, SECOND)
    ]
