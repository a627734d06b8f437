"""Taking the public name from a distribution of before: what is moved, in which order, and what is refused."""

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from scripts.aws.taking_name import (
    NamePlan,
    are_there,
    find_holder,
    import_id,
    record_of_plan,
    records_of_name,
    records_to_delete,
    take_name,
)
from scripts.errors import AwsError, UnsafePlanError

NAME = "www.a.test"
SIMPLE = [{"Name": f"{NAME}.", "Type": kind, "AliasTarget": {"DNSName": "old."}} for kind in ("A", "AAAA")]
PLANNED = {
    "name": NAME,
    "type": "A",
    "set_identifier": "primary",
    "failover_routing_policy": [{"type": "PRIMARY"}],
    "alias": [{"name": "e2.cloudfront.net", "zone_id": "Z2", "evaluate_target_health": False}],
    "health_check_id": "check",
}
WANTED = {"aws_route53_record.a": record_of_plan(PLANNED)}


class FakeAws:
    """CloudFront and Route 53 in one; `log` is what was called, in order."""

    def __init__(self, **aliases: list[str]) -> None:
        self.aliases = aliases
        self.refuses_records = False
        self.records: list[dict[str, Any]] = [
            *SIMPLE,
            {"Name": "mail.a.test.", "Type": "A"},
            {"Name": f"{NAME}.", "Type": "TXT"},
        ]
        self.log: list[str] = []

    def get_paginator(self, name: str) -> "FakeAws":
        self.asked = name
        return self

    def paginate(self, **_: object) -> list[dict[str, Any]]:
        items = [{"Id": id_, "Aliases": {"Items": held} if held else {}} for id_, held in self.aliases.items()]
        return [{"DistributionList": {"Items": items}, "ResourceRecordSets": self.records}]

    def associate_alias(self, *, TargetDistributionId: str, Alias: str) -> None:  # noqa: N803
        self.log.append(f"{Alias} -> {TargetDistributionId}")

    def change_resource_record_sets(self, *, HostedZoneId: str, ChangeBatch: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        changes = ChangeBatch["Changes"]
        is_proof = changes[0]["ResourceRecordSet"]["Type"] == "TXT"
        if self.refuses_records and not is_proof:
            raise ClientError({"Error": {"Code": "InvalidChangeBatch", "Message": "no"}}, "ChangeResourceRecordSets")
        done = (f"{each['Action']} {each['ResourceRecordSet']['Type']}" for each in changes)
        self.log.append(f"{HostedZoneId}: {', '.join(done)}")
        return {"ChangeInfo": {"Id": "C1"}}

    def get_waiter(self, name: str) -> "FakeAws":
        self.log.append(name)
        return self

    def wait(self, **_: object) -> None:
        """Is over at once."""


def plan(**changes: Any) -> NamePlan:
    values: dict[str, Any] = {
        "hostname": NAME, "hosted_zone_id": "Z1", "holder": "E1", "target_id": "E2", "target_domain_name": "e2.cloudfront.net",
        "deletes": SIMPLE, "creates": WANTED, **changes,
    }  # fmt: skip
    return NamePlan(**values)


def take(aws: FakeAws, found: NamePlan) -> list[str]:
    take_name(cast("Any", aws), cast("Any", aws), found)
    return aws.log


PROVED = ["Z1: UPSERT TXT", "resource_record_sets_changed", "www.a.test -> E2", "Z1: DELETE TXT"]
IN_ONE_CHANGE = "Z1: DELETE A, DELETE AAAA, CREATE A"


def test_alias_moves_first_and_the_records_change_in_one_batch() -> None:
    assert take(FakeAws(), plan()) == [*PROVED, IN_ONE_CHANGE]


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({"holder": "E2"}, [IN_ONE_CHANGE]),
        ({"deletes": [], "are_there": True}, PROVED),
        ({"holder": "E2", "deletes": [], "are_there": True}, []),
        ({"holder": "E2", "deletes": []}, ["Z1: CREATE A"]),
    ],
)
def test_run_after_one_that_was_stopped_does_what_is_left(changes: dict[str, Any], left: list[str]) -> None:
    assert take(FakeAws(), plan(**changes)) == left


def test_refused_records_leave_the_name_with_the_new_distribution() -> None:
    aws = FakeAws()
    aws.refuses_records = True
    with pytest.raises(AwsError, match="InvalidChangeBatch"):
        take(aws, plan())
    assert aws.log == PROVED


def test_holder_is_the_distribution_with_the_exact_alias_and_the_target_once_it_has_it() -> None:
    assert find_holder(cast("Any", FakeAws(E1=[NAME], E2=[])), NAME, "E2") == "E1"
    assert find_holder(cast("Any", FakeAws(E1=[], E2=[NAME])), NAME, "E2") == "E2"


@pytest.mark.parametrize(
    ("aliases", "said"),
    [
        ({"E1": ["a.test"], "E2": []}, "no distribution of this account has www.a.test"),
        ({"E1": ["*.a.test"], "E2": []}, "distribution E1 serves www.a.test by its alias"),
    ],
)
def test_name_that_no_distribution_here_has_exactly_is_refused(aliases: dict[str, list[str]], said: str) -> None:
    with pytest.raises(UnsafePlanError, match=said):
        find_holder(cast("Any", FakeAws(**aliases)), NAME, "E2")


def test_only_records_that_lead_viewers_somewhere_go() -> None:
    found = records_of_name(cast("Any", FakeAws()), "Z1", NAME)
    assert found == SIMPLE
    assert records_to_delete(found, WANTED.values()) == SIMPLE
    assert not are_there(found, WANTED.values())


def test_records_that_are_there_already_stay() -> None:
    ours = list(WANTED.values())
    assert records_to_delete(ours, ours) == []
    assert are_there(ours, ours)


def test_records_of_somebody_elses_policy_are_not_touched() -> None:
    weighted = {**SIMPLE[0], "SetIdentifier": "blue", "Weight": 1}
    with pytest.raises(UnsafePlanError, match="A blue"):
        records_to_delete([weighted], WANTED.values())


def test_planned_record_is_the_one_that_route_53_gets() -> None:
    assert record_of_plan(PLANNED) == {
        "Name": NAME, "Type": "A", "SetIdentifier": "primary", "Failover": "PRIMARY", "HealthCheckId": "check",
        "AliasTarget": {"DNSName": "e2.cloudfront.net", "HostedZoneId": "Z2", "EvaluateTargetHealth": False},
    }  # fmt: skip
    assert import_id(WANTED["aws_route53_record.a"], "Z1") == "Z1_www.a.test_A_primary"


@pytest.mark.parametrize("missing", ["alias", "set_identifier", "failover_routing_policy"])
def test_plan_that_does_not_know_the_record_yet_is_refused(missing: str) -> None:
    with pytest.raises(UnsafePlanError, match="takes_name = false"):
        record_of_plan({key: value for key, value in PLANNED.items() if key != missing})
