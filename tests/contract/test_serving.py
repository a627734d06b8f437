"""The router function's own JavaScript and the Lambda's own handler answer alike: every request of the table, both ways."""

import base64
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.release.folder import read_folder
from scripts.release.serving.clean_urls import CleanUrls, TrailingSlash, UrlStyle, canonical
from scripts.release.serving.content_settings import parse_content
from tests.contract.serving_cases import ALL, BROTLI_CSS, CASES, CONTENTS, Case, write_site
from tests.worlds.published import ROUTER, Answer, Published
from tests.worlds.regional_handler import Objects, load_handler, request


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Published]:
    folder = write_site(tmp_path_factory.mktemp("site"))
    return {name: Published(folder, content) for name, content in CONTENTS.items()}


LENGTH = len(BROTLI_CSS)
ASKED = [
    pytest.param(
        content, each, id=f"{content}: {each.path}{'?' if each.query else ''}{each.query} {dict(each.headers)}"
    )
    for each in CASES
    for content in each.contents
]


@pytest.mark.parametrize(("content", "asked"), ASKED)
def test_viewer_through_cloudfront_gets(sites: Mapping[str, Published], content: str, asked: Case) -> None:
    assert sites[content].through_cloudfront(asked.path, query=asked.query, headers=asked.headers) == asked.wanted


@pytest.mark.parametrize(("content", "asked"), ASKED)
def test_viewer_of_the_regional_endpoint_gets(sites: Mapping[str, Published], content: str, asked: Case) -> None:
    site = sites[content]
    assert site.through_regional_endpoint(asked.path, query=asked.query, headers=asked.headers) == asked.wanted
    again = site.through_regional_endpoint(asked.path, query=asked.query, headers=asked.headers, is_decoded=False)
    assert again == asked.wanted, "API Gateway hands the path over encoded"


# No name of two escapes that are UTF-8 together: no file has it, and the handler cannot know how often it was decoded.
NAMES = st.text(alphabet="aA.-+~'% ü/oldcsbrgen", min_size=1, max_size=6).filter(
    lambda name: unquote(name) == name or "\ufffd" in unquote(name)
)


@pytest.mark.parametrize("path", ["/%AA", "/%AA/", "/a%AA/", "/%EF%BF%BD/", "/%25AA/"])
@pytest.mark.parametrize("content", ALL)
def test_path_that_is_no_utf_8_is_missing_both_ways(sites: Mapping[str, Published], content: str, path: str) -> None:
    site = sites[content]
    statuses = [
        site.through_cloudfront(path).status,
        site.through_regional_endpoint(path).status,
        site.through_regional_endpoint(path, is_decoded=False).status,
    ]
    assert statuses == [404, 404, 404]


@settings(max_examples=150, deadline=None)
@given(
    content=st.sampled_from(ALL),
    names=st.lists(NAMES, max_size=4),
    slash=st.sampled_from(["", "/"]),
    accepted=st.sampled_from(["", "br", "gzip", "br;q=0, gzip"]),
)
def test_both_ways_answer_any_path_alike(
    sites: Mapping[str, Published], content: str, names: list[str], slash: str, accepted: str
) -> None:
    asked = canonical("/" + "/".join(names) + slash)
    headers = {"accept-encoding": accepted} if accepted else {}
    site = sites[content]
    assert site.through_cloudfront(asked, headers=headers) == site.through_regional_endpoint(asked, headers=headers)


@pytest.fixture(scope="module")
def lambda_handler() -> ModuleType:
    with pytest.MonkeyPatch.context() as monkeypatch:
        return load_handler(monkeypatch, Objects())


STYLES = [
    UrlStyle(clean_urls=clean_urls, trailing_slash=trailing_slash)
    for clean_urls in CleanUrls
    for trailing_slash in TrailingSlash
]


@settings(max_examples=100, deadline=None)
@given(style=st.sampled_from(STYLES), path=st.text(alphabet="ab./ü-", max_size=8).map(lambda text: f"/{text}"))
def test_build_means_the_file_that_the_routers_mean(lambda_handler: ModuleType, style: UrlStyle, path: str) -> None:
    words = f"{style.clean_urls.value} {style.trailing_slash.value}"
    assert lambda_handler.object_path(path, words) == f"/{style.object_path(path)}"
    assert lambda_handler.other_spelling(path, words) == style.other_spelling(path)


@pytest.mark.parametrize("path", ["/", "/about", "/styles.css", "/no/such", "/blog", "/LICENSE"])
def test_answer_that_is_no_redirect_takes_three_reads_at_most(sites: Mapping[str, Published], path: str) -> None:
    """Routing, one chunk of the index, and the wildcards where there are any."""
    sites["usual"].through_cloudfront(path)
    table = sites["usual"].routing.active.redirects if sites["usual"].routing.active else ""
    assert [key.split("/")[0] for key in ROUTER.reads] == ["routing", "index", "redirect"]
    assert ROUTER.reads[2] == f"redirect/{table}"


