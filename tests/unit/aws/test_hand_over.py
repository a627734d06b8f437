"""Moving the public name between distributions: what is checked first, in which order it happens, what is left behind."""

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from scripts.aws.hand_over import HandOverPlan, Site, hand_over, plan_hand_over
from scripts.errors import AwsError, UnsafePlanError, WrongUsageError
from scripts.terraform.outputs import Deployment

PRIMARY, SECONDARY = "eu-central-1", "us-east-1"


def deployment(**changes: Any) -> Deployment:
    distributions = {
        region: {
            "id": id_,
            "arn": "",
            "domain_name": f"{id_.lower()}.cloudfront.net",
            "hostname": f"{region}.www.a.test",
        }
        for region, id_ in ((PRIMARY, "E1"), (SECONDARY, "E2"))
    }
    return Deployment.model_validate(
        {
            "hostname": "www.a.test",
            "hosted_zone_id": "Z1",
            "key_value_store_arn": "",
            "health_check_ids": {},
            "buckets": {},
            "roles": {PRIMARY: "primary", SECONDARY: "secondary"},
            "distributions": distributions,
            "objectives": {"rto_seconds": 1, "rpo_seconds": 1, "availability_ratio": 0.9, "monthly_cost_usd": 1},
            **changes,
        }
    )


class FakeAws:
    """CloudFront and Route 53 in one; `log` is what was called, in order."""

    def __init__(self, *, holder: str | None = "E1", status: str = "Deployed", enabled: bool = True) -> None:
        self.holder, self.status, self.enabled = holder, status, enabled
        self.refuses = False
        self.log: list[str] = []

    def get_distribution(self, *, Id: str) -> dict[str, Any]:  # noqa: N803
        aliases = {"Quantity": 1, "Items": ["www.a.test"]} if Id == self.holder else {"Quantity": 0}
        config = {"Enabled": self.enabled, "Aliases": aliases}
        return {"Distribution": {"Id": Id, "Status": self.status, "DistributionConfig": config}}

    def associate_alias(self, *, TargetDistributionId: str, Alias: str) -> None:  # noqa: N803
        if self.refuses:
            raise ClientError({"Error": {"Code": "IllegalUpdate", "Message": "no"}}, "AssociateAlias")
        self.log.append(f"{Alias} -> {TargetDistributionId}")

    def change_resource_record_sets(self, *, HostedZoneId: str, ChangeBatch: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        (change,) = ChangeBatch["Changes"]
        record = change["ResourceRecordSet"]
        value = record["ResourceRecords"][0]["Value"]
        self.log.append(f"{HostedZoneId} {change['Action']} {record['Name']} {record['Type']} {value}")
        return {"ChangeInfo": {"Id": "C1"}}

    def get_waiter(self, name: str) -> "FakeAws":
        self.log.append(name)
        return self

    def wait(self, **_: object) -> None:
        """Is over at once."""


def plan(aws: FakeAws, region: str = SECONDARY, **changes: Any) -> HandOverPlan:
    made = deployment(**changes)
    site = Site(
        hostname=made.hostname,
        hosted_zone_id=made.hosted_zone_id,
        entry=made.routing.entry,
        distributions=made.distributions,
    )
    return plan_hand_over(cast("Any", aws), site, region)


def test_plan_finds_who_holds_the_name() -> None:
    found = plan(FakeAws())
    assert (found.from_region, found.to_region, found.target_id, found.is_empty) == (PRIMARY, SECONDARY, "E2", False)


def test_plan_is_empty_when_the_target_holds_the_name() -> None:
    aws = FakeAws(holder="E2")
    found = plan(aws)
    hand_over(cast("Any", aws), cast("Any", aws), found)
    assert found.is_empty
    assert aws.log == []


@pytest.mark.parametrize(
    ("aws", "reason"),
    [
        (FakeAws(holder=None), "holds www.a.test"),
        (FakeAws(status="InProgress"), "is InProgress"),
        (FakeAws(enabled=False), "is disabled"),
    ],
)
def test_plan_vetoes_itself(aws: FakeAws, reason: str) -> None:
    with pytest.raises(UnsafePlanError, match=reason):
        plan(aws)


def test_plan_rejects_an_unknown_region() -> None:
    with pytest.raises(WrongUsageError, match="allowed: eu-central-1, us-east-1"):
        plan(FakeAws(), "mars-north-1")


def test_plan_rejects_a_site_without_distributions() -> None:
    with pytest.raises(WrongUsageError, match='has "regional"'):
        plan(FakeAws(), distributions={}, routing={"entry": "regional", "policy": "failover"})


def test_name_is_proved_then_moved_then_the_proof_removed() -> None:
    aws = FakeAws()
    hand_over(cast("Any", aws), cast("Any", aws), plan(aws))
    assert aws.log == [
        'Z1 UPSERT _www.a.test TXT "e2.cloudfront.net"',
        "resource_record_sets_changed",
        "www.a.test -> E2",
        'Z1 DELETE _www.a.test TXT "e2.cloudfront.net"',
    ]


def test_proof_is_removed_when_cloudfront_refuses() -> None:
    aws = FakeAws()
    aws.refuses = True
    with pytest.raises(AwsError, match="IllegalUpdate"):
        hand_over(cast("Any", aws), cast("Any", aws), plan(aws))
    assert aws.log[-1].startswith("Z1 DELETE _www.a.test")
