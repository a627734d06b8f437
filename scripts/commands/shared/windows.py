"""Windows of time on the command line: a length such as 24h, and when it ends."""

from __future__ import annotations

import datetime as dt
import re

from scripts.errors import WrongUsageError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)([smhd])")


def seconds_of(option: str, text: str) -> float:
    """Returns a length such as 90s, 15m, 24h or 30d in seconds.

    Args:
        option: who gave it, for the refusal.
        text: what was given.

    Raises:
        WrongUsageError: it is no length above zero.
    """
    found = _LENGTH.fullmatch(text)
    seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not seconds:
        raise WrongUsageError(f"{option} {text!r}: give a length above zero, such as 90s, 15m, 24h or 30d")
    return seconds


def moment_of(option: str, text: str) -> float:
    """Returns a moment such as 2026-11-30T14:00Z as Unix time; without an offset it is UTC.

    Raises:
        WrongUsageError: it is no RFC 3339 moment.
    """
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongUsageError(f"{option} {text!r}: give a moment such as 2026-11-30T14:00:00Z") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
