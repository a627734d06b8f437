"""Sections of the site file about who is told: `[alerts]`. What else monitoring offers is in `[features]`."""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import field_validator

from constructs_lib.site_file.base import Section, pattern, refuse, says

# The characters that https://html.spec.whatwg.org/#valid-e-mail-address allows, but $ and {, which begin a Terraform template.
_EMAIL = r"^[A-Za-z0-9.!#%&'*+/=?^_`|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}$"
# In an environment variable of the formatter; all of a function's take 4 KB:
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_RUNBOOK = r"^https?://[!-~]{1,990}$"
_A_WEBHOOK = "ssm: and the name of an SSM parameter, such as ssm:/failover-site-prod/webhook"


class WebhookFormat(StrEnum):
    """What the webhook receives."""

    SLACK = "slack"
    GENERIC = "generic"


class Alerts(Section):
    """`[alerts]`: who is told. Default: nobody; the topics exist and take subscriptions of your own.

    `webhook_url` is `ssm:` and the name of an SSM SecureString parameter that holds the URL, in every region that the
    monitoring stack's output `alert_regions` names: the URL is a credential, and written here it would lie in git, in plans
    and in Terraform's state. A standard parameter costs nothing (https://aws.amazon.com/systems-manager/pricing/).
    `webhook_format` "slack" is a Slack incoming webhook's JSON, "generic" every fact as its own key.
    `runbook_url` is where the team reads docs/DISASTER_RECOVERY.md; alerts append the section's anchor. Without it they name the
    page and its section, and link to the alarm alone.
    """

    email: Annotated[str, pattern(_EMAIL, "an e-mail address such as oncall@example.com")] | None = None
    webhook_url: Annotated[str | None, says(_A_WEBHOOK, is_secret=True)] = None
    webhook_format: WebhookFormat = WebhookFormat.SLACK
    runbook_url: (
        Annotated[str, pattern(_RUNBOOK, "a link: http:// or https://, ASCII without spaces, at most 1,000 characters")]
        | None
    ) = None

    @field_validator("webhook_url")
    @classmethod
    def _is_not_the_secret(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"ssm:/[a-zA-Z0-9_./-]{1,1000}", value):
            raise refuse(
                allowed=_A_WEBHOOK,
                remedy="the URL is a credential: keep it out of the site file with `aws ssm put-parameter --type SecureString "
                "--name /failover-site-prod/webhook --value URL` in each of the alert regions, and name the parameter here",
            )
        return value

    @property
    def are_delivered(self) -> bool:
        """Whether anybody is told."""
        return self.email is not None or self.webhook_url is not None

    @property
    def webhook_parameter(self) -> str | None:
        """Name of the SSM parameter that holds the webhook's URL."""
        return None if self.webhook_url is None else self.webhook_url.removeprefix("ssm:")
