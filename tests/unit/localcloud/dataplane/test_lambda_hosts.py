"""How many environments a function has: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"""

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from localcloud.dataplane.configuration import LambdaFunction
from localcloud.dataplane.readers.clients import Clients
from localcloud.dataplane.readers.regional import read_regional
from localcloud.dataplane.regional.lambda_hosts import WORKERS, LambdaHosts, runs_at_once

if TYPE_CHECKING:
    from localcloud.dataplane.metrics import Metrics


class LambdaClient:
    """A Lambda API with one function and no policy."""

    def __init__(self, concurrency: dict[str, Any]) -> None:
        self._concurrency = concurrency

    def get_paginator(self, _: str) -> Any:
        functions = [{"FunctionName": "f", "FunctionArn": "arn:f", "CodeSha256": "1"}]
        return SimpleNamespace(paginate=lambda: [{"Functions": functions}])

    def get_function(self, **_: str) -> dict[str, Any]:
        return {"Code": {}}

    def get_function_concurrency(self, **_: str) -> dict[str, Any]:
        return self._concurrency

    def get_policy(self, **_: str) -> dict[str, Any]:
        return {"Policy": "{}"}

    def get_domain_names(self) -> dict[str, Any]:
        return {}


def function(reserved: int | None) -> LambdaFunction:
    """Reads a function as the data plane does."""
    concurrency = {} if reserved is None else {"ReservedConcurrentExecutions": reserved}
    clients = SimpleNamespace(get=lambda *_: LambdaClient(concurrency))
    return read_regional(cast("Clients", clients), ["eu-central-1"]).functions["arn:f"]


@pytest.mark.parametrize(("reserved", "expected"), [(None, WORKERS), (0, 1), (1, 1), (WORKERS + 10, WORKERS)])
def test_reserved_concurrency_bounds_the_environments(reserved: int | None, expected: int) -> None:
    assert runs_at_once(function(reserved)) == expected


def test_function_signs_with_its_own_name() -> None:
    # By it the gateway's log tells a function's calls from others; AWS gives each role session a key id of its own.
    hosts = LambdaHosts(gateway_url="http://127.0.0.1:1", secret="s", speed=1, metrics=cast("Metrics", None))
    assert hosts._environment(function(None), Path("/code"))["AWS_ACCESS_KEY_ID"] == "f"
