"""Faults of AWS's control planes: which calls they hit, and what becomes of them.

`api:<service>` hits a service everywhere, `api:<region>` every call that is signed for a region but objects of S3, which follow
`s3:<region>`, and the KeyValueStore, which is signed for all regions at once. Global services (Route 53, CloudFront, IAM) are
signed for us-east-1, and their control planes are there:
https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/global-services.html
"""

from __future__ import annotations

from collections.abc import Callable

from localcloud.gateway.errors import ConnectionDropped
from localcloud.gateway.faults import HANG_LIMIT_SECONDS, FaultBoard, FaultKind
from localcloud.gateway.moto_backend import failure
from localcloud.gateway.wire import Request, Response

DATA_PLANE_AGENT = "localcloud-data-plane"
"""In the user agent of our own data plane, which follows the control plane by no path that AWS's outages know."""

_KEY_VALUE_STORE = "cloudfront-keyvaluestore"


class ApiFaults:
    """Applies the faults of control planes to calls."""

    def __init__(self, faults: FaultBoard, *, is_about_objects: Callable[[Request], bool]) -> None:
        self._faults = faults
        self._is_about_objects = is_about_objects

    def apply(self, request: Request, service: str, region: str) -> Response | None:
        """Return the answer that a fault gives, or None when the call goes on.

        Raises:
            ConnectionDropped: the call gets no answer.
        """
        for target in self._targets(request, service, region):
            for fault in self._faults.hits(target):
                if fault.kind is FaultKind.DELAY:
                    self._faults.hold(fault, (fault.value or 0) / 1000)
                elif fault.kind is FaultKind.STATUS:
                    return failure(
                        request, service, fault.value or 503, "ServiceUnavailable", f"injected by {fault.id}"
                    )
                else:
                    if fault.kind in {FaultKind.UNREACHABLE, FaultKind.HANG}:
                        self._faults.hold(fault, HANG_LIMIT_SECONDS)
                    raise ConnectionDropped(f"{fault.kind} on {fault.target}")
        return None

    def _targets(self, request: Request, service: str, region: str) -> tuple[str, ...]:
        if DATA_PLANE_AGENT in (request.header("User-Agent") or ""):
            return ()
        if service == "s3" and self._is_about_objects(request):
            return ()
        return (f"api:{service}",) if service == _KEY_VALUE_STORE else (f"api:{service}", f"api:{region}")
