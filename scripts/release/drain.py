"""Leaving a region and coming back: one conditional write of `drained_regions`, and what forbids it."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.errors import UnsafePlanError, WrongUsageError
from scripts.release.parity import RegionParity, find_manifest, region_parity
from scripts.release.routing import Routing, RoutingVersion
from scripts.release.store_parity import foreign_words
from scripts.release.website import Website
from scripts.terraform.outputs import one_region_words


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainPlan:
    """A change of the drained regions.

    Attributes:
        region: the region that is left or taken back.
        current: the routing now, with the version that the write will insist on.
        target: the routing afterwards.
    """

    region: str
    current: RoutingVersion
    target: Routing

    @property
    def is_empty(self) -> bool:
        """Whether everything is as it should be already."""
        return self.target == self.current.routing


def plan_evacuation(site: Website, region: str) -> DrainPlan:
    """Plans to leave a region. Asks only the KeyValueStore, because the region may be dead.

    Raises:
        WrongUsageError: no such region, or nothing in front of the site obeys the routing key.
        UnsafePlanError: every other region is drained already.
    """
    site.bucket(region)
    if len(site.buckets) == 1:
        raise WrongUsageError(one_region_words(region))
    if site.entry != "cloudfront":
        raise WrongUsageError(
            f'evacuate needs routing.entry = "cloudfront", but {site.hostname} has "{site.entry}": Route 53 leaves a region '
            "whose health check fails; to leave it by hand, invert and disable that check"
        )
    current = site.routing.read()
    target = drained(current.routing, (region,), set(site.buckets))
    return DrainPlan(region=region, current=current, target=target)


def plan_restoration(site: Website, region: str) -> DrainPlan:
    """Plans to take a region back, after checking that it holds all of the active release.

    Raises:
        WrongUsageError: no such region.
        RegionUnavailableError: the region does not answer.
        UnsafePlanError: it lacks something of the active release.
    """
    bucket = site.bucket(region)
    current = site.routing.read()  # before the check: a publish in between makes the write fail
    active = current.routing.active
    if active is not None:
        manifest = find_manifest(site.buckets.values(), active.id)
        _insist_on_whole(region_parity(bucket, manifest, current.routing), active.id)
        if foreign_words(active, manifest, current.routing):
            raise UnsafePlanError(
                f"the routing has something else of release {active.id} than its manifest gives, so {region} stays as it is: "
                "see failover status"
            )
    return DrainPlan(region=region, current=current, target=current.routing.restoring(region))


def change_drains(site: Website, plan: DrainPlan) -> Routing:
    """Writes the new routing; returns it.

    Raises:
        AwsError: ConflictException when somebody else wrote since the plan; nothing was changed then.
    """
    if not plan.is_empty:
        site.routing.write(plan.target, expected_etag=plan.current.etag)
    return plan.target


def drained(routing: Routing, regions: tuple[str, ...], all_regions: set[str]) -> Routing:
    """Returns the routing with these regions drained too.

    Raises:
        UnsafePlanError: no region would be left.
    """
    for region in regions:
        routing = routing.draining(region)
    if all_regions <= set(routing.drained_regions):
        raise UnsafePlanError(
            f"draining {', '.join(regions)} would leave no region: {', '.join(sorted(all_regions))} would all be drained. "
            "Bring one back first: failover restore REGION --apply"
        )
    return routing


def _insist_on_whole(found: RegionParity, release_id: str) -> None:
    if found.error is not None:
        raise found.error
    if found.is_whole:
        return
    lacks = [f"{len(found.missing)} files"] if found.missing else []
    lacks += [] if found.has_manifest else ["the manifest"]
    lacks += [f"the new {key}" for key in found.outdated_keys]
    raise UnsafePlanError(
        f"{found.region} lacks {', '.join(lacks)} of the active release {release_id}, so it stays as it is. "
        "Run: failover verify --repair --apply"
    )
