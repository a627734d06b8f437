"""Asking the site's names after a switch."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from scripts.local.endpoints import Endpoints
from scripts.release.manifest import ReleaseFile
from scripts.release.samples import BadAnswer
from scripts.release.website import Website

Probe = Callable[[Sequence[ReleaseFile]], list[BadAnswer]]
GoneProbe = Callable[[Sequence[str], Collection[str]], list[BadAnswer]]
"""Paths of addresses, and MD5s of what they must not serve."""
_SHOWN = 3


def gone_probe(website: Website, endpoints: Endpoints | None) -> GoneProbe:
    """Returns what asks every name of the website whether it still serves what was taken down."""
    from scripts.local.network import network_of
    from scripts.release import probe  # as below

    return probe.network_probe(website.hostnames, network_of(endpoints)).ask_gone


def network_probe(website: Website, endpoints: Endpoints | None) -> Probe:
    """Returns what asks every name of the website, over the network."""
    # DNS and TLS take 0.05 s that a plan should not.
    from scripts.local.network import network_of
    from scripts.release import probe

    return probe.network_probe(website.hostnames, network_of(endpoints)).ask


def shown(bad: Sequence[object]) -> str:
    """Returns the first wrong answers, a line each."""
    return "\n".join(f"  {each}" for each in bad[:_SHOWN])
