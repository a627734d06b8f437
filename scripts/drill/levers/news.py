"""What operators hear while something is broken: the first alarm, and the first mail."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Sequence
from typing import Any

from scripts.aws.clients import aws_client, translated
from scripts.errors import WrongUsageError


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What has come by now; None: nobody listens for it."""

    alarm: bool | None = None
    mail: bool | None = None


class Newsroom:
    """Asks CloudWatch for the site's alarms, and a queue for the mails.

    Args:
        alarms: names; none: nobody asks.
        regions: where they are.
        mail_queue: URL of an SQS queue that is subscribed to an alert topic; "" for none. It is emptied.

    Raises:
        WrongUsageError: the URL is none of a queue.
    """

    def __init__(self, *, alarms: Sequence[str], regions: Sequence[str], mail_queue: str = "") -> None:
        self._alarms = frozenset(alarms)
        self._regions = list(regions)
        self._queue = mail_queue
        self._queue_region = _region_of(mail_queue) if mail_queue else ""
        self._has_mail = False

    async def read(self) -> News:
        """Return what has come by now; a mail that was heard stays heard."""
        return await asyncio.to_thread(self._read)

    def forget(self) -> None:
        """Empty the queue: what is in it tells of something before the fault."""
        if self._queue:
            self._mails()
        self._has_mail = False

    def firing(self) -> list[str]:
        """Return the alarms that are in ALARM now."""
        found: list[str] = []
        for region in self._regions if self._alarms else ():
            client: Any = aws_client("cloudwatch", region=region, is_hasty=True)
            with translated("DescribeAlarms", region, region=region):
                pages = client.get_paginator("describe_alarms").paginate(
                    AlarmTypes=["MetricAlarm", "CompositeAlarm"], StateValue="ALARM"
                )
                for page in pages:
                    found += [each["AlarmName"] for each in (*page["MetricAlarms"], *page["CompositeAlarms"])]
        return sorted(set(found) & self._alarms)

    def _read(self) -> News:
        mail = None
        if self._queue:
            self._has_mail = self._mails() > 0 or self._has_mail
            mail = self._has_mail
        return News(alarm=bool(self.firing()) if self._alarms else None, mail=mail)

    def _mails(self) -> int:
        client: Any = aws_client("sqs", region=self._queue_region, is_hasty=True)
        count = 0
        with translated("ReceiveMessage", self._queue, region=self._queue_region):
            while messages := client.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", []):
                for each in messages:
                    count += _is_mail(each["Body"])
                    client.delete_message(QueueUrl=self._queue, ReceiptHandle=each["ReceiptHandle"])
        return count


def _is_mail(body: str) -> bool:
    """Whether it is what people get, and not the alarm's raw message."""
    try:
        text = str(json.loads(body)["Message"])
        message = json.loads(text)
    except (ValueError, KeyError, TypeError):
        return True
    return not (isinstance(message, dict) and "AlarmName" in message)


def _region_of(url: str) -> str:
    """Return the region of https://sqs.REGION.amazonaws.com/ACCOUNT/NAME.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
    """
    host = url.partition("://")[2].split("/")[0].split(":")[0].split(".")
    region = next((part for part in host if part.count("-") >= 2), "")
    if not region:
        raise WrongUsageError(
            f"--mail-queue {url!r} is no URL of a queue: https://sqs.REGION.amazonaws.com/ACCOUNT/NAME"
        )
    return region
