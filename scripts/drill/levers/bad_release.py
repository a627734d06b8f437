"""Lever bad-release: a canary whose pages are not there, as after a publish that went wrong; the canary's watch must end it.

The active release is not touched, and no object is written: visitors of the canary get the error page until the routing
has no canary any more.
"""

from __future__ import annotations

from collections.abc import Mapping

from scripts.aws.clients import key_value_store_client
from scripts.drill.levers.lever import Json, statement
from scripts.errors import AwsError, NotSteadyError
from scripts.release.routing import Marks, Routing, RoutingStore, ServedRelease
from scripts.release.standing import WITHDRAWN_PREFIX

BROKEN_RELEASE = "bad0bad0bad0bad0"
PERCENT = 99
"""The most that a canary can have, so that the drill's own visitors are almost certainly in it."""
_ATTEMPTS = 5


class BadRelease:
    """Gives a broken release to a share of the viewers."""

    def __init__(self, where: Mapping[str, str]) -> None:
        """`where`: key_value_store_arn."""
        self.where = dict(where)

    def describe(self) -> str:
        """Return what it does."""
        return (
            f"gives {PERCENT} % of the viewers, chosen by their address, a canary {BROKEN_RELEASE} whose pages are not there:"
            " they get the error page until the canary's watch ends it. Undo: the routing without that canary"
        )

    def capture(self) -> Json:
        """Return the routing key's text, for the reader of the journal; the undo takes out this canary alone."""
        routing = self._store().read().routing
        if routing.canary is not None:
            raise NotSteadyError(
                f"a canary runs already, {routing.canary_release_id}: promote it, or end it with `failover rollback`; a"
                " drill's own ends with `failover chaos recover`"
            )
        return {"routing": routing.to_json()}

    def pull(self, before: Json) -> None:  # noqa: ARG002  (as every lever)
        """Start the canary."""
        broken = ServedRelease(id=BROKEN_RELEASE, base=BROKEN_RELEASE)
        current = self._store().read()
        self._store().write(current.routing.with_canary(broken, PERCENT), expected_etag=current.etag)

    def restore(self, before: Json) -> None:  # noqa: ARG002  (the undo takes out this canary alone)
        """End this canary, and forget that it was withdrawn; a writer in between makes it try again."""
        mark = f"{WITHDRAWN_PREFIX}{BROKEN_RELEASE}"
        for attempt in range(_ATTEMPTS):
            current, is_marked = self._store().read(), self._store().value(mark) is not None
            is_running = current.routing.canary_release_id == BROKEN_RELEASE
            if not is_running and not is_marked:
                return
            target: Routing = current.routing.without_canary() if is_running else current.routing
            try:
                self._store().write(
                    target, expected_etag=current.etag, marks=Marks(deletes=(mark,) if is_marked else ())
                )
            except AwsError as error:
                if error.code != "ConflictException" or attempt == _ATTEMPTS - 1:
                    raise
            else:
                return

    def statements(self) -> list[Json]:
        """Return the rights on the store."""
        actions = ("DescribeKeyValueStore", "GetKey", "ListKeys", "UpdateKeys")
        return [
            statement(
                *(f"cloudfront-keyvaluestore:{action}" for action in actions),
                resource=self.where["key_value_store_arn"],
            )
        ]

    def _store(self) -> RoutingStore:
        return RoutingStore(key_value_store_client(), self.where["key_value_store_arn"])
