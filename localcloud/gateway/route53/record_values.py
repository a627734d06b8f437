"""What Route 53 accepts as the value of a record, by its type. Pure.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import dns.exception
import dns.name
import dns.rdata

TEXT_TYPES = frozenset({"TXT", "SPF"})
SINGLE_TYPES = frozenset({"CNAME", "SOA"})
_QUOTED = re.compile(r'\s*("(?:[^"\\]|\\.)*"\s*)+', re.DOTALL)


def problems_of_values(type_: str, values: Sequence[str]) -> Iterable[str]:
    """Yield why Route 53 would refuse these values, in its words."""
    for value in values:
        yield from _problem(type_, value)
    for value in dict.fromkeys(value for value in values if values.count(value) > 1):
        yield f"Duplicate Resource Record: '{value}'"
    if type_ in SINGLE_TYPES and len(values) > 1:
        yield f"Only one ResourceRecord is permitted in a record of type {type_}"


def _problem(type_: str, value: str) -> Iterable[str]:
    """A value is in the master file format of RFC 1035, section 5.1; texts must be in quotation marks."""
    if type_ in TEXT_TYPES and not _QUOTED.fullmatch(value):
        yield _invalid("InvalidCharacterString (Value should be enclosed in quotation marks)", value)
        return
    try:
        dns.rdata.from_text("IN", type_, value)
    except dns.exception.DNSException as error:
        yield _invalid(f"{type(error).__name__} ({error})", value)


def _invalid(problem: str, value: str) -> str:
    return f"Invalid Resource Record: 'FATAL problem: {problem} encountered with '{value}''"


def problems_of_name(name: str) -> Iterable[str]:
    """Yield why a domain name is none: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html."""
    try:
        dns.name.from_text(name)
    except dns.exception.DNSException as error:
        yield f"FATAL problem: {type(error).__name__} ({error}) encountered with '{name}'"
