"""What every lever is, and the IAM statements that levers need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

Json = dict[str, Any]


class Lever(Protocol):
    """One thing that can be broken, and mended from what was captured."""

    @property
    def where(self) -> Mapping[str, str]:
        """What the lever acts on, as text: enough to make the same lever again after a crash."""

    def describe(self) -> str:
        """Return what pulling does, and what undoes it, in a sentence each."""

    def capture(self) -> Json:
        """Return what is there now, as JSON, so that `restore` needs nothing else.

        Raises:
            NotSteadyError: it is broken already.
            AwsError: AWS refused.
        """

    def pull(self, before: Json) -> None:
        """Break it; `before` is what `capture` returned and is on disk by now."""

    def restore(self, before: Json) -> None:
        """Mend it; safe to repeat, and when nothing or half of it was broken. Others' changes since stay."""

    def statements(self) -> list[Json]:
        """Return the IAM statements that all three need, on the named resources only."""


def statement(*actions: str, resource: str | list[str]) -> Json:
    """Return an Allow."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def bucket_arn(bucket: str, key: str = "") -> str:
    """Return the ARN of a bucket, or of objects in it."""
    return f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else "")
