"""Lever evacuate-restore: the KeyValueStore says that the primary is drained, so the router asks the other bucket: layer 2."""

from __future__ import annotations

from collections.abc import Mapping

from scripts.aws.clients import key_value_store_client
from scripts.drill.levers.lever import Json, statement
from scripts.errors import AwsError, NotSteadyError
from scripts.release.routing import RoutingStore

_ATTEMPTS = 5


class RegionEvacuated:
    """Drains one region in the routing key."""

    def __init__(self, where: Mapping[str, str]) -> None:
        """`where`: region, key_value_store_arn."""
        self.where = dict(where)
        self._region = where["region"]

    def describe(self) -> str:
        """Return what it does."""
        return (
            f"writes {self._region} into drained_regions of the routing key, as `failover evacuate` does. Undo: it is taken out"
            " again; a release that was published meanwhile stays"
        )

    def capture(self) -> Json:
        """Return the routing key's text, for the reader of the journal; the undo takes out the region alone."""
        routing = self._store().read().routing
        if routing.drained_regions:
            drained = ", ".join(routing.drained_regions)
            raise NotSteadyError(f"{drained} is drained already: `failover restore` or `failover chaos recover` first")
        return {"routing": routing.to_json()}

    def pull(self, before: Json) -> None:  # noqa: ARG002  (as every lever)
        """Drain the region."""
        current = self._store().read()
        self._store().write(current.routing.draining(self._region), expected_etag=current.etag)

    def restore(self, before: Json) -> None:  # noqa: ARG002  (the undo takes out the region alone)
        """Take the region out; a writer in between makes it try again."""
        for attempt in range(_ATTEMPTS):
            current = self._store().read()
            if self._region not in current.routing.drained_regions:
                return
            try:
                self._store().write(current.routing.restoring(self._region), expected_etag=current.etag)
            except AwsError as error:
                if error.code != "ConflictException" or attempt == _ATTEMPTS - 1:
                    raise

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
