"""The router function and the regional endpoint answer the same path with the same object."""

from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.release.serving.clean_urls import canonical
from tests.worlds.paths import PATHS
from tests.worlds.regional_handler import Objects, load_handler, request
from tests.worlds.router_function import RouterFunction

ROUTING = {"active": {"id": "r1", "base": "r1", "index": "", "chunks": 0, "salt": 0}, "drained_regions": []}


@pytest.mark.parametrize(("asked", "stored"), PATHS)
def test_router_maps_a_path_into_the_release(asked: str, stored: str) -> None:
    router = RouterFunction(own="eu-central-1", other="us-east-1")
    assert router.run(asked, routing=ROUTING)["uri"] == f"/releases/r1{canonical(stored)}"


@pytest.mark.parametrize(("asked", "stored"), PATHS)
def test_regional_endpoint_maps_a_path_into_the_release(
    monkeypatch: pytest.MonkeyPatch, asked: str, stored: str
) -> None:
    objects = Objects()
    objects.publish("r1", {stored.lstrip("/"): b"found"})
    answer = load_handler(monkeypatch, objects).handler(request(quote(asked)), None)
    assert answer["statusCode"] == 200


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(alphabet="ab.-", min_size=1, max_size=4), max_size=4), st.booleans())
def test_both_map_any_path_alike(segments: list[str], slash: bool) -> None:
    path = "/" + "/".join(segments) + ("/" if slash and segments else "")
    with pytest.MonkeyPatch.context() as monkeypatch:
        handler = load_handler(monkeypatch, Objects())
        router = RouterFunction(own="eu-central-1", other="us-east-1")
        assert router.run(path, routing=ROUTING)["uri"] == f"/releases/r1{handler.object_path(path, '')}"


@pytest.mark.parametrize(("extra_bytes", "is_name"), [(0, True), (1, False)])
@pytest.mark.parametrize("letter", ["a", "\N{LATIN SMALL LETTER E WITH ACUTE}"])
def test_longest_path_is_the_same_for_both(
    monkeypatch: pytest.MonkeyPatch, letter: str, extra_bytes: int, is_name: bool
) -> None:
    """An S3 key holds 1,024 bytes, and characters count as bytes of UTF-8."""
    handler = load_handler(monkeypatch, Objects())
    start = "/" + extra_bytes * "x"
    rest = (handler.LONGEST_PATH_BYTES - len("/x.a")) // len(letter.encode())
    path = start + rest * letter
    path += "x" * (handler.LONGEST_PATH_BYTES + extra_bytes - len(path.encode()) - len(".a")) + ".a"
    assert len(path.encode()) == handler.LONGEST_PATH_BYTES + extra_bytes
    router = RouterFunction(own="eu-central-1", other="us-east-1")
    stored = path if is_name else "/\ufffd."
    assert unquote(router.run(quote(path), routing=ROUTING)["uri"]) == f"/releases/r1{stored}"
    assert handler.decoded(quote(path)) == stored


@pytest.mark.parametrize("path", ["/health/region.json", "/health/", "/errors/404.html"])
def test_fixed_objects_are_outside_releases_for_both(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    objects = Objects()
    stored = f"{path}index.html" if path.endswith("/") else path
    objects.content[stored.lstrip("/")] = (b"fixed", "text/html")
    router = RouterFunction(own="eu-central-1", other="us-east-1")
    assert router.run(path, routing=ROUTING)["uri"] == stored
    assert load_handler(monkeypatch, objects).handler(request(path), None)["statusCode"] == 200
