"""What CloudFront does with a request, from Host header to final response, with answers and cache left to a stand-in."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from localcloud.dataplane.configuration import (
    CacheBehaviour,
    CloudFrontState,
    Configuration,
    CustomErrorResponse,
    Distribution,
    EdgeFunction,
    OriginGroup,
)
from localcloud.dataplane.edge.cached_answers import CachedAnswers
from localcloud.dataplane.edge.messages import EdgeRequest, EdgeResponse
from localcloud.dataplane.edge.pipeline import MAXIMUM_URL_BYTES, EdgePipeline
from localcloud.model.cache import CachePolicy
from localcloud.model.origins import Origin, OriginPlan

HOST = "www.example.test"
METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
ORIGINS = {id_: Origin(id=id_, domain_name=f"{id_}.s3.eu-central-1.amazonaws.com") for id_ in ("one", "two", "pages")}


def behaviour(pattern: str = "*", target: str = "group", **changes: object) -> CacheBehaviour:
    usual = CacheBehaviour(
        path_pattern=pattern,
        target_origin_id=target,
        viewer_protocol_policy="redirect-to-https",
        allowed_methods=METHODS,
        cache_policy=CachePolicy(),
    )
    return replace(usual, **changes)  # type: ignore[arg-type]  # each test names fields of its own


def distribution(*behaviours: CacheBehaviour, **changes: object) -> Distribution:
    usual = Distribution(
        id="E1",
        arn="arn:aws:cloudfront::123456789012:distribution/E1",
        domain_name="d1.cloudfront.net",
        aliases=(HOST,),
        origins=ORIGINS,
        origin_groups={"group": OriginGroup(member_ids=("one", "two"), status_codes=frozenset({503}))},
        behaviours=behaviours or (behaviour("/errors/*", "pages"), behaviour()),
    )
    return replace(usual, **changes)  # type: ignore[arg-type]  # each test names fields of its own


class Answers:
    """What origins and cache answer: a status a path, 200 by itself; keeps what was asked of whom."""

    def __init__(self, **statuses: int) -> None:
        self._statuses = {f"/{name.replace('_', '/')}": status for name, status in statuses.items()}
        self.asked: list[tuple[str, str, str, tuple[str, ...]]] = []

    async def answer(
        self, request: EdgeRequest, plan: OriginPlan, _distribution: Distribution, _behaviour: CacheBehaviour
    ) -> EdgeResponse:
        members = tuple(origin.id for origin in plan.members)
        self.asked.append((request.method, request.path, request.query, members))
        status = self._statuses.get(request.path, 200)
        return EdgeResponse(status_code=status, body=request.path.encode(), is_from_origin=True)


def ask(
    answers: Answers,
    held: Distribution | None = None,
    *,
    functions: Mapping[str, str] | None = None,
    **changes: object,
) -> EdgeResponse:
    held = held or distribution()
    codes = {
        f"arn:{name}": EdgeFunction(name=name, arn=f"arn:{name}", runtime="cloudfront-js-2.0", code=code, etag="1")
        for name, code in (functions or {}).items()
    }
    picture = Configuration(cloudfront=CloudFrontState(distributions=(held,), functions=codes))
    request = EdgeRequest(
        method="GET", path="/a", query="", headers={"host": HOST}, viewer_address="192.0.2.1", request_id="id"
    )
    pipeline = EdgePipeline(lambda: picture, cast("CachedAnswers", answers))
    return asyncio.run(pipeline.answer(replace(request, **changes)))  # type: ignore[arg-type]  # each test names fields


@pytest.mark.parametrize(
    ("held", "changes", "status", "words"),
    [
        (distribution(), {"headers": {"host": "other.example"}}, 403, "No distribution holds the name other.example"),
        (distribution(is_enabled=False), {}, 403, "is disabled"),
        (distribution(unsupported="a lambda@edge"), {}, 502, "does not model this distribution: a lambda@edge"),
        (distribution(behaviour(target="gone")), {}, 502, "target origin 'gone' does not exist"),
        (distribution(), {"path": "/" + "a" * MAXIMUM_URL_BYTES}, 413, "longer than 8,192 bytes"),
        (distribution(), {"method": "DELETE"}, 403, "HTTP request method"),
        (distribution(), {"has_body": True}, 403, "must not have a body"),
        (distribution(behaviour(viewer_protocol_policy="https-only")), {"is_tls": False}, 403, "to allow HTTP."),
    ],
)
def test_edge_refuses_before_any_origin_is_asked(
    held: Distribution, changes: Mapping[str, Any], status: int, words: str
) -> None:
    answers = Answers()
    found = ask(answers, held, **changes)
    assert (found.status_code, found.is_from_origin, answers.asked) == (status, False, [])
    assert words in found.body.decode()


def test_url_is_refused_beyond_8192_bytes_of_path_and_query_together() -> None:
    assert (
        MAXIMUM_URL_BYTES == 8192
    )  # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
    assert ask(Answers(), path="/" + "a" * 8000, query="b" * 191).status_code == 200
    assert ask(Answers(), path="/" + "a" * 8000, query="b" * 192).status_code == 413


@pytest.mark.parametrize(
    ("query", "location"), [("", "https://www.example.test/a"), ("x=1", "https://www.example.test/a?x=1")]
)
def test_edge_redirects_plain_http_with_its_query(query: str, location: str) -> None:
    found = ask(Answers(), is_tls=False, query=query)
    assert (found.status_code, found.headers["location"]) == (301, location)


def test_plain_http_is_served_where_it_may_be() -> None:
    for policy in ("allow-all", "https-only", "redirect-to-https"):
        held = distribution(behaviour(viewer_protocol_policy=policy))
        assert ask(Answers(), held, is_tls=True).status_code == 200
        assert (ask(Answers(), held, is_tls=False).status_code == 200) is (policy == "allow-all")


def test_body_of_a_method_that_writes_is_no_reason_to_refuse() -> None:
    held = distribution(behaviour(allowed_methods=METHODS | {"POST"}))
    assert ask(Answers(), held, method="POST", has_body=True).status_code == 200


def test_behaviour_of_the_first_pattern_that_matches_chooses_the_origin() -> None:
    held = distribution(behaviour("/b/*", "one"), behaviour("/b/c", "two"), behaviour())
    asked = []
    for path in ("/b/c", "/a"):
        answers = Answers()
        ask(answers, held, path=path)
        asked += answers.asked
    assert [members for *_, members in asked] == [("one",), ("one", "two")]


def test_root_object_is_asked_for_at_the_root_alone() -> None:
    held = distribution(default_root_object="index.html")
    for path, asked in (("/", "/index.html"), ("/b/", "/b/")):
        assert ask(Answers(), held, path=path).body.decode() == asked
    assert ask(Answers(), path="/").body == b"/"


def errors(**custom: CustomErrorResponse) -> Distribution:
    return distribution(custom_errors={int(name.removeprefix("on_")): each for name, each in custom.items()})


PAGE = "/errors/404.html"


@pytest.mark.parametrize(
    ("custom", "status", "shown", "x_cache"),
    [
        (CustomErrorResponse(response_page_path=PAGE), 404, PAGE, "Error from cloudfront"),
        (CustomErrorResponse(response_page_path=PAGE, response_code=200), 200, PAGE, "Error from cloudfront"),
        (CustomErrorResponse(), 404, "/a", "Miss from cloudfront"),
    ],
)
def test_error_gets_the_page_and_the_code_of_the_distribution(
    custom: CustomErrorResponse, status: int, shown: str, x_cache: str
) -> None:
    found = ask(Answers(a=404), errors(on_404=custom), query="x=1")
    assert (found.status_code, found.body.decode(), found.x_cache) == (status, shown, x_cache)


def test_error_page_is_fetched_by_get_through_the_behaviour_of_its_own_path() -> None:
    answers = Answers(a=404)
    ask(answers, errors(on_404=CustomErrorResponse(response_page_path=PAGE)), method="HEAD", query="x=1")
    assert answers.asked == [("HEAD", "/a", "x=1", ("one", "two")), ("GET", PAGE, "", ("pages",))]


def test_error_page_that_is_not_there_is_no_page_and_a_good_answer_needs_none() -> None:
    held = errors(on_404=CustomErrorResponse(response_page_path="/errors/gone", response_code=200))
    assert ask(Answers(a=404, errors_gone=403), held).status_code == 403
    assert ask(Answers(a=399), errors(on_399=CustomErrorResponse(response_page_path=PAGE))).body == b"/a"
    assert ask(Answers(a=400), errors(on_400=CustomErrorResponse(response_page_path=PAGE))).body.decode() == PAGE


AFTER = (
    "async function handler(event) { const r = event.response; "
    "r.headers['x-seen'] = {value: String(r.statusCode) + event.request.uri}; return r; }"
)
BEFORE = "async function handler(event) { event.request.uri = '/moved'; return event.request; }"
ANSWERS = "async function handler(event) { return {statusCode: 302, headers: {location: {value: '/x'}}}; }"
THROWS = "async function handler(event) { throw new Error('as it is meant to'); }"
ELSEWHERE = (
    "import cf from 'cloudfront';\n"
    "async function handler(event) { cf.selectRequestOriginById('two'); return event.request; }"
)


def running(**functions: str) -> Distribution:
    events = {"after": "viewer-response", "before": "viewer-request"}
    return distribution(behaviour(functions={events[name]: f"arn:{name}" for name in functions}))


@pytest.mark.parametrize(("status", "seen"), [(200, "200/a"), (399, "399/a"), (400, None), (404, None)])
def test_viewer_response_function_runs_below_400(status: int, seen: str | None) -> None:
    """https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/edge-function-restrictions-all.html"""
    found = ask(Answers(a=status), running(after=AFTER), functions={"after": AFTER})
    assert (found.status_code, found.headers.get("x-seen")) == (status, seen)


def test_viewer_request_function_rewrites_what_the_origin_is_asked_for() -> None:
    assert ask(Answers(), running(before=BEFORE), functions={"before": BEFORE}).body == b"/moved"


def test_viewer_request_function_may_choose_the_origin() -> None:
    answers = Answers()
    ask(answers, running(before=ELSEWHERE), functions={"before": ELSEWHERE})
    assert answers.asked[0][3] == ("two",)


def test_viewer_request_function_that_answers_spares_the_origin() -> None:
    answers = Answers()
    found = ask(answers, running(before=ANSWERS), functions={"before": ANSWERS})
    assert (found.status_code, found.headers["location"], answers.asked) == (302, "/x", [])


def test_function_that_throws_is_a_503_that_says_so() -> None:
    found = ask(Answers(), running(before=THROWS), functions={"before": THROWS})
    assert (found.status_code, found.x_cache) == (503, "FunctionExecutionError from cloudfront")
    assert "as it is meant to" in found.body.decode()


def test_conditions_of_the_viewer_are_met_by_what_an_origin_answered_only() -> None:
    headers = {"host": HOST, "range": "bytes=0-0"}
    assert ask(Answers(), headers=headers).status_code == 206
    made = "async function handler(event) { return {statusCode: 200, body: 'made here'}; }"
    assert ask(Answers(), running(before=made), functions={"before": made}, headers=headers).status_code == 200
