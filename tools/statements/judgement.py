"""Whether what is said of an outage is so. Pure.

The truth is what a client of its own saw at every entry (`truth`), not what the product's own probe says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_REGION = r"[a-z]{2}(?:-[a-z]+)+-\d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one entry answered: whether the right page and a region marker came, which region, and by whom."""

    serves: bool
    region: str | None = None
    by_cloudfront: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What people read of one fault.

    Attributes:
        status: `failover status --json`.
        exit_code: of that command.
        mails: subject and text of each e-mail since the fault, in order.
    """

    status: Mapping[str, Any]
    exit_code: int
    mails: Sequence[tuple[str, str]]

    @property
    def alarms(self) -> list[tuple[str, str]]:
        """The mails that tell of something that is on."""
        return [mail for mail in self.mails if mail[0].startswith("[ALARM]")]

    @property
    def sections(self) -> list[str]:
        """Sections of the runbook that the mails name."""
        found = (re.search(r'section "([a-z0-9-]+)"|#([a-z0-9-]+)$', text, re.MULTILINE) for _, text in self.mails)
        return list(dict.fromkeys(match[1] or match[2] for match in found if match))


def layer_of(public: Seen, first_region: str) -> int | None:
    """Returns the layer that covers: 3 where CloudFront is left out, 1 where another region's bucket answers through it."""
    if not public.serves:
        return None
    if not public.by_cloudfront:
        return 3
    return None if public.region == first_region else 1


def wrong_statements(
    truth: Mapping[str, Seen], said: Said, *, public: str, first_region: str, runbook: str
) -> list[str]:
    """Returns what is said and is not so.

    Args:
        truth: entry -> what it answered.
        said: what people read.
        public: the entry that is the public name.
        first_region: the region that serves when nothing is wrong.
        runbook: the text of the runbook.
    """
    return [
        *_of_status(truth, said, public, first_region),
        *_of_alerts(truth, said, public),
        *(f"no section {name} in the runbook" for name in said.sections if f"\n### {name}\n" not in runbook),
    ]


def _of_status(truth: Mapping[str, Seen], said: Said, public: str, first_region: str) -> Iterator[str]:
    users = said.status["users"]
    if users["are_served"] != truth[public].serves:
        yield f"status says that users are {'' if users['are_served'] else 'not '}served"
    if users["are_served"] and users["layer"] != layer_of(truth[public], first_region):
        yield f"status says that layer {users['layer']} covers, it is {layer_of(truth[public], first_region)}"
    for entry in said.status["entries"]:
        seen = truth[entry["name"]]
        if entry["serves"] != seen.serves:
            yield f"status says that {entry['name']} {'serves' if entry['serves'] else 'does not serve'}"
        elif entry["serves"] and entry["region"] != seen.region:
            yield f"status says that {entry['name']} serves from {entry['region']}, it is {seen.region}"
    is_well = all(seen.serves for seen in truth.values()) and layer_of(truth[public], first_region) is None
    if said.exit_code == 0 and not is_well:
        yield "status exits with 0 though something fails"
    if said.exit_code != said.status["exit_code"]:
        yield "the exit code is another one than the document's"


def _of_alerts(truth: Mapping[str, Seen], said: Said, public: str) -> Iterator[str]:
    if len(said.alarms) > 1:
        yield f"{len(said.alarms)} alerts for one cause"
    no_distribution = not any(seen.serves for name, seen in truth.items() if name.startswith("distribution"))
    for subject, text in said.alarms:
        if not re.search(_REGION, text) or "REGION" in text:
            yield f"an alert names no region: {subject}"
        if "failover evacuate" in text and no_distribution:
            yield f"an alert advises to evacuate though no distribution serves: {subject}"
        yield from (f"an alert {words}: {subject}" for words in _not_so(subject, truth, public))
    for subject, _ in said.mails:
        if _is_not_over(subject, truth):
            yield f"told as over while it lasts: {subject}"


def _not_so(subject: str, truth: Mapping[str, Seen], public: str) -> Iterator[str]:
    """Yields what the subject of an alert says of the site and is not so."""
    if "CloudFront does not serve" in subject and any(
        seen.serves for name, seen in truth.items() if name.startswith("distribution")
    ):
        yield "blames CloudFront, which serves"
    for region in re.findall(rf"the distribution in ({_REGION}) is down", subject):
        if truth[f"distribution in {region}"].serves:
            yield "blames a distribution that serves"
    for region in re.findall(rf"the bucket in ({_REGION}).* does not answer", subject):
        if truth[f"regional endpoint in {region}"].serves:
            yield "blames a bucket that answers"
    for region in re.findall(rf"the spare region ({_REGION}) does not answer", subject):
        if truth[f"distribution in {region}"] == Seen(serves=True, region=region, by_cloudfront=True):
            yield "blames a spare region that answers"
    for region in re.findall(rf"({_REGION}) (?:takes over|covers)", subject):
        if truth[public].region != region:
            yield f"says that {region} serves, which does not"


def _is_not_over(subject: str, truth: Mapping[str, Seen]) -> bool:
    """Whether the subject of a mail tells of an end that has not come."""
    if "CloudFront path serves again" in subject:
        return not any(seen.serves for name, seen in truth.items() if name.startswith("distribution"))
    bucket = re.search(rf"the bucket in ({_REGION}) answers again", subject)
    spare = re.search(rf"the spare region ({_REGION}) answers again", subject)
    if bucket:
        return not truth[f"regional endpoint in {bucket[1]}"].serves
    return spare is not None and truth[f"distribution in {spare[1]}"].region != spare[1]
