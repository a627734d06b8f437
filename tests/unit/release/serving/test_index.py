"""The index: which layer a path lies in, within the KeyValueStore's limits."""

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

LAYERS = ["a" * 16, "b" * 16, "c" * 16]
PATHS = st.text(alphabet="abc/.-ü %", min_size=1, max_size=12)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(PATHS, st.sampled_from(LAYERS), max_size=40), st.sets(PATHS, max_size=40))
def test_index_gives_every_named_path_its_layer_and_no_other_path_any(layers: dict[str, str], others: set[str]) -> None:
    others -= set(layers)
    index = build_index(layers, others)
    assert {path: index.layer_of(path) for path in layers} == layers
    assert {index.layer_of(path) for path in others} <= {None}


def test_nothing_to_name_is_no_index() -> None:
    assert build_index({}, ["index.html"]) == Index()


def test_chunks_fit_the_store_at_the_largest_size() -> None:
    layers = {f"posts/{number}/index.html": LAYERS[number % 3] for number in range(MAXIMUM_ENTRIES)}
    index = build_index(layers, [])
    assert max(len(chunk.encode()) for chunk in index.chunks) <= LARGEST_CHUNK_BYTES
    assert index.layer_of("posts/7/index.html") == LAYERS[7 % 3]


def test_many_layers_in_one_chunk_fit_the_store() -> None:
    layers = {f"{number}.html": f"{number:016x}" for number in range(500)}
    index = build_index(layers, [])
    assert max(len(chunk) for chunk in index.chunks) <= LARGEST_CHUNK_BYTES
    assert index.layer_of("77.html") == f"{77:016x}"


def test_index_rejects_more_than_the_store_holds() -> None:
    with pytest.raises(IndexTooLargeError, match="40001 paths"):
        build_index({str(number): LAYERS[0] for number in range(MAXIMUM_ENTRIES + 1)}, [])


def test_path_that_looks_like_a_named_one_gets_another_salt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.release.serving.index.TAG_CHARACTERS", 1)  # sixteen tags for thirty paths in one chunk
    others = [f"{number}.html" for number in range(30)]
    index = build_index({"page.html": LAYERS[0]}, others)
    assert index.salt > 0
    assert {index.layer_of(path) for path in others} == {None}


def test_same_index_has_the_same_id_and_another_one_another() -> None:
    one = build_index({"a": LAYERS[0]}, [])
    assert one == build_index({"a": LAYERS[0]}, [])
    assert one.id != build_index({"a": LAYERS[1]}, []).id
