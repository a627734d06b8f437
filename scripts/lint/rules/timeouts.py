"""How long a group waits for its primary, and timeouts that CloudFront refuses (trap 13)."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.lint.distributions import Distribution, distributions, groups, is_s3_origin
from scripts.lint.javascript import called, is_readable, named
from scripts.lint.model import Configuration, Document
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.sources import cloudfront, cloudfront_api
from scripts.lint.values import Block
from scripts.lint.versions import admits_release_before, lacks_release_since

# Defaults: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Origin.html
_DEFAULT_ATTEMPTS = 3
_DEFAULT_CONNECT_SECONDS = 10
_DEFAULT_READ_SECONDS = 30
_LONGEST_READ_SECONDS = 120
# https://github.com/hashicorp/terraform-provider-aws/blob/main/CHANGELOG.md (6.13.0)
_COMPLETION, _COMPLETION_SINCE = "response_completion_timeout", (6, 13, 0)


def _primaries(configuration: Configuration) -> Iterator[tuple[Distribution, Block]]:
    """Yields the first member of each group, when it is known."""
    for distribution, group in groups(configuration):
        first = next(iter(group.items("member")), None)
        name = Block(first).text("origin_id") if isinstance(first, dict) else None
        if name is not None and name in distribution.origins:
            yield distribution, distribution.origins[name]


def _number_or(block: Block, key: str, default: float) -> float | None:
    return default if block.is_unset(key) else block.number(key)


def _slow_connect(configuration: Configuration) -> Iterator[Finding]:
    for distribution, origin in _primaries(configuration):
        attempts = _number_or(origin, "connection_attempts", _DEFAULT_ATTEMPTS)
        timeout = _number_or(origin, "connection_timeout", _DEFAULT_CONNECT_SECONDS)
        if attempts and timeout and attempts * timeout >= _DEFAULT_ATTEMPTS * _DEFAULT_CONNECT_SECONDS:
            name = origin.text("origin_id")
            yield at(distribution.resource, f"group primary {name}: {attempts:g} attempts x {timeout:g} s to connect")


def _slow_read(configuration: Configuration) -> Iterator[Finding]:
    for distribution, origin in _primaries(configuration):
        attempts = _number_or(origin, "connection_attempts", _DEFAULT_ATTEMPTS)
        timeout = _read_timeout(distribution, origin)
        if not attempts or attempts <= 1:
            continue
        if timeout and timeout >= _DEFAULT_READ_SECONDS and _is_read_timeout_left(distribution):
            name = origin.text("origin_id")
            yield at(distribution.resource, f"group primary {name}: {attempts:g} attempts x {timeout:g} s to answer")


def _read_timeout(distribution: Distribution, origin: Block) -> float | None:
    """Returns seconds, None when unknown; also of an origin of which nothing says what kind it is."""
    if custom := origin.blocks("custom_origin_config"):
        return _number_or(custom[0], "origin_read_timeout", _DEFAULT_READ_SECONDS)
    if not is_s3_origin(distribution, origin):
        return None
    return _number_or(origin.block("s3_origin_config"), "origin_read_timeout", _DEFAULT_READ_SECONDS)


def _is_read_timeout_left(distribution: Distribution) -> bool:
    """Whether no function lowers it, or one also makes groups, whose members keep the origin's own timeouts."""
    codes = [distribution.viewer_request_code(behaviour) for behaviour in distribution.behaviours()]
    if not all(code is not None and is_readable(code) for code in codes):
        return False
    known = [code for code in codes if code]
    lowered = any("updateRequestOrigin" in called(code) and "readTimeout" in named(code) for code in known)
    return not lowered or any("createRequestOriginGroup" in called(code) for code in known)


def _refused_timeout(configuration: Configuration) -> Iterator[Finding]:
    for distribution in distributions(configuration):
        for origin in distribution.origins.values():
            if reason := _refused(origin):
                yield at(distribution.resource, f"origin {origin.text('origin_id')} has {reason}")


