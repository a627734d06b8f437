"""Drills by AWS's own levers, as data: they run against AWS, and against localcloud by the same calls."""

from __future__ import annotations

from scripts.drill.scenarios import FaultVariant, Scenario


def _scenario(
    name: str,
    *,
    layer: int,
    what_fails: str,
    title: str,
    takes_over: str,
    detects_by_marker: bool = False,
    fills_pages: bool = False,
    stays: bool = False,
    loses_nothing: bool = True,
    heals: bool = False,
) -> Scenario:
    return Scenario(
        name=name,
        layer=layer,
        target="aws",
        what_fails=what_fails,
        takes_over=takes_over,
        detects_by_marker=detects_by_marker or stays or heals,
        fills_pages=fills_pages,
        variants=(FaultVariant(name=name, title=title, kind=name),),
        lever=name,
        stays=stays,
        loses_nothing=loses_nothing,
        heals=heals,
    )


_NOBODY = "nobody: {primary} serves on"
_ENDPOINT = "Route 53, with the regional endpoint in {secondary}, while CloudFront goes on serving"

LEVER_SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        _scenario(
            "origin-denied",
            layer=1,
            what_fails="The bucket in {primary}",
            title="denies CloudFront its objects",
            takes_over="the origin group inside CloudFront, with the bucket in {secondary}",
            detects_by_marker=True,
            fills_pages=True,
        ),
        _scenario(
            "evacuate-restore",
            layer=2,
            what_fails="{primary}",
            title="is drained by the operator",
            takes_over="the router, with the bucket in {secondary}",
            detects_by_marker=True,
        ),
        _scenario(
            "path-check-fails",
            layer=3,
            what_fails="The path check's object",
            title="is gone from every bucket",
            takes_over=_ENDPOINT,
        ),
        _scenario(
            "path-check-inverted",
            layer=3,
            what_fails="The path check",
            title="is taken for its opposite",
            takes_over=_ENDPOINT,
        ),
        _scenario(
            "region-marker-missing",
            layer=1,
            what_fails="The region check of {primary}",
            title="fails without a reason: a false positive",
            takes_over=_NOBODY,
            stays=True,
        ),
        _scenario(
            "endpoint-throttled",
            layer=3,
            what_fails="The regional endpoint in {secondary}",
            title="is lost before it is needed",
            takes_over=_NOBODY,
            stays=True,
        ),
        _scenario(
            "replication-stall",
            layer=1,
            what_fails="Replication from {primary}",
            title="stands still",
            takes_over=_NOBODY,
            stays=True,
        ),
        _scenario(
            "bad-release",
            layer=2,
            what_fails="A canary",
            title="has a broken page",
            takes_over="the active release, once the watch of the canary has ended it",
            loses_nothing=False,
            heals=True,
        ),
        _scenario(
            "alarm-path",
            layer=1,
            what_fails="Every alarm",
            title="says ALARM, though nothing is wrong",
            takes_over=_NOBODY,
            stays=True,
        ),
    )
}
