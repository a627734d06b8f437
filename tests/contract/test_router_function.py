"""The router function: release, origin order, and an answer for every state of its store."""

from tests.worlds.router_function import RouterFunction

OWN, OTHER = "eu-central-1", "us-east-1"
RELEASED = {"active": {"id": "r1", "base": "r1", "index": "", "chunks": 0, "salt": 0}}


def router() -> RouterFunction:
    return RouterFunction(own=OWN, other=OTHER)


def test_primary_gets_four_seconds_to_start_answering() -> None:
    function = router()
    function.run("/", routing=RELEASED)
    assert function.calls == [["updateRequestOrigin", {"timeouts": {"connectionTimeout": 2, "readTimeout": 4}}]]


def test_path_check_leaves_the_second_bucket_time_within_the_checkers_two_seconds() -> None:
    function = router()
    function.run("/health/path.json", routing=RELEASED)
    assert function.calls == [["updateRequestOrigin", {"timeouts": {"connectionTimeout": 1, "readTimeout": 1}}]]


def test_drained_own_region_is_asked_last() -> None:
    function = router()
    function.run("/", routing={**RELEASED, "drained_regions": [OWN]})
    assert function.calls == [
        [
            "createRequestOriginGroup",
            {
                "originIds": [{"originId": f"s3-{OTHER}"}, {"originId": f"s3-{OWN}"}],
                "failoverCriteria": {"statusCodes": [403, 500, 502, 503, 504]},
            },
        ]
    ]


def test_drained_other_region_changes_nothing() -> None:
    function = router()
    function.run("/", routing={**RELEASED, "drained_regions": [OTHER]})
    assert function.calls[0][0] == "updateRequestOrigin"


def test_both_regions_drained_is_as_if_none_were() -> None:
    function = router()
    function.run("/", routing={**RELEASED, "drained_regions": [OWN, OTHER]})
    assert function.calls[0][0] == "updateRequestOrigin"


def test_only_region_gets_all_of_its_buckets_time_and_no_group_whatever_is_drained() -> None:
    function = RouterFunction(own=OWN, other=None)
    for path in ("/", "/health/path.json"):
        asked = function.run(path, routing={**RELEASED, "drained_regions": [OWN]})
        assert (asked["uri"].endswith(path.strip("/") or "index.html"), function.calls) == (True, [])


def test_missing_key_answers_503_and_says_what_to_do() -> None:
    answer = router().run("/", routing=None)
    assert answer["statusCode"] == 503
    assert "sync-content" in answer["body"]


def test_broken_value_answers_503() -> None:
    assert router().run("/", routing="{not json")["statusCode"] == 503


def test_health_is_served_before_anything_is_published() -> None:
    assert router().run("/health/region.json", routing=None)["uri"] == "/health/region.json"
