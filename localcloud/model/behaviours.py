"""How CloudFront finds the distribution and the cache behaviour of a request."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache


@lru_cache(maxsize=1024)
def _expression(pattern: str) -> re.Pattern[str]:
    body = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.compile(body, re.DOTALL)


def matches_path_pattern(pattern: str, path: str) -> bool:
    """Whether a path pattern matches: `*` any characters, `?` one; case sensitive; its first slash is optional.

    Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html

    Args:
        pattern: E.g. `/health/*` or `*.jpg`.
        path: The viewer's path, without query string.
    """
    if _expression(pattern).fullmatch(path):
        return True
    return bool(_expression(pattern.removeprefix("/")).fullmatch(path.removeprefix("/")))


def behaviour_index(patterns: Sequence[str], path: str) -> int | None:
    """Return the index of the first pattern that matches, in the distribution's order; None = the default."""
    return next((index for index, pattern in enumerate(patterns) if matches_path_pattern(pattern, path)), None)


@lru_cache(maxsize=1024)
def hostname_of(host_header: str) -> str:
    """Return the Host header's name: lower case, without port and final dot."""
    return re.sub(r":\d*$", "", host_header.strip().lower()).rstrip(".")


def alias_holder(holders: Mapping[str, str], hostname: str) -> str | None:
    """Return who holds the alternate domain name that matches best: exact first, then the longest wildcard.

    A wildcard covers any number of labels.
    Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html

    Args:
        holders: Alternate domain name (lower case) -> distribution id.
        hostname: As `hostname_of` gives it.
    """
    if hostname in holders:
        return holders[hostname]
    wildcards = [alias for alias in holders if alias.startswith("*.") and hostname.endswith(alias[1:])]
    return holders[max(wildcards, key=len)] if wildcards else None


def certificate_covers(name: str, hostname: str) -> bool:
    """Whether a certificate name covers a host name; a wildcard stands for exactly one label (RFC 6125 6.4.3)."""
    if not name.startswith("*."):
        return name.lower() == hostname
    return hostname.partition(".")[2] == name[2:].lower()
