"""What probers in regions that do not serve add to a site's bill, beside their alarms, which are counted with all others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.cost.resources import Quantity, Resource, bodies_of

_RUNS_PER_MONTH = 730 * 60
_METRICS_PER_FUNCTION = 5
# Assumed: a run of a second in its 256 MB, most of it waiting for distant answers.
_GIGABYTE_SECONDS_PER_RUN = 0.25 * 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Requests a month of all probers.

    Attributes:
        names: to the public name and to the regions' own names.
        endpoints: to the regional endpoints.
        reads: those that no cache answers, so that S3 does.
    """

    names: float = 0.0
    endpoints: float = 0.0
    reads: float = 0.0


def looks_of_probers(resources: Sequence[Resource]) -> Looks:
    """Counts what `constructs_lib/functions/site_prober` asks; a certificate takes a handshake and no request."""
    names = endpoints = reads = 0.0
    for variables in _variables(resources):
        regions, targets = len(json.loads(variables["REGIONS"])), len(json.loads(variables["ENDPOINTS"]))
        markers = regions * (2 if variables["HAS_PATH_OBJECT"] == "true" else 1)
        names += _RUNS_PER_MONTH * (2 * (1 + regions) + markers)
        endpoints += _RUNS_PER_MONTH * 2 * targets
        reads += _RUNS_PER_MONTH * (1 + regions + markers + targets)
    return Looks(names=names, endpoints=endpoints, reads=reads)


def probers(resources: Sequence[Resource]) -> Iterator[Quantity]:
    """Yields item, price, quantity and unit of the functions themselves."""
    functions = len(list(_variables(resources)))
    runs = functions * _RUNS_PER_MONTH
    yield "Probers, metrics", "metric_month", functions * _METRICS_PER_FUNCTION, "metrics"
    yield "Probers, runs", "lambda_request", runs, "requests"
    yield "Probers, duration", "lambda_gigabyte_second", runs * _GIGABYTE_SECONDS_PER_RUN, "GB s"
    yield "Probers, calls to CloudWatch", "cloudwatch_request", runs, "requests"
    yield "S3 reads by probers", "s3_get", looks_of_probers(resources).reads, "requests"


def _variables(resources: Sequence[Resource]) -> Iterator[Mapping[str, Any]]:
    for body in bodies_of(resources, "aws_lambda_function"):
        if "-prober-" in body["function_name"]:
            yield body["environment"]["variables"]
