"""The rights that the recordings need, as a checked-in list: a line each, sorted, without what differs from site to site.

A line is `ROLE ACTION RESOURCE [KEY=VALUE ...]`. Names, ids and regions of the recorded site are `{...}` in it. `function` is
any role of the stacks, of which only the permissions boundary can be asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.examples.access_check.roles import JOBS, Judgement

NEEDS_FILE = Path(__file__).with_name("needs.txt")
FUNCTION = "function"
STACK_OF_THE_DEPLOY_ROLE = "edge"
"""What `{stack}` stands for; the administrators' states are denied to it."""
_IDS = (
    (re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "{id}"),  # KMS, ACM, CloudFront, Route 53
    (
        re.compile(r"(hostedzone|healthcheck|distribution|queryloggingconfig|change|experiment-template)/[^/]+"),
        r"\1/{id}",
    ),
    (
        re.compile(r"(cache-policy|response-headers-policy|origin-access-control|key-value-store)/[^/]+$"),
        r"\1/{id}",
    ),
    (re.compile(r"/(mrk-|)\{id\}$"), "/{id}"),
    (re.compile(r"(?<=:/)(apis|domainnames|tags)/.+$"), r"\1/{id}"),
    (
        re.compile(r"(vpc|subnet|security-group|security-group-rule|delivery)([/:])[a-z]*-?[0-9a-zA-Z]{8,}$"),
        r"\1\2{id}",
    ),
    (re.compile(r"(webacl/[^/]+)/[^/]+$"), r"\1/{id}"),
    (re.compile(r":db:db-[A-Z0-9]+$"), ":db:{id}"),
)
_OBJECT = re.compile(r"(/(?:releases|control/manifests|health|errors)/).+$")
_STATE = re.compile(r"(?<=\{state_prefix\}).+?(\.tfstate(?:\.tflock)?)$")
# Names of the stacks' parts; those of GitHub's roles and policies and of the boundary count.
_NAMED = re.compile(r"\{prefix\}-(?!ci-|boundary)[^/:]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a recorded site is called.

    Attributes:
        regions: the serving regions.
    """

    prefix: str
    project: str
    account_id: str
    regions: Sequence[str]
    state_region: str
    state_bucket: str
    state_prefix: str

    def placeholders(self) -> dict[str, str]:
        """Returns text -> placeholder, the longest text first."""
        found = {
            self.prefix: "{prefix}",
            self.account_id: "{account}",
            self.state_bucket: "{state_bucket}",
            self.state_prefix: "{state_prefix}",
            self.state_region: "{state_region}",
            **{region: "{region}" for region in self.regions if region != "us-east-1"},  # that one is every site's
        }
        return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def lines(judgements: Iterable[Judgement], site: Site) -> set[str]:
    """Returns the lines of a recorded deployment."""
    return {_line(each, site) for each in judgements}


def _line(judgement: Judgement, site: Site) -> str:
    need = judgement.need
    context = {key: "{project}" if key.endswith("/Project") else value for key, value in need.context.items()}
    pairs = [f"{key}={_general(value, site)}" for key, value in sorted(context.items())]
    role = judgement.role if judgement.role in JOBS else FUNCTION
    return " ".join([role, need.action, _resource(need.resource, site), *pairs])


def _resource(resource: str, site: Site) -> str:
    found = _general(resource, site)
    if found.startswith("arn:aws:s3:::"):
        return _STATE.sub(r"{stack}\1", _OBJECT.sub(r"\1{id}", found))
    for pattern, replacement in _IDS:
        found = pattern.sub(replacement, found)
    return _NAMED.sub("{prefix}-{name}", found)


def _general(text: str, site: Site) -> str:
    for part, placeholder in site.placeholders().items():
        text = text.replace(part, placeholder)
    return text
