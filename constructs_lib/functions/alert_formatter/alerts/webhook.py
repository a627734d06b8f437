"""The webhook: Slack's or a generic one."""

import html
import json
import os
import urllib.error
import urllib.request

import boto3

from alerts.alert import Alert
from alerts.clients import CONFIG

_TIMEOUT_SECONDS = 5


def post_to_webhook(alert: Alert) -> str | None:
    """Posts to the webhook if there is one; returns why it failed, never the URL: it is a credential."""
    parameter, is_slack = os.environ.get("WEBHOOK_PARAMETER"), os.environ.get("WEBHOOK_FORMAT") == "slack"
    if parameter is None:
        return None
    try:
        url = boto3.client("ssm", config=CONFIG).get_parameter(Name=parameter, WithDecryption=True)["Parameter"][
            "Value"
        ]
        if not url.startswith(("https://", "http://")):
            return f"the SSM parameter {parameter} holds no http(s) URL"
        # Slack's escaping of &, < and >: https://docs.slack.dev/messaging/formatting-message-text#escaping
        document = (
            {"text": html.escape(f"*{alert.subject}*\n{alert.text()}", quote=False)} if is_slack else alert.facts()
        )
        request = urllib.request.Request(  # noqa: S310  the scheme is checked above
            url, data=json.dumps(document).encode(), headers={"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):  # noqa: S310  as above
            return None
    except urllib.error.HTTPError as error:
        return f"HTTP status {error.code}"
    except Exception as error:  # noqa: BLE001  whatever it is, the e-mail must still go out
        return type(error).__name__
