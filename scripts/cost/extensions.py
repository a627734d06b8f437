"""What the extensions add to the bill: the API with its global table, the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import BaseModel, ConfigDict

from scripts.cost.resources import GIGABYTE, Quantity, Resource, Stacks, bodies_of, resources_of
from scripts.errors import StacksError

_HOURS_PER_MONTH = 730
_SECONDS_PER_MONTH = _HOURS_PER_MONTH * 3600
# 512 MB for 20 ms, which one call of DynamoDB takes (an assumption; the function's log shows the real figure).
_GIGABYTE_SECONDS_PER_CALL = 0.5 * 0.02
# Lambda's sampling, a function: the first request each second and 5 percent of the others.
# https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
_TRACED_RATIO = 0.05


class ApiUse(BaseModel):
    """The site file's `[api]`, as far as the api stack's output `expected_use` repeats it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    requests_per_month: int
    write_ratio: float
    table_bytes: int


def is_extension(stack: str) -> bool:
    """Returns whether a stack is an extension's: the website's own traffic does not pass it."""
    return stack == "api" or stack.startswith(("api-", "database-"))


def extensions(stacks: Stacks, *, probes: float) -> Iterator[Quantity]:
    """Yields item, price, quantity and unit of what the extensions use.

    Args:
        stacks: the extensions'.
        probes: of Route 53's checkers to the API, a month.

    Raises:
        StacksError: the api stack lacks its output.
    """
    if "api" in stacks:
        yield from _api(stacks, probes)
    databases = {name: stack for name, stack in stacks.items() if name.startswith("database-")}
    if databases:
        yield from _database(databases)


def _api(stacks: Stacks, probes: float) -> Iterator[Quantity]:
    try:
        use = ApiUse.model_validate(stacks["api"]["output"]["expected_use"]["value"])
    except (KeyError, TypeError, ValueError) as error:  # pydantic's is a ValueError
        raise StacksError("the api stack lacks its output expected_use: synthesize the site again") from error
    resources = resources_of(stacks)
    calls = use.requests_per_month + probes
    yield "API requests, probes included", "http_api_request", calls, "requests"
    yield "API function, requests", "lambda_request", calls, "requests"
    yield "API function, duration", "lambda_gigabyte_second", calls * _GIGABYTE_SECONDS_PER_CALL, "GB s"
    yield "API traces", "xray_trace", _traces(resources, calls), "traces"
    copies = sum(1 + len(table.get("replica", ())) for table in bodies_of(resources, "aws_dynamodb_table"))
    writes = use.requests_per_month * use.write_ratio
    gigabytes = use.table_bytes / GIGABYTE * copies
    # A write is one unit in every region, a strongly consistent read one, of items up to 1 KB and 4 KB.
    yield "Global table, writes in every region", "dynamodb_write_unit", writes * copies, "units"
    yield "Global table, reads", "dynamodb_read_unit", calls - writes, "units"
    yield "Global table, storage", "dynamodb_gigabyte_month", gigabytes, "GB"
    yield "Global table, point-in-time recovery", "dynamodb_recovery_gigabyte_month", gigabytes, "GB"


def _database(stacks: Stacks) -> Iterator[Quantity]:
    """Yields what two or more instances cost whether or not anybody connects, and what their replication carries."""
    resources = resources_of(stacks)
    instances = bodies_of(resources, "aws_db_instance")
    # A replica takes the size of its source.
    gigabytes = max((float(body.get("allocated_storage", 0)) for body in instances), default=0.0)
    copies = {id(body): 1 + bool(body.get("multi_az")) for body in instances}
    for body in instances:
        kind = str(body["instance_class"])
        hours = copies[id(body)] * _HOURS_PER_MONTH
        yield f"Database instance, {kind}", f"rds_hour_{kind.replace('.', '_')}", hours, "hours"
    yield "Database storage", "rds_gigabyte_month", gigabytes * sum(copies.values()), "GB"
    yield "Database keys", "kms_key_month", len(bodies_of(resources, "aws_kms_key")), "keys"
    replicas = sum("replicate_source_db" in body for body in instances)
    if replicas:
        yield "Database replication between regions", "region_gigabyte", replicas * _written_gigabytes(stacks), "GB"


def _written_gigabytes(stacks: Stacks) -> float:
    try:
        return max(
            float(stack["output"]["expected_use"]["value"]["written_gigabytes_per_month"]) for stack in stacks.values()
        )
    except (KeyError, TypeError, ValueError) as error:  # pydantic's is a ValueError
        raise StacksError("a database stack lacks its output expected_use: synthesize the site again") from error


def _traces(resources: Sequence[Resource], calls: float) -> float:
    """Returns traces a month of the traced functions, which share the calls."""
    functions = [
        body
        for body in bodies_of(resources, "aws_lambda_function")
        if body.get("tracing_config", {}).get("mode") == "Active"
    ]
    if not functions:
        return 0.0
    each = calls / len(functions)
    return len(functions) * (min(each, _SECONDS_PER_MONTH) + _TRACED_RATIO * max(0.0, each - _SECONDS_PER_MONTH))
