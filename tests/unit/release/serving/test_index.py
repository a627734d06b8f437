"""The index: which increment a path lies in, within the KeyValueStore's limits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.release.serving.index import (
    LARGEST_CHUNK_BYTES,
    MAXIMUM_ENTRIES,
    Index,
    IndexTooLargeError,
    build_index,
)

INCREMENTS = ["a" * 16, "b" * 16, "c" * 16]
PATHS = st.text(alphabet="abc/.-ü %", min_size=1, max_size=12)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(PATHS, st.sampled_from(INCREMENTS), max_size=40), st.sets(PATHS, max_size=40))
def test_index_gives_every_named_path_its_increment_and_no_other_path_any(
    increments: dict[str, str], others: set[str]
) -> None:
    others -= set(increments)
    index = build_index(increments, others)
    assert {path: index.increment_of(path) for path in increments} == increments
    assert {index.increment_of(path) for path in others} <= {None}


def test_nothing_to_name_is_no_index() -> None:
    assert build_index({}, ["index.html"]) == Index()


def test_chunks_fit_the_store_at_the_largest_size() -> None:
    increments = {f"posts/{number}/index.html": INCREMENTS[number % 3] for number in range(MAXIMUM_ENTRIES)}
    index = build_index(increments, [])
    assert max(len(chunk.encode()) for chunk in index.chunks) <= LARGEST_CHUNK_BYTES
    assert index.increment_of("posts/7/index.html") == INCREMENTS[7 % 3]


def test_many_increments_in_one_chunk_fit_the_store() -> None:
    increments = {f"{number}.html": f"{number:016x}" for number in range(500)}
    index = build_index(increments, [])
    assert max(len(chunk) for chunk in index.chunks) <= LARGEST_CHUNK_BYTES
    assert index.increment_of("77.html") == f"{77:016x}"


def test_index_rejects_more_than_the_store_holds() -> None:
    with pytest.raises(IndexTooLargeError, match="40001 paths"):
        build_index({str(number): INCREMENTS[0] for number in range(MAXIMUM_ENTRIES + 1)}, [])


def test_path_that_looks_like_a_named_one_gets_another_salt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.release.serving.index.TAG_CHARACTERS", 1)  # sixteen tags for thirty paths in one chunk
    others = [f"{number}.html" for number in range(30)]
    index = build_index({"page.html": INCREMENTS[0]}, others)
    assert index.salt > 0
    assert {index.increment_of(path) for path in others} == {None}


def test_same_index_has_the_same_id_and_another_one_another() -> None:
    one = build_index({"a": INCREMENTS[0]}, [])
    assert one == build_index({"a": INCREMENTS[0]}, [])
    assert one.id != build_index({"a": INCREMENTS[1]}, []).id
