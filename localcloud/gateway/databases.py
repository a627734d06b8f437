"""RDS as far as Terraform's control plane goes: moto's instances, with what the provider reads and moto leaves out.

No PostgreSQL runs here, so what would be believed of a running one is refused.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from localcloud.gateway.moto_backend import action_of, refusal
from localcloud.gateway.moto_services import require
from localcloud.gateway.wire import JsonObject, Request, Response

_NOT_MODELLED = frozenset(
    {"PromoteReadReplica", "SwitchoverReadReplica", "RebootDBInstance", "RestoreDBInstanceToPointInTime"}
)
"""Promotion is one: moto leaves the instance a replica of its source."""
_DEFAULT_AUTHORITY = "rds-ca-rsa2048-g1"


class DatabaseService:
    """Answers RDS's requests."""

    def __init__(self, forward: Callable[[Request], Response]) -> None:
        self._forward = forward

    def handle(self, request: Request, _: str) -> Response:
        """Answer one request; the first one imports moto's part, so it is patched then."""
        if action_of(request) in _NOT_MODELLED:
            return refusal(request, "rds")
        _patch_parameters()
        _patch_authority()
        return self._forward(request)


def _patch_parameters() -> None:
    """Say of a parameter that was set that it is the user's: the provider reads no other, a permanent diff otherwise.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_Parameter.html
    """
    from moto.rds.models import DBParameterGroup

    require(DBParameterGroup, "update_parameters")
    if hasattr(DBParameterGroup.update_parameters, "__wrapped__"):
        return
    original: Callable[..., Any] = DBParameterGroup.update_parameters

    @functools.wraps(original)
    def update_parameters(self: Any, new_parameters: Iterable[JsonObject]) -> None:  # noqa: ANN401 - moto is untyped
        original(self, [{**parameter, "Source": "user"} for parameter in new_parameters])

    DBParameterGroup.update_parameters = update_parameters


def _patch_authority() -> None:
    """Give an instance that names no certificate authority RDS's default one; moto's exists nowhere.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
    """
    from moto.rds.models import DBInstance

    if hasattr(DBInstance.__init__, "__wrapped__"):
        return
    original: Callable[..., None] = DBInstance.__init__

    @functools.wraps(original)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401, N807 - moto is untyped; its constructor
        original(self, *args, **{"ca_certificate_identifier": _DEFAULT_AUTHORITY, **kwargs})

    DBInstance.__init__ = __init__
