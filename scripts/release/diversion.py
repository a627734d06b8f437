"""Leading viewers past CloudFront by hand, without Route 53's control plane.

The path check reads one object through CloudFront. While it is deleted, the check fails and Route 53 answers with the regional
endpoint, as it would by itself. S3 is written and nothing else; us-east-1 need not answer. The buckets are versioned: the object
comes back, as Terraform wrote it, when its delete marker is deleted. Neither is replicated (health objects never are).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scripts.errors import RegionUnavailableError, WrongUsageError
from scripts.release.website import Website

PATH_CHECK_KEY = "health/path.json"
"""What the path check asks for; the same in every bucket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diversion:
    """What the buckets say.

    Attributes:
        markers: region -> version id of the delete marker on the checked object; "" where the object is there, None where
            neither is.
        silent: regions that do not answer, and why.
    """

    markers: Mapping[str, str | None]
    silent: Mapping[str, str]

    @property
    def present(self) -> tuple[str, ...]:
        """Regions that hold the checked object."""
        return tuple(region for region, marker in self.markers.items() if marker == "")

    @property
    def deleted(self) -> tuple[str, ...]:
        """Regions that hold a delete marker in its place."""
        return tuple(region for region, marker in self.markers.items() if marker)

    @property
    def absent(self) -> tuple[str, ...]:
        """Regions that hold neither, so that nothing can be put back."""
        return tuple(region for region, marker in self.markers.items() if marker is None)


def read_diversion(site: Website) -> Diversion:
    """Asks every region's bucket whether the checked object is deleted.

    Raises:
        WrongUsageError: no CloudFront is in the name, so there is nothing to lead past.
        RegionUnavailableError: no region answers.
    """
    if site.entry != "cloudfront":
        raise WrongUsageError(
            f"{site.hostname} is served without CloudFront, so there is no path to lead viewers past. To leave a region, delete "
            "its object health/REGION.json: its own check then fails"
        )
    markers: dict[str, str | None] = {}
    silent: dict[str, str] = {}
    failure: RegionUnavailableError | None = None
    for region, bucket in site.buckets.items():
        try:
            markers[region] = bucket.delete_marker_of(PATH_CHECK_KEY)
        except RegionUnavailableError as error:
            silent[region] = str(error)
            failure = error
    if not markers and failure is not None:
        raise failure
    return Diversion(markers=markers, silent=silent)


def divert(site: Website, found: Diversion) -> None:
    """Deletes the checked object in every region that answers and still holds it."""
    for region in found.present:
        site.bucket(region).delete_objects([PATH_CHECK_KEY])


def end_diversion(site: Website, found: Diversion) -> None:
    """Deletes the delete markers, so that the object is there again as it was."""
    for region, marker in found.markers.items():
        if marker:
            site.bucket(region).delete_version(PATH_CHECK_KEY, marker)
