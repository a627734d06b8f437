"""Redirects and clean URLs: refusals, circles, what a router looks up, and which file answers an address."""

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from py_mini_racer import MiniRacer

from scripts.errors import WrongUsageError
from scripts.release.serving.clean_urls import CleanUrls, TrailingSlash, UrlStyle, canonical, decoded
from scripts.release.serving.content_settings import parse_content
from scripts.release.serving.file_rules import check_release
from scripts.release.serving.redirects import (
    Redirect,
    lookup_path,
    problem_of,
    problems_between,
    problems_in_release,
)
from scripts.release.serving.url_rules import url_rules
from scripts.release.serving.variants import Variants
from tests.worlds.paths import PATHS

FILES = {"index.html", "new/index.html", "a.pdf", "404.html"}


def redirects(*pairs: tuple[str, str]) -> list[Redirect]:
    return [Redirect(source=source, target=target) for source, target in pairs]


@pytest.mark.parametrize(
    ("source", "target", "named"),
    [
        ("old", "/new/", "from is a path of this site"),
        ("//old", "/new/", "from is a path of this site"),
        ("/old?x=1", "/new/", "without query or fragment"),
        ("/old#x", "/new/", "without query or fragment"),
        ("/old*", "/new/", "as its last name only"),
        ("/*/old", "/new/", "as its last name only"),
        ("/*", "/new/", "as its last name only"),
        ("/old/*/*", "/new/", "as its last name only"),
        ("/health/*", "/new/", "choose another path"),
        ("/old", "/new/*", "to has a * as its last name only"),
        ("/old/*", "/new/*/x", "to has a * as its last name only"),
        ("/old/*", "/new*", "to has a * as its last name only"),
        ("/old/*", "/new/%2A/*", "to has a * as its last name only"),
        ("/a/../b", "/new/", "without . or .."),
        ("/a//b", "/new/", "empty names"),
        ("/%ff", "/new/", "percent-encoded UTF-8"),
        ("/a%2Fb", "/new/", "percent-encoded UTF-8"),
        ("/a\nb", "/new/", "percent-encoded UTF-8"),
        ("/health/x", "/new/", "choose another path"),
        ("/old", "new", "to is a path of this site"),
        ("/old", "//evil.example/", "to is a path of this site"),
        ("/old", "http://example.com/", "or an https address"),
        ("/old", "javascript:alert(1)", "or an https address"),
        ("/old", "https://", "or an https address"),
        ("/old", "https://user@example.com/", "or an https address"),
        ("/old", "https://example.com/\r\nx: y", "or an https address"),
        ("/old", "/new/\r\nx: y", "to is percent-encoded"),
        ("/old", "https://[", "or an https address"),
        ("/old", "/new/../x", "to is percent-encoded"),
        ("/" + "x" * 500, "/new/", "from takes 538 bytes of a KeyValueStore key"),
        ("/old", "/" + "x" * 1020, "to takes 1025 bytes of a KeyValueStore value"),
    ],
)
def test_redirect_rejects(source: str, target: str, named: str) -> None:
    assert named in (problem_of(Redirect(source=source, target=target)) or "")


@pytest.mark.parametrize(
    ("source", "target", "key", "value"),
    [
        ("/old", "/new/", "/old", "301 /new/"),
        ("/old/", "/new/?a=b&c#d", "/old", "301 /new/?a=b&c#d"),
        ("/a b", "/ü/", "/a%20b", "301 /%C3%BC/"),
        ("/a%20b", "/%c3%bc/", "/a%20b", "301 /%C3%BC/"),
        ("/cafe\u0301", "/new/", "/caf%C3%A9", "301 /new/"),
        ("/c++", "/new/", "/c%2B%2B", "301 /new/"),
        ("/100%25", "/new/", "/100%25", "301 /new/"),
        ("/blog/*", "/a b/*", "/blog/*", "301 /a%20b/*"),
        ("/old.php", "https://example.com/a?b=c#d", "/old.php", "301 https://example.com/a?b=c#d"),
    ],
)
def test_redirect_becomes_one_small_pair(source: str, target: str, key: str, value: str) -> None:
    redirect = Redirect(source=source, target=target)
    assert problem_of(redirect) is None
    assert (redirect.key_path, f"{redirect.status} {redirect.location}") == (key, value)


