"""Whether a region of a site can be replaced by another, and what that would do. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.aws.clients import aws_client, translated
from scripts.errors import AwsError, MissingOutputError, UnsafePlanError, WrongUsageError
from scripts.files import write_atomically
from scripts.regions.aside import KINDS, Aside, kept, prepare_aside, pulled, state_folder
from scripts.regions.filling import Source, read_source
from scripts.regions.site_file_change import SiteFileText
from scripts.release.routing import Routing
from scripts.terraform.outputs import one_region_words
from scripts.terraform.states import addresses
from scripts.terraform.synthesis import synthesize

if TYPE_CHECKING:
    from scripts.release.website import Website
    from scripts.terraform.cli import Terraform
    from scripts.terraform.outputs import Deployment

GLOBAL_REGION = "us-east-1"
_NOT_COVERED = {
    "api": "its global table lies in every region (docs/EXTENSIONS.md#api)",
    "database": "its replica is made of an instance that must be there (docs/DATABASE.md)",
    "multi_account": "each region has an account and a role of its own (docs/EXTENSIONS.md#several-accounts)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Folders of one replacement, all beside the output folder, whose states they share.

    Attributes:
        before: the stacks with the old region.
        after: the stacks with the new one.
    """

    before: Path
    after: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """What is replaced by what.

    Attributes:
        old: the region that goes; its control plane need not answer.
        new: the region that comes.
        before: the site file with the old region.
        after: the same with the new one.
        is_resumed: the site file has the new region already: a run before this one ended half way.
        places: the synthesized stacks of both.
        aside: where the old region's states are kept.
        deployment: the outputs of before.
        source: what fills the new bucket.
        routing: releases and drained regions now.
        is_old_silent: the old region's S3 does not answer.
    """

    old: str
    new: str
    before: SiteFileText
    after: SiteFileText
    is_resumed: bool
    places: Places
    aside: Aside
    deployment: Deployment
    source: Source
    routing: Routing
    is_old_silent: bool

    @property
    def staying(self) -> list[str]:
        """The regions that stay, in the site file's order."""
        return [region for region in self.after.regions if region != self.new]

    @property
    def is_primary(self) -> bool:
        """Whether the region is the site's primary one."""
        return any(
            each.get("name") == self.new and each.get("role") == "primary" for each in self.after.document["region"]
        )


def plan_replacement(
    terraform: Terraform,
    site_file: SiteFileText,
    *,
    old: str,
    new: str,
    outdir: Path,
    website: Website,
    deployment: Deployment,
) -> Replacement:
    """Finds everything that a replacement needs, and refuses what cannot end well.

    Raises:
        WrongUsageError: the site file refuses the new region, or has not the old one.
        UnsafePlanError: this is not the moment, or the site is one that this version cannot do it for.
        OpsError: something could not be read.
    """
    before, after, is_resumed = _both(site_file, old, new)
    if len(after.regions) == 1:
        raise WrongUsageError(one_region_words(old))
    for feature, reason in _NOT_COVERED.items():
        if after.has_feature(feature):
            raise UnsafePlanError(f"features.{feature} is on: {reason}, so this command does not move such a site")
    routing = website.routing.read().routing
    if routing.canary is not None:
        raise UnsafePlanError(
            f"release {routing.canary.release.id} runs as a canary for {routing.canary.percent}% of the viewers: end it first, "
            f"with failover sync-content (all viewers) or failover rollback --apply (none)"
        )
    staying = {region: bucket for region, bucket in website.buckets.items() if region not in (old, new)}
    if staying.keys() <= set(routing.drained_regions):
        raise UnsafePlanError(
            f"{' and '.join(staying)} is drained, and would have to serve alone meanwhile: failover restore REGION --apply first"
        )
    source = read_source(staying, routing)
    _insist_on_global_control_planes(old, deployment)
    places = _synthesize_both(before, after, outdir)
    aside = prepare_aside(places.after / "stacks", old)
    _refuse_states(terraform, places, new=new)
    return Replacement(
        old=old,
        new=new,
        before=before,
        after=after,
        is_resumed=is_resumed,
        places=places,
        aside=aside,
        deployment=deployment,
        source=source,
        routing=routing,
        is_old_silent=_is_silent(website, old),
    )


