"""EventBridge schedule expressions, as far as they are rates.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

import re

from localcloud.model.errors import UnsupportedResource

_RATE = re.compile(r"rate\((\d+) (minute|minutes|hour|hours|day|days)\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}


def rate_seconds(expression: str) -> int:
    """Return the seconds between two runs of `rate(N unit)`.

    Raises:
        UnsupportedResource: a cron expression, or a rate that AWS refuses (zero, or a unit of the wrong number).
    """
    match = _RATE.fullmatch(expression)
    if match is None or int(match[1]) == 0 or (match[1] == "1") == match[2].endswith("s"):
        raise UnsupportedResource(
            f"schedule {expression!r}",
            reason="only rates are modelled",
            remedy="use rate(1 minute), rate(5 minutes), rate(1 hour) ...",
        )
    return int(match[1]) * _SECONDS[match[2].removesuffix("s")]