@given(st.text(max_size=40).map(lambda text: f"/{text}"), st.text(max_size=40).map(lambda text: f"/{text}"))
def test_accepted_redirect_keeps_to_the_limits_of_the_store(source: str, target: str) -> None:
    redirect = Redirect(source=source, target=target)
    if problem_of(redirect) is None:
        table = url_rules(UrlStyle(), [redirect]).table(Variants())
        for key, value in table.entries.items():
            assert key.isascii() and len(key) <= 512 and len(value) <= 1024
        assert re.fullmatch(r"/[\x21-\x7e]*", redirect.location)


@pytest.mark.parametrize(
    ("pairs", "named"),
    [
        ([("/a", "/b"), ("/a/", "/c")], 'from "/a/": "/a" already leads to "/b"'),
        ([("/a", "/b"), ("/%61", "/c")], "already leads to"),
        ([("/a", "/a/")], "in a circle, /a -> /a:"),
        ([("/a", "/b"), ("/b", "/c"), ("/c/", "/a?x")], "in a circle, /a -> /b -> /c -> /a:"),
        ([("/x", "/a"), ("/a", "/b"), ("/b", "/a")], "in a circle, /a -> /b -> /a:"),
        ([("/a/*", "/b/*"), ("/b/*", "/a/*")], "in a circle, /a/* -> /b/* -> /a/*:"),
        ([("/a/*", "/a/b/*")], "in a circle, /a/* -> /a/*:"),
        ([("/a/*", "/a/b/")], "in a circle, /a/* -> /a/*:"),
        ([("/a/*", "/a/*")], "in a circle, /a/* -> /a/*:"),
        ([("/a/*", "/b"), ("/b", "/a/x")], "in a circle, /a/* -> /b -> /a/*:"),
        ([("/a/*", "/b/*"), ("/b/x", "/a/x")], "in a circle, /a/* -> /b/x -> /a/*:"),
        # One that takes folders off its own path ends by itself, and not when another one puts them back.
        ([("/en/*", "/*"), ("/x", "/en/x")], "in a circle, /en/* -> /x -> /en/*:"),
        ([("/a/b/*", "/a/*"), ("/a/c/*", "/a/b/c/*")], "in a circle, /a/b/* -> /a/c/* -> /a/b/*:"),
    ],
)
def test_redirects_reject_each_other(pairs: list[tuple[str, str]], named: str) -> None:
    (problem,) = problems_between(redirects(*pairs))
    assert named in problem


@pytest.mark.parametrize(
    "pairs",
    [
        [("/en/*", "/*")],
        [("/a/b/*", "/a/*")],
        [("/a/*", "/b/"), ("/a/x", "/c/")],
        [("/a/*", "https://example.com/*")],
    ],
)
def test_redirects_with_a_wildcard_that_end_are_accepted(pairs: list[tuple[str, str]]) -> None:
    assert [problem_of(redirect) for redirect in redirects(*pairs)] == [None] * len(pairs)
    assert problems_between(redirects(*pairs)) == []


def test_long_chain_is_no_circle() -> None:
    assert problems_between(redirects(*((f"/{number}", f"/{number + 1}") for number in range(3000)))) == []


def test_thousands_of_redirects_are_read_at_once() -> None:
    """Each was compared with all others: 9,000 took 43 s. Some lead to pages, some on to another, some lie below a wildcard."""
    pairs = [
        (f"/old/{number}", f"/new/{number % 300}/" if number % 7 else f"/old/{number + 1}") for number in range(9000)
    ]
    document = {"redirect": [{"from": old, "to": new} for old, new in [*pairs, ("/w/*", "/new/*")]]}
    files = dict.fromkeys([f"new/{number}/index.html" for number in range(300)], 1)
    before = time.process_time()
    check = check_release(parse_content(document), files)
    assert time.process_time() - before < 3
    assert (check.problems, len(check.notes)) == ((), len([number for number in range(9000) if number % 7 == 0]))