def _both(site_file: SiteFileText, old: str, new: str) -> tuple[SiteFileText, SiteFileText, bool]:
    """The site file with either region: it has the new one already where a run before this one has got so far."""
    if old == new:
        raise WrongUsageError(f"{old} and {new} are one region: name another one for the second")
    if old not in site_file.regions and new in site_file.regions:
        return site_file.with_region(new, old), site_file, True
    return site_file, site_file.with_region(old, new), False


def _insist_on_global_control_planes(old: str, deployment: Deployment) -> None:
    """CloudFront and Route 53 are changed in us-east-1 alone; while that is away, nothing may be begun."""
    try:
        with translated("GetHostedZone", deployment.hosted_zone_id):
            aws_client("route53", region=GLOBAL_REGION, is_hasty=True).get_hosted_zone(Id=deployment.hosted_zone_id)
        for distribution in deployment.distributions.values():
            with translated("GetDistribution", distribution.id):
                aws_client("cloudfront", region=GLOBAL_REGION, is_hasty=True).get_distribution(Id=distribution.id)
    except AwsError as error:
        what = (
            " It is the region to be replaced: that can be done when these answer again."
            if old == GLOBAL_REGION
            else ""
        )
        raise UnsafePlanError(
            f"the control planes of Route 53 and CloudFront, in {GLOBAL_REGION}, do not answer, and only they can lead the site "
            f"to another region: nothing was changed.{what} Every layer goes on serving meanwhile (docs/DISASTER_RECOVERY.md, "
            f"Control planes die). {error}"
        ) from error


def _synthesize_both(before: SiteFileText, after: SiteFileText, outdir: Path) -> Places:
    places = Places(before=outdir.with_name(f"{outdir.name}.before"), after=outdir.with_name(f"{outdir.name}.after"))

    def synthesized(site_file: SiteFileText, folder: Path) -> None:
        path = folder / before.path.name
        write_atomically(path, site_file.text)
        try:
            synthesize(path, folder)
        except WrongUsageError as error:
            raise WrongUsageError(str(error).replace(str(path), f"{before.path} with that change")) from error

    with ThreadPoolExecutor(2) as pool:
        for job in [pool.submit(synthesized, after, places.after), pool.submit(synthesized, before, places.before)]:
            job.result()
    return places


def _refuse_states(terraform: Terraform, places: Places, *, new: str) -> None:
    """Refuses states of an earlier layout, and a region whose states of an earlier replacement are still kept."""
    stacks = places.before / "stacks"
    edge = stacks / "edge"
    terraform.init(edge)
    state = terraform.pull(edge)
    if state is None:
        raise MissingOutputError(
            f"the stack edge has no state where {places.before.parent} expects it: give --stacks the folder that was deployed"
        )
    if any(address.startswith("aws_s3_bucket_") for address in addresses(state)):
        raise UnsafePlanError(
            "the states are of an earlier version's layout: bring them over first, failover migrate-states --apply"
        )
    if found := kept(terraform, prepare_aside(stacks, new)):
        raise UnsafePlanError(
            f"{new} was replaced before, and what was left of it is still there ({', '.join(found)}): delete that first, "
            f"failover retire-region {new} --apply, or name another region"
        )


def _is_silent(website: Website, region: str) -> bool:
    """Whether a region's S3 does not answer; a site that has it no more counts as silent."""
    bucket = website.buckets.get(region)
    if bucket is None:
        return True
    try:
        bucket.manifest_times()
    except AwsError:
        return True
    return False


def left_states(terraform: Terraform, replacement: Replacement) -> dict[str, tuple[Path, dict[str, Any]]]:
    """Returns stack -> folder and state of what the old region's own stacks still hold under their own names."""
    stacks = replacement.places.after / "stacks"
    return pulled(terraform, [state_folder(stacks, f"{kind}{replacement.old}") for kind in KINDS])


def stacks_that_change(replacement: Replacement) -> Mapping[str, str]:
    """Returns stack -> what becomes of it, in the order of the work."""
    new, old = replacement.new, replacement.old
    has_keys = replacement.after.has_feature("kms")
    return {
        **({f"keys-{new}": "made"} if has_keys else {}),
        f"region-{new}": "made",
        "dns": "certificate and proofs of the new name",
        "edge": "distribution, health checks and records changed in place",
        f"attachment-{new}": "made",
        **{f"attachment-{name}": "replication and its alarms" for name in replacement.staying},
        **{f"prober-{name}": "what it looks at" for name in replacement.after.probers},
        "monitoring": "alarms and dashboards",
        f"region-{old}, attachment-{old}": "kept aside, not asked",
    }