def _refused(origin: Block) -> str | None:
    settings = next(
        (block for key in ("custom_origin_config", "s3_origin_config") for block in origin.blocks(key)), Block()
    )
    read = _number_or(settings, "origin_read_timeout", _DEFAULT_READ_SECONDS)
    complete = origin.number("response_completion_timeout")
    if read is not None and not 1 <= read <= _LONGEST_READ_SECONDS and not settings.is_unset("origin_read_timeout"):
        return f"a read timeout of {read:g} s, allowed 1 to {_LONGEST_READ_SECONDS}"
    if read is not None and complete and complete < read:
        return f"a response completion timeout of {complete:g} s, below the read timeout of {read:g} s"
    return None


def _unbounded(configuration: Configuration) -> Iterator[Finding]:
    settable = {document.name: _is_settable(document) for document in configuration.documents}
    told = {document.name for document in configuration.documents if document.aws_provider_version}
    states = {document.name for document in configuration.documents if document.shape == "state"}
    for distribution, origin in _primaries(configuration):
        document = distribution.resource.document
        # A state tells no version, but has the attribute where the provider has it.
        is_settable = _COMPLETION in origin.values if document in states else settable.get(document, False)
        if not origin.blocks("custom_origin_config") and document not in told:
            continue  # S3 itself seldom trickles: worth a word only to who has asked for a provider that can bound it
        if is_settable and (origin.is_unset(_COMPLETION) or origin.number(_COMPLETION) == 0):
            yield at(distribution.resource, f"group primary {origin.text('origin_id')} has no {_COMPLETION}")


def _is_settable(document: Document) -> bool:
    """Whether the provider in use takes the setting: the newest does, and who admits release 5 has to do without."""
    constraint = document.aws_provider_version or ""
    return not admits_release_before(constraint, (6, 0, 0)) and not lacks_release_since(constraint, _COMPLETION_SINCE)


_ORIGIN = cloudfront_api("API_Origin")

RULES = (
    Rule(
        id="FW131",
        severity=Severity.WARNING,
        slug="slow-primary-connect",
        title="A group primary left at 3 x 10 s to connect",
        why="While the primary cannot be reached, every cache miss waits 30 s before the secondary is asked.",
        source=_ORIGIN,
        remedy="Set connection_attempts = 1 and connection_timeout = 2 or 3 on the primary.",
        check=_slow_connect,
    ),
    Rule(
        id="FW132",
        severity=Severity.WARNING,
        slug="slow-primary-read",
        title="More than one attempt with a read timeout of 30 s",
        why="A primary that accepts and stays silent costs attempts x 30 s on each miss. A group made by a function keeps the "
        "members' own timeouts, so a function cannot lower it there.",
        source=cloudfront("RequestAndResponseBehaviorS3Origin"),
        remedy="Set connection_attempts = 1, and lower the read timeout: origin_read_timeout of a custom origin. No provider "
        "(up to 6.69) sets it for a bucket: there updateRequestOrigin of a function, the AWS CLI or awscc does.",
        check=_slow_read,
    ),
    Rule(
        id="FW133",
        slug="refused-timeout",
        title="A timeout that CloudFront refuses",
        why="The read timeout is 1 to 120 s, and the response completion timeout no shorter; plan accepts any number, apply "
        "fails.",
        source=_ORIGIN,
        remedy="Set origin_read_timeout to 1 to 120, and response_completion_timeout to at least that or leave it out.",
        check=_refused_timeout,
    ),
    Rule(
        id="FW134",
        severity=Severity.NOTE,
        slug="unbounded-completion",
        title="A group primary whose answers may take for ever",
        why="The read timeout begins anew with each packet: a primary that sends a few bytes now and then is never given up, "
        "and the secondary never asked. response_completion_timeout bounds the whole answer; unset is unlimited.",
        source=_ORIGIN,
        remedy="Set response_completion_timeout (provider 6.13) to what the largest object takes, at least the read timeout.",
        check=_unbounded,
    ),
)
