"""What publishing adds to a site's bill: writes to every region's bucket, and what replication copies between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scripts.cost.resources import GIGABYTE, Quantity, Resource, bodies_of

# Assumed: files of this size, and as much published in a month as the whole site holds; a release sends only what changed.
_BYTES_PER_FILE = 30_000
_PUBLISHED_SITES_PER_MONTH = 1.0


def publishing(resources: Sequence[Resource], *, buckets: int, site_bytes: float) -> Iterator[Quantity]:
    """Yields item, price, quantity and unit.

    Every region is published to, and replication copies each upload to the other region once more: billed as a write there and as
    data between the regions (https://aws.amazon.com/s3/pricing/, Replication).

    Args:
        resources: type and body of every resource.
        buckets: how many hold the site.
        site_bytes: size of the site.
    """
    configurations = bodies_of(resources, "aws_s3_bucket_replication_configuration")
    copies = sum(len(configuration["rule"]) for configuration in configurations)
    published = site_bytes * _PUBLISHED_SITES_PER_MONTH
    yield "S3 writes by publishing", "s3_put", published / _BYTES_PER_FILE * (buckets + copies), "requests"
    yield "Replication between regions", "region_gigabyte", published / GIGABYTE * copies, "GB"
