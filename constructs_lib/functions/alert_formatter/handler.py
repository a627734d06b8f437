"""Turns an alarm's message into what a person needs: what happened, which layer covers, what to do, where to read on.

An alarm alone misleads: the region checks go through CloudFront too, so an outage of CloudFront turns every check unhealthy.
So each text is told from all health checks together, as Route 53 reports them at that moment, and one cause is told once.

Ships with the folder `alerts` beside it: nothing else of the project can be imported. Environment: ALARM_PREFIX, how alarm names
begin; ALERT_TOPIC_ARN, where the text goes; HOSTNAME; CHECKS, JSON: "path" (not where no CloudFront is in the name) and each
region, primary first -> id of its health check; EXTERNAL_CHECKS, JSON: external endpoint and record type -> id; RUNBOOK_URL, if
there is one; for a webhook WEBHOOK_PARAMETER, the SSM parameter that holds its URL, with WEBHOOK_FORMAT "slack" or "generic", and
WEBHOOK_ONLY when nobody gets an e-mail.
"""

import json
import os
from typing import Any

import boto3
from alerts.clients import CONFIG
from alerts.once import is_told_elsewhere
from alerts.reading import read_record
from alerts.webhook import post_to_webhook


def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Sends the alarms of the event to the webhook and to the topic; returns how many were told.

    The first verdict of an alarm that was just deployed is no news if it is OK, nor is what another alert tells.

    Raises:
        botocore.exceptions.ClientError: SNS did not take the text; Lambda then tries again.
        RuntimeError: the webhook, which is all there is, did not take it; Lambda then tries again.
    """
    alerts = [alert for record in event["Records"] if (alert := read_record(record["Sns"])) is not None]
    topic = boto3.client("sns", config=CONFIG)
    failures = []
    told = [alert for alert in alerts if not is_told_elsewhere(alert)]
    for alert in alerts:
        # the timeline of alarms in regions that may hold no log
        print(json.dumps({**alert.facts(), "is_told": alert in told}))
    for alert in told:
        text = alert.text()
        if failure := post_to_webhook(alert):
            print(f"webhook: {failure}")
            failures.append(failure)
            text += f"\n\nThe webhook did not take this alert: {failure}"
        topic.publish(TopicArn=os.environ["ALERT_TOPIC_ARN"], Subject=alert.subject, Message=text)
    if failures and "WEBHOOK_ONLY" in os.environ:
        raise RuntimeError(f"webhook: {failures[0]}")
    return {"alerts": len(told)}
