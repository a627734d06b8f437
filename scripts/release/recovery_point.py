"""What would be lost if the primary ended now: the age of the oldest object that the secondary does not hold.

Asked of S3 itself: both listings, and for what is absent the replication status of the primary's version
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scripts.aws.clients import translated
from scripts.release.bucket import ContentBucket

RELEASES_PREFIX = "releases/"
_TOLD = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPoint:
    """What the secondary lacked at one moment.

    Attributes:
        seconds: age of the oldest version that it lacked; 0 when it lacked none.
        missing: how many it lacked, of `objects` on the primary.
        objects: how many the primary holds.
        oldest_key: which one was the oldest, "" for none.
        statuses: S3's replication statuses of the oldest ones, such as PENDING, FAILED, or "none" without a rule that copies it.
    """

    seconds: float
    missing: int
    objects: int
    oldest_key: str
    statuses: tuple[str, ...]

    def __str__(self) -> str:
        """Return it for an operator."""
        if not self.missing:
            return f"0 s: the secondary holds all {self.objects:,} objects"
        told = ", ".join(sorted(set(self.statuses)))
        lacks = f"{self.missing:,} of {self.objects:,} objects are not there"
        return f"{self.seconds:.0f} s: {lacks}, the oldest {self.oldest_key} ({told})"


def measure_recovery_point(
    primary: ContentBucket, secondary: ContentBucket, *, now: datetime, speed: float = 1.0
) -> RecoveryPoint:
    """Compare two buckets.

    Args:
        primary: whose objects are wanted.
        secondary: which is to hold them.
        now: the present.
        speed: AWS seconds in a second of this machine's clock.

    Raises:
        AwsError: S3 refused, or does not answer.
    """
    held = {each.key for each in secondary.objects(RELEASES_PREFIX)}
    wanted = {each.key: each.modified_at for each in primary.objects(RELEASES_PREFIX)}
    missing = sorted((wanted[key], key) for key in wanted.keys() - held)
    return RecoveryPoint(
        seconds=max(0.0, (now - missing[0][0]).total_seconds() * speed) if missing else 0.0,
        missing=len(missing),
        objects=len(wanted),
        oldest_key=missing[0][1] if missing else "",
        statuses=tuple(_status(primary, key) for _, key in missing[:_TOLD]),
    )


def _status(bucket: ContentBucket, key: str) -> str:
    with translated("HeadObject", f"{bucket.name}/{key}", region=bucket.region):
        return str(bucket.client.head_object(Bucket=bucket.name, Key=key).get("ReplicationStatus", "none"))