def test_chain_into_wildcards_is_noted_with_the_first_of_the_site_file() -> None:
    rules = parse_content({"redirect": [{"from": source, "to": target} for source, target in (
        ("/a/b/*", "/first/"), ("/a/*", "/second/"), ("/old", "/a/b/c"),
    )]})  # fmt: skip
    assert '"/first/"' in check_release(rules, {"first/index.html": 1, "second/index.html": 1}).notes[0]


def test_wildcards_that_outgrow_their_value_are_refused() -> None:
    many = redirects(*((f"/{number}/*", "/" + "x" * 90) for number in range(20)))
    assert "they share one value" in problems_between(many)[0]


def test_redirects_that_outgrow_the_store_are_refused() -> None:
    many = redirects(*((f"/{number}", "/" + "x" * 900) for number in range(2000)))
    assert "of the KeyValueStore" in problems_between(many)[0]


PATHS_OF_FEW = st.sampled_from(["/a", "/b", "/c", "/d", "/e"])


@given(st.dictionaries(PATHS_OF_FEW, PATHS_OF_FEW))
def test_viewer_of_accepted_redirects_always_arrives(pairs: dict[str, str]) -> None:
    is_accepted = not problems_between(redirects(*pairs.items()))
    arrives = all(arrival(pairs, start) is not None for start in pairs)
    assert is_accepted == arrives


def arrival(pairs: dict[str, str], path: str) -> str | None:
    for _ in range(len(pairs) + 1):
        if path not in pairs:
            return path
        path = pairs[path]
    return None


@pytest.mark.parametrize(
    ("pair", "named"),
    [
        (("/old", "/gone/"), "the release has no gone/index.html"),
        (("/old", "/b.pdf"), "the release has no b.pdf"),
        (("/new", "/"), "it would hide new/index.html"),
        (("/a.pdf", "/"), "it would hide a.pdf"),
        (("/", "/new/"), "it would hide index.html"),
        (("/new/*", "/"), "it would hide new/index.html"),
        (("/old/*", "/gone/"), "the release has no gone/index.html"),
    ],
)
def test_release_rejects_a_redirect(pair: tuple[str, str], named: str) -> None:
    (problem,) = problems_in_release(redirects(pair), FILES, UrlStyle())
    assert named in problem


@pytest.mark.parametrize("target", ["/", "/new", "/new/#x", "/a.pdf?x", "/health/", "https://example.com/gone"])
def test_release_accepts_a_redirect_to(target: str) -> None:
    assert problems_in_release(redirects(("/old", target)), FILES, UrlStyle()) == []


def test_release_made_on_a_mac_has_its_pages() -> None:
    assert problems_in_release(redirects(("/old", "/caf\u00e9/")), {"cafe\u0301/index.html"}, UrlStyle()) == []


def test_chain_is_noted_with_its_end() -> None:
    rules = parse_content({"redirect": [{"from": "/a", "to": "/b"}, {"from": "/b", "to": "/new/"}]})
    check = check_release(rules, dict.fromkeys(FILES, 1))
    assert (check.problems, len(check.notes)) == ((), 1)
    assert 'redirected again, to "/new/"' in check.notes[0]


def test_circles_are_refused_when_the_settings_are_read() -> None:
    with pytest.raises(WrongUsageError, match="in a circle"):
        parse_content({"redirect": [{"from": "/a", "to": "/b"}, {"from": "/b", "to": "/a"}]})


@pytest.mark.parametrize(("path", "wanted"), PATHS)
def test_usual_style_is_what_the_routers_do(path: str, wanted: str) -> None:
    assert f"/{UrlStyle().object_path(path)}" == wanted