def test_release_without_index_and_redirects_takes_one_read(sites: Mapping[str, Published]) -> None:
    sites["off"].through_cloudfront("/styles.css", headers={"accept-encoding": "br"})
    assert ROUTER.reads == ["routing"]


def test_edge_without_the_new_redirects_answers_from_the_release_before(sites: Mapping[str, Published]) -> None:
    """The index came, the pair has not: no 404, and nothing of two releases."""
    new, earlier = sites["usual"], sites["off"]
    store = {key: value for key, value in new.store.items() if not key.startswith("redirect/")}
    routing = earlier.routing.switched_to(new.routing.active) if new.routing.active else earlier.routing
    result = ROUTER.run("/old", routing=routing.to_json(), others=store)
    assert result["uri"] == f"/releases/{earlier.manifest.release_id}/old"


def test_canary_and_active_release_have_their_own_redirects(sites: Mapping[str, Published]) -> None:
    assert sites["off"].routing.active is not None and sites["usual"].routing.active is not None
    routing = sites["off"].routing.with_canary(sites["usual"].routing.active, 50)
    answers = [
        ROUTER.run("/old", routing=routing.to_json(), others=sites["usual"].store, viewer_address=f"192.0.2.{number}")
        for number in range(60)
    ]
    assert {answer.get("statusCode") for answer in answers} == {301, None}
    assert {answer["uri"] for answer in answers if "uri" in answer} == {
        f"/releases/{sites['off'].manifest.release_id}/old"
    }


@pytest.mark.parametrize("raw_path", ["/a%20b.html", "/a b.html"])
def test_page_is_found_however_api_gateway_hands_its_path_over(monkeypatch: pytest.MonkeyPatch, raw_path: str) -> None:
    objects = Objects()
    objects.publish("r1", {"a b.html": b"found"})
    assert load_handler(monkeypatch, objects).handler(request(raw_path), None)["statusCode"] == 200


@pytest.mark.parametrize(
    ("wanted", "status", "body", "content_range"),
    [
        ("bytes=0-3", 206, BROTLI_CSS[:4], f"bytes 0-3/{LENGTH}"),
        ("bytes=4-", 206, BROTLI_CSS[4:], f"bytes 4-{LENGTH - 1}/{LENGTH}"),
        ("bytes=-2", 206, BROTLI_CSS[-2:], f"bytes {LENGTH - 2}-{LENGTH - 1}/{LENGTH}"),
        ("bytes=6-99", 206, BROTLI_CSS[6:], f"bytes 6-{LENGTH - 1}/{LENGTH}"),
        (f"bytes={LENGTH}-", 416, b"", f"bytes */{LENGTH}"),
        ("bytes=0-1,3-4", 200, BROTLI_CSS, None),
        ("pages=1-2", 200, BROTLI_CSS, None),
    ],
)
def test_range_is_one_of_the_variant_that_the_viewer_accepts(
    sites: Mapping[str, Published],
    monkeypatch: pytest.MonkeyPatch,
    wanted: str,
    status: int,
    body: bytes,
    content_range: str | None,
) -> None:
    handler = load_handler(monkeypatch, sites["usual"].objects)
    headers = {"accept-encoding": "br", "range": wanted}
    answer = handler.handler(request("/styles.css", headers=headers), None)
    assert (answer["statusCode"], base64.b64decode(answer.get("body", ""))) == (status, body)
    assert answer["headers"].get("content-range") == content_range
    assert answer["headers"]["content-encoding"] == "br"


def test_range_of_another_version_is_the_whole_file(
    sites: Mapping[str, Published], monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = load_handler(monkeypatch, sites["usual"].objects)
    headers = {"range": "bytes=0-1", "if-range": '"another"'}
    assert handler.handler(request("/guide.pdf", headers=headers), None)["statusCode"] == 200


@pytest.mark.parametrize("path", ["/old", "/styles.css", "/no/such"])
def test_every_answer_says_that_it_depends_on_accept_encoding(
    sites: Mapping[str, Published], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    answer = load_handler(monkeypatch, sites["usual"].objects).handler(request(path), None)
    assert answer["headers"]["vary"] == "Accept-Encoding"


def test_head_of_a_variant_has_its_headers(sites: Mapping[str, Published], monkeypatch: pytest.MonkeyPatch) -> None:
    handler = load_handler(monkeypatch, sites["usual"].objects)
    answer = handler.handler(request("/styles.css", method="HEAD", headers={"accept-encoding": "br"}), None)
    assert (answer["statusCode"], answer["headers"]["content-encoding"], answer["body"]) == (200, "br", "")


def test_other_redirects_are_another_release(tmp_path: Path) -> None:
    folder = write_site(tmp_path)
    rules = [parse_content(content) for content in ({}, *CONTENTS.values())]
    assert len({read_folder(folder, rules=each).release_id for each in rules}) == len(rules)


def test_answers_compare_what_a_viewer_sees() -> None:
    assert Answer(status=200, content_encoding="br") != Answer(status=200)
