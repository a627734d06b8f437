"""Lever endpoint-throttled: the secondary's function may run no more, so that the last way out is lost before it is needed.

A reserved concurrency of 0 stops a function: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.aws.clients import aws_client, translated
from scripts.drill.levers.lever import Json, statement
from scripts.errors import NotSteadyError


class EndpointThrottled:
    """Sets a function's reserved concurrency to 0."""

    def __init__(self, where: Mapping[str, str]) -> None:
        """`where`: region, function, account."""
        self.where = dict(where)
        self._region, self._function = where["region"], where["function"]

    def describe(self) -> str:
        """Return what it does."""
        return (
            f"sets the reserved concurrency of {self._function} ({self._region}) to 0: the regional endpoint answers errors."
            " Undo: the concurrency as it was"
        )

    def capture(self) -> Json:
        """Return the reserved concurrency, None without one."""
        reserved = self._read()
        if reserved == 0:
            raise NotSteadyError(
                f"{self._function} has a reserved concurrency of 0 already: run `failover chaos recover`"
            )
        return {"reserved": reserved}

    def pull(self, before: Json) -> None:  # noqa: ARG002  (as every lever)
        """Stop the function."""
        self._write(0)

    def restore(self, before: Json) -> None:
        """Set it back, unless somebody has given it another value since."""
        if self._read() == 0:
            self._write(before["reserved"])

    def statements(self) -> list[Json]:
        """Return the rights on the function."""
        arn = f"arn:aws:lambda:{self._region}:{self.where['account']}:function:{self._function}"
        actions = ("GetFunctionConcurrency", "PutFunctionConcurrency", "DeleteFunctionConcurrency")
        return [statement(*(f"lambda:{action}" for action in actions), resource=arn)]

    def _read(self) -> int | None:
        with translated("GetFunctionConcurrency", self._function, region=self._region):
            answer = self._lambda().get_function_concurrency(FunctionName=self._function)
        reserved: int | None = answer.get("ReservedConcurrentExecutions")
        return reserved

    def _write(self, reserved: int | None) -> None:
        if reserved is None:
            with translated("DeleteFunctionConcurrency", self._function, region=self._region):
                self._lambda().delete_function_concurrency(FunctionName=self._function)
            return
        with translated("PutFunctionConcurrency", self._function, region=self._region):
            self._lambda().put_function_concurrency(FunctionName=self._function, ReservedConcurrentExecutions=reserved)

    def _lambda(self) -> Any:  # noqa: ANN401  (a client, as in scripts/aws/clients.py)
        return aws_client("lambda", region=self._region)
