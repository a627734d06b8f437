"""What the parity check and the events of objects add to a site's bill, beside the alarms, which are counted with all others."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from scripts.cost.resources import Quantity, Resource

_HOURS_PER_MONTH = 730
# Assumed: files of this size, and every file published anew and pruned once a week.
_BYTES_PER_FILE = 30_000
_EVENTS_PER_FILE = 2 * 4
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
_OBJECTS_PER_LISTING = 1000
# Each run reads a pointer a region and the manifests of the releases that `failover prune` keeps, and lists the manifests.
_READS_PER_RUN = 2 + 5
_METRICS_PER_FUNCTION = 1


def parity(resources: Sequence[Resource], *, site_bytes: float) -> Iterator[Quantity]:
    """Yields item, price, quantity and unit; a listing is billed as a PUT is.

    Args:
        resources: type and body of every resource.
        site_bytes: size of the site.
    """
    functions = sum(kind == "aws_lambda_function" and "-parity-" in body["function_name"] for kind, body in resources)
    buckets = sum(kind == "aws_s3_bucket_notification" and bool(body.get("eventbridge")) for kind, body in resources)
    files = site_bytes / _BYTES_PER_FILE
    runs = functions * _HOURS_PER_MONTH
    listings = 1 + math.ceil(files / _OBJECTS_PER_LISTING)
    yield "Parity check, metrics", "metric_month", functions * _METRICS_PER_FUNCTION, "metrics"
    yield "Parity check, listings", "s3_put", runs * listings, "requests"
    yield "Parity check, reads", "s3_get", runs * _READS_PER_RUN, "requests"
    yield "Events of objects", "eventbridge_event", buckets * files * _EVENTS_PER_FILE, "events"
