"""When a resolver that disagrees with the zone is late, and when it only keeps its TTL."""

import pytest

from scripts.probe.propagation import GRACE_SECONDS, Lag


@pytest.mark.parametrize(
    ("entry", "changed_seconds_ago", "is_excessive", "seconds"),
    [
        ("us-east-1", None, False, 0.0),
        ("us-east-1", 500.0, False, 0.0),
        ("cloudfront", 10.0, False, 10.0),
        ("cloudfront", 60.0 + GRACE_SECONDS, False, 60.0 + GRACE_SECONDS),
        ("cloudfront", 61.0 + GRACE_SECONDS, True, 61.0 + GRACE_SECONDS),
        ("cloudfront", None, True, 0.0),
    ],
)
def test_lag_is_excessive_beyond_ttl_and_grace(
    entry: str, changed_seconds_ago: float | None, is_excessive: bool, seconds: float
) -> None:
    lag = Lag(
        resolver="192.0.2.1",
        record_type="A",
        entry=entry,
        authoritative_entry="us-east-1",
        changed_seconds_ago=changed_seconds_ago,
        ttl_seconds=60,
    )
    assert (lag.is_excessive, lag.seconds) == (is_excessive, seconds)
    assert "us-east-1" in str(lag)
