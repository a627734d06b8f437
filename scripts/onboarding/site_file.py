"""A site file from a team's answers: the text, and the arithmetic in its comments. Writes nothing."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass
from pathlib import Path

import jinja2

from aws_facts.recovery import LONGEST_PROBE_SECONDS, DnsFailover
from scripts.errors import WrongUsageError

_TEMPLATE = Path(__file__).with_name("site_file.toml.j2")
_LOOSE_SECONDS = 10
"""Room between the longest recovery by arithmetic and the objective that is written: a drill's own steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a team says of its site.

    Attributes:
        domain: the zone's name, such as example.com.
        secondary: "" starts with one region.
        hostname: the site's public name, in that zone.
        interval: seconds between two probes of a checker, 10 or 30.
        page_views: a month.
        budget: USD a month that the site may cost.
        state_bucket: "" keeps Terraform's state on this machine.
    """

    domain: str
    hostname: str
    project: str
    environment: str
    primary: str
    secondary: str
    email: str = ""
    hosted_zone_id: str = ""
    state_bucket: str = ""
    state_region: str = ""
    interval: int = 30
    page_views: int = 100_000
    budget: float = 4.00


def text_of(answers: Answers) -> str:
    """Returns the site file.

    Raises:
        WrongUsageError: an answer would not stay within its quotes; what the words mean is the synthesis' to judge.
    """
    for name, value in asdict(answers).items():
        if isinstance(value, str) and re.search(r'["\\\x00-\x1f\x7f]', value):
            raise WrongUsageError(
                f"--{name.replace('_', '-')} {value!r} holds a quote, a backslash or a control character: leave it out"
            )
    longest = math.ceil(DnsFailover(interval_seconds=answers.interval).recovery_seconds(1.0, LONGEST_PROBE_SECONDS))
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=True)  # noqa: S701 - TOML
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(**asdict(answers), longest=longest, rto=longest + _LOOSE_SECONDS)