@pytest.mark.parametrize(
    ("clean_urls", "path", "wanted"),
    [
        (CleanUrls.FILE, "/about", "about.html"),
        (CleanUrls.FILE, "/about/", "about/index.html"),
        (CleanUrls.FILE, "/", "index.html"),
        (CleanUrls.FILE, "/a.css", "a.css"),
        (CleanUrls.OFF, "/about", "about"),
        (CleanUrls.OFF, "/about/", "about/index.html"),
    ],
)
def test_clean_urls_decide_the_file(clean_urls: CleanUrls, path: str, wanted: str) -> None:
    assert UrlStyle(clean_urls=clean_urls).object_path(path) == wanted


@pytest.mark.parametrize(
    ("slash", "path", "wanted"),
    [
        (TrailingSlash.ANY, "/about", None),
        (TrailingSlash.ADD, "/about", "/about/"),
        (TrailingSlash.ADD, "/about/", None),
        (TrailingSlash.ADD, "/a.css", None),
        (TrailingSlash.ADD, "/health/x", None),
        (TrailingSlash.REMOVE, "/about/", "/about"),
        (TrailingSlash.REMOVE, "/about", None),
        (TrailingSlash.REMOVE, "/v1.2/", None),  # /v1.2 would be a file
        (TrailingSlash.REMOVE, "/", None),
    ],
)
def test_trailing_slash_decides_the_spelling(slash: TrailingSlash, path: str, wanted: str | None) -> None:
    assert UrlStyle(trailing_slash=slash).other_spelling(path) == wanted


@given(
    st.sampled_from(CleanUrls), st.sampled_from(TrailingSlash), st.text("ab./", max_size=6).map(lambda text: f"/{text}")
)
def test_redirected_spelling_answers_by_itself(clean: CleanUrls, slash: TrailingSlash, path: str) -> None:
    style = UrlStyle(clean_urls=clean, trailing_slash=slash)
    other = style.other_spelling(path)
    assert other is None or style.other_spelling(other) is None


ADDRESSES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20).map(lambda text: f"/{text}")
# What a router function needs for it: the address as the viewer sent it, and nothing but the language.
LOOKUP = """
(address) => {
  const path = address.split('/').map((name) => encodeURIComponent(decodeURIComponent(name).normalize('NFC'))).join('/');
  return path.replace(/\\/+$/, '') || '/';
}
"""


@pytest.fixture(scope="module")
def router() -> MiniRacer:
    racer = MiniRacer()
    racer.eval(f"const lookup = {LOOKUP}")
    return racer


@given(ADDRESSES)
def test_router_looks_up_what_was_written(router: MiniRacer, path: str) -> None:
    address = canonical(path)
    assert str(router.eval(f"lookup({json.dumps(address)})")) == lookup_path(decoded(address))


@given(ADDRESSES)
def test_canonical_path_is_undone_by_decoding(path: str) -> None:
    assert canonical(decoded(canonical(path))) == canonical(decoded(path.replace("%", "%25")))


@pytest.mark.parametrize(("count", "fits"), [(843, True), (844, False)])
def test_redirects_of_three_releases_each_with_and_without_a_slash_fill_the_store(count: int, fits: bool) -> None:
    """A pair takes a key of at most 42 bytes and a value of 994: six of each redirect in 5 MB."""
    many = redirects(*((f"/{number:04}", "/" + "x" * 989) for number in range(count)))
    key, value = len("redirect/0123456789abcdef*/0000/index.html"), len(many[0].value)
    assert (3 * 2 * count * (key + value) <= 5 * 1024 * 1024) is fits
    assert (problems_between(many) == []) is fits


@pytest.mark.parametrize(
    ("status", "is_allowed"), [(301, True), (302, True), (307, True), (308, True), (300, False), (303, False)]
)
def test_status_of_a_redirect_is_one_of_four(status: int, is_allowed: bool) -> None:
    problem = problem_of(Redirect(source="/old", target="/new/", status=status))
    assert (problem is None) is is_allowed
    assert problem is None or problem.startswith("status is one of 301, 302, 307, 308: ")
