"""Reads each resource once a version, and lives with one that vanishes between the list and the read."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

from botocore.exceptions import ClientError

Value = TypeVar("Value")
Item = TypeVar("Item")

_GONE_CODES = frozenset({"ResourceNotFoundException", "NotFoundException"})


def is_gone(error: ClientError) -> bool:
    """Whether AWS says that what was asked for does not exist."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status == 404 or error.response["Error"]["Code"] in _GONE_CODES


def present(items: Iterable[Item], read: Callable[[Item], Value]) -> Iterator[Value]:
    """Yield what `read` gives of each item; one that is gone by then is left out."""
    for item in items:
        try:
            value = read(item)
        except ClientError as error:
            if not is_gone(error):
                raise
        else:
            yield value


class VersionedReader(Generic[Value]):
    """What was read of the resources of one kind, by id."""

    def __init__(self, read: Callable[[str], Value]) -> None:
        """Read nothing yet; `read` gives a resource by its id."""
        self._read = read
        self._known: dict[str, tuple[str, Value]] = {}

    def follow(self, versions: Mapping[str, str]) -> dict[str, Value]:
        """Return the resources of these ids; only those are read whose version is new.

        Args:
            versions: Id -> version, of all resources that there are.
        """
        self._known = dict(present(versions.items(), self._entry))
        return {id_: value for id_, (_, value) in self._known.items()}

    def _entry(self, item: tuple[str, str]) -> tuple[str, tuple[str, Value]]:
        id_, version = item
        known = self._known.get(id_)
        if known is not None and known[0] == version:
            return id_, known
        return id_, (version, self._read(id_))
