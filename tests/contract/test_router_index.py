"""Router function, regional endpoint and publisher agree on the increment of every path, and viewers stay with one release."""

import hashlib
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.release.routing import Canary, Routing, ServedRelease
from scripts.release.serving.index import Index, build_index
from scripts.release.serving.variants import LARGEST_LIST_CHARACTERS
from tests.worlds.regional_handler import Objects, load_handler, request
from tests.worlds.router_function import RouterFunction

BASE, NEW, CANARY = "0" * 16, "1" * 16, "2" * 16
ROUTER = RouterFunction(own="eu-central-1", other="us-east-1")
# The publisher refuses a name with an escape in it.
PATHS = (
    st.text(alphabet="abcü%+~' 😀", min_size=1, max_size=8)
    .filter(lambda text: unquote(text) == text)
    .map(lambda text: f"{text}.html")
)


def increment(path: str, routing: Routing, *indexes: Index, viewer_address: str = "192.0.2.1") -> str:
    store = {key: value for index in indexes for key, value in index.entries.items()}
    found = ROUTER.run(path, routing=routing.to_json(), others=store, viewer_address=viewer_address)
    return str(found["uri"]).split("/")[2]


def of(index: Index, release_id: str = NEW) -> ServedRelease:
    return ServedRelease(id=release_id, base=BASE, index=index.id, chunks=len(index.chunks), salt=index.salt)


def routed(index: Index, **others: Any) -> Routing:
    return Routing(active=of(index), **others)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(PATHS, st.just(NEW), min_size=1, max_size=20), st.sets(PATHS, max_size=10))
def test_router_finds_the_increment_that_the_publisher_wrote(increments: dict[str, str], others: set[str]) -> None:
    index = build_index(increments, others - set(increments))
    routing = routed(index)
    expected = {path: increments.get(path, BASE) for path in {*increments, *others}}
    assert {path: increment(f"/{quote(path)}", routing, index) for path in expected} == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/new.html", NEW), ("/old.html", BASE), ("/docs/", NEW), ("/docs", NEW), ("/%zz.html", BASE)],
)
def test_both_routers_agree_on_the_increment(monkeypatch: pytest.MonkeyPatch, path: str, expected: str) -> None:
    increments = {"new.html": NEW, "docs/index.html": NEW}
    index = build_index(increments, ["old.html", "index.html"])
    assert increment(path, routed(index), index) == expected
    objects = Objects()
    objects.publish(BASE, {}, increments=increments)
    load_handler(monkeypatch, objects).handler(request(path), None)
    assert objects.reads[1].split("/")[1] == expected


def test_every_spelling_of_a_name_finds_the_same_increment() -> None:
    index = build_index({"a b~.html": NEW}, [])
    assert {increment(path, routed(index), index) for path in ("/a%20b~.html", "/a%20b%7E.html", "/%61%20b~.html")} == {
        NEW
    }


def test_release_without_an_index_reads_one_key() -> None:
    assert increment("/x.html", Routing(active=ServedRelease(id=NEW, base=NEW))) == NEW


def test_edge_without_the_new_index_serves_the_release_before() -> None:
    index, earlier = build_index({"x.html": NEW}, []), build_index({"x.html": CANARY}, [])
    routing = routed(index, previous=of(earlier, CANARY))
    assert increment("/x.html", routing, earlier) == CANARY


def test_edge_without_any_index_serves_the_base_increment() -> None:
    index = build_index({"x.html": NEW}, [])
    assert increment("/x.html", routed(index)) == BASE


def test_canary_gets_its_share_of_the_viewers_and_keeps_them() -> None:
    routing = Routing(
        active=ServedRelease(id=NEW, base=NEW), canary=Canary(release=ServedRelease(id=CANARY, base=CANARY), percent=25)
    )
    viewers = [f"192.0.{high}.{low}" for high in range(4) for low in range(100)]
    first = [increment("/", routing, viewer_address=viewer) for viewer in viewers]
    assert first == [increment("/x.css", routing, viewer_address=viewer) for viewer in viewers]
    assert 60 <= first.count(CANARY) <= 140  # 100 expected, standard deviation 8.7


@pytest.mark.parametrize("percent", [1, 50, 99])
@pytest.mark.parametrize("canary_id", [CANARY, "3" * 16])
def test_canary_draws_by_its_own_id_and_the_address(canary_id: str, percent: int) -> None:
    """Another canary draws other viewers, and a share is neither one percent more nor less."""
    canary = Canary(release=ServedRelease(id=canary_id, base=canary_id), percent=percent)
    routing = Routing(active=ServedRelease(id=NEW, base=NEW), canary=canary)
    addresses = [f"198.51.{high}.{low}" for high in range(3) for low in range(250)]
    drawn = {each: int(hashlib.sha256(f"{canary_id}:{each}".encode()).hexdigest()[:8], 16) % 100 for each in addresses}
    # Both sides of the boundary, and some more.
    draws = {each: draw for at, (each, draw) in enumerate(drawn.items()) if abs(draw - percent) <= 1 or at % 15 == 0}
    assert {percent - 1, percent} <= set(draws.values())
    viewers = list(draws)
    got = {each for each in viewers if increment("/", routing, viewer_address=each) == canary_id}
    assert got == {each for each, draw in draws.items() if draw < percent}


def test_canary_without_its_index_falls_back_to_the_active_release() -> None:
    index = build_index({"x.html": CANARY}, [])
    canary = Canary(release=of(index, CANARY), percent=99)
    routing = Routing(active=ServedRelease(id=NEW, base=NEW), canary=canary)
    assert increment("/x.html", routing) == NEW


def test_routing_of_three_releases_fits_one_value() -> None:
    longest = LARGEST_LIST_CHARACTERS // 2 * "x"
    release = ServedRelease(
        id=NEW,
        base=BASE,
        index="f" * 16,
        chunks=999,
        salt=63,
        style="folder remove",
        redirects=f"{'f' * 16}*",
        br=longest,
        gzip=longest,
    )
    canary = Canary(release=release, percent=99)
    regions = ("ap-southeast-2",) * 3
    assert len(Routing(active=release, previous=release, canary=canary, drained_regions=regions).to_json()) <= 1024
