"""The read-only look at certificates: what ACM says of each is a row that passes or fails."""

import datetime as dt
from typing import Any

import pytest

from scripts.drill.levers.certificates import _acm_rows
from scripts.drill.levers.certificates import rights as rights_of
from tests.unit.prove.test_proof import DEPLOYMENT

GOOD: dict[str, Any] = {
    "Status": "ISSUED",
    "Type": "AMAZON_ISSUED",
    "RenewalEligibility": "ELIGIBLE",
    "InUseBy": ["arn"],
    "NotAfter": dt.datetime.now(dt.UTC) + dt.timedelta(days=60),
}


def failed(**changes: Any) -> list[str]:
    return [row.wanted for row in _acm_rows("x", {**GOOD, **changes}) if not row.passed]


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, []),
        ({"Status": "PENDING_VALIDATION"}, ["issued"]),
        ({"RenewalEligibility": "INELIGIBLE"}, ["renewed by ACM itself"]),
        ({"Type": "IMPORTED"}, ["renewed by ACM itself"]),
        ({"NotAfter": dt.datetime.now(dt.UTC) + dt.timedelta(days=30)}, ["45 days or more left"]),
        (
            {"NotAfter": dt.datetime.now(dt.UTC) - dt.timedelta(days=1), "Status": "EXPIRED"},
            ["issued", "45 days or more left"],
        ),
    ],
)
def test_certificate_that_would_not_be_renewed_fails(changes: dict[str, Any], wanted: list[str]) -> None:
    assert failed(**changes) == wanted


def test_rights_read_and_change_nothing() -> None:
    actions = {action.split(":")[1] for each in rights_of(DEPLOYMENT) for action in each["Action"]}
    assert actions == {"GetDistribution", "GET", "DescribeCertificate"}
