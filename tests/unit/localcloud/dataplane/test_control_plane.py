"""What the data plane makes of what it reads of the gateway."""

import pytest

from localcloud.dataplane.control_plane import Items, stores_at_once, stores_later

OLD, NEW = {"routing": "old"}, {"routing": "new"}


@pytest.mark.parametrize(
    ("served", "at_once", "later"),
    [
        pytest.param({}, {"a": NEW}, {"a": NEW}, id="a store that is new to the edges has arrived"),
        pytest.param({"a": OLD}, {"a": OLD}, {"a": NEW}, id="a write to one they know takes its time"),
        pytest.param({"a": OLD, "gone": OLD}, {"a": OLD}, {"a": NEW}, id="one that no function uses any more is gone"),
    ],
)
def test_write_to_a_store_takes_its_time_and_a_new_store_none(
    served: dict[str, Items], at_once: dict[str, Items], later: dict[str, Items]
) -> None:
    read = {"a": NEW}
    assert stores_at_once(served, read) == at_once
    assert stores_later(stores_at_once(served, read), read) == later


def test_write_that_arrives_leaves_a_store_alone_that_was_read_after_it() -> None:
    first, second = {"a": NEW}, {"a": NEW, "b": NEW}
    served = stores_at_once(stores_at_once({"a": OLD}, first), second)
    assert stores_later(served, first) == {"a": NEW, "b": NEW}
