"""What the fault board takes: a fault that would break nothing is refused by name."""

from typing import Any

import pytest

from localcloud.gateway.clock import AwsClock
from localcloud.gateway.errors import ServiceError
from localcloud.gateway.faults import LIMITS, FaultBoard, FaultKind, catalogue
from localcloud.gateway.wire import JsonObject
from localcloud.model.resolution import NameFailure


@pytest.fixture
def board() -> FaultBoard:
    return FaultBoard(AwsClock(), lambda identifier: identifier == "E1")


def refusal(board: FaultBoard, **fault: Any) -> str:
    with pytest.raises(ServiceError) as caught:
        board.add(fault)
    assert board.snapshot()["faults"] == []
    return caught.value.message


@pytest.mark.parametrize(
    "target",
    [
        *("s3:eu-central-1", "apigateway:us-east-1", "health-checker:eu-west-1", "cloudfront", "cloudfront:E1", "dns"),
        *("aws-edge", "server:203.0.113.10", "server:2001:db8::a"),
    ],
)
def test_fault_is_taken_on_every_target(board: FaultBoard, target: str) -> None:
    assert board.add({"target": target, "kind": "refuse"}).target == target


@pytest.mark.parametrize(
    ("target", "named"),
    [
        ("s3:eu-centrall-1", "no such region"),
        ("apigateway:eu-west-9", "no such region"),
        ("health-checker:eu-central-1", "no such region"),
        ("s3", "no such region"),
        ("s3:", "no such region"),
        ("cloudfront:E2", "no such distribution"),
        ("cloudfront:", "no such distribution"),
        ("dns:eu-central-1", "allowed are"),
        ("lambda:eu-central-1", "allowed are"),
        ("server:www.example.org", "no IP address"),
        ("aws-edge:eu-central-1", "allowed are"),
        (None, "allowed are"),
    ],
)
def test_fault_rejects_a_target_that_is_not_there(board: FaultBoard, target: str | None, named: str) -> None:
    message = refusal(board, target=target, kind="refuse")
    assert repr(str(target)) in message
    assert named in message


def test_fault_rejects_a_field_that_it_does_not_have(board: FaultBoard) -> None:
    message = refusal(board, target="dns", kind="delay", value=5, percent=20, Ratio=0.2)
    assert "Ratio, percent" in message
    assert "target, kind, value" in message


def test_fault_rejects_a_kind_that_would_break_nothing_there(board: FaultBoard) -> None:
    message = refusal(board, target="dns", kind="corrupt")
    assert "'corrupt'" in message
    assert "corrupt" not in message.partition("allowed on dns are")[2]


def test_fault_rejects_a_kind_that_is_unknown(board: FaultBoard) -> None:
    assert "'explode'" in refusal(board, target="cloudfront", kind="explode")
    assert "'None'" in refusal(board, target="cloudfront")


@pytest.mark.parametrize("kind", ["nxdomain", "nodata", "servfail", "expired-certificate", "wrong-certificate"])
@pytest.mark.parametrize("target", ["s3:eu-central-1", "health-checker:eu-west-1", "dns"])
def test_fault_of_an_entry_is_refused_where_none_is(board: FaultBoard, target: str, kind: str) -> None:
    assert f"'{kind}'" in refusal(board, target=target, kind=kind)


def test_fault_of_names_is_told_by_target_the_newest_first(board: FaultBoard) -> None:
    board.add({"target": "cloudfront", "kind": "nxdomain"})
    board.add({"target": "cloudfront:E1", "kind": "refuse"})
    newest = board.add({"target": "cloudfront", "kind": "nodata"})
    assert board.failing_names() == {"cloudfront": NameFailure.NODATA}
    board.remove(newest.id)
    assert board.failing_names() == {"cloudfront": NameFailure.NXDOMAIN}


@pytest.mark.parametrize("kind", ["status", "delay", "hang", "reset", "slow"])
def test_fault_on_a_share_is_told_with_its_seed(board: FaultBoard, kind: str) -> None:
    value = {"status": {"value": 503}, "delay": {"value": 5}, "slow": {"value": 5}}.get(kind, {})
    told = board.add({"target": "s3:eu-central-1", "kind": kind, "ratio": 0.3, "seed": 7, **value}).to_json()
    assert (told["ratio"], told["seed"]) == (0.3, 7)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"kind": "refuse", "ratio": 0.5}, "refuse takes no ratio"),
        ({"kind": "corrupt", "ratio": 0.5}, "corrupt takes no ratio"),
        ({"kind": "hang", "ratio": 0}, "ratio is 0"),
        ({"kind": "hang", "ratio": 1.01}, "ratio is 1.01"),
        ({"kind": "hang", "ratio": True}, "ratio is True"),
        ({"kind": "hang", "ratio": "0.5"}, "ratio is 0.5"),
        ({"kind": "hang", "ratio": 0.5, "seed": 1.5}, "seed is 1.5"),
        ({"kind": "hang", "seed": 1}, "needs a ratio"),
        ({"kind": "slow"}, "value of slow is None"),
        ({"kind": "reset", "value": 3}, "takes no value"),
    ],
)
def test_fault_rejects_a_share_that_is_none(board: FaultBoard, fields: dict[str, Any], named: str) -> None:
    assert named in refusal(board, target="s3:eu-central-1", **fields)


def hits(board: FaultBoard, count: int) -> list[bool]:
    return [board.apply_before_read("eu-central-1", has_connected=True) is not None for _ in range(count)]


def test_fault_on_a_share_hits_the_same_requests_with_the_same_seed(board: FaultBoard) -> None:
    runs = []
    for seed in (1, 1, 2):
        fault = board.add({"target": "s3:eu-central-1", "kind": "status", "value": 503, "ratio": 0.3, "seed": seed})
        runs.append(hits(board, 1000))
        board.remove(fault.id)
    assert runs[0] == runs[1] != runs[2]
    assert all(250 < sum(run) < 350 for run in runs)


def test_fault_on_a_share_is_no_outage_since_asking_again_helps(board: FaultBoard) -> None:
    fault = board.add({"target": "s3:eu-central-1", "kind": "status", "value": 503, "ratio": 0.9})
    assert not board.has_outage("s3:eu-central-1")
    board.remove(fault.id)
    board.add({"target": "s3:eu-central-1", "kind": "reset"})
    assert board.has_outage("s3:eu-central-1")


@pytest.mark.parametrize("kind", ["reset", "slow"])
@pytest.mark.parametrize("target", ["dns", "health-checker:eu-west-1"])
def test_fault_of_connections_is_refused_where_there_is_none(board: FaultBoard, target: str, kind: str) -> None:
    value = {"value": 5} if kind == "slow" else {}
    assert f"'{kind}'" in refusal(board, target=target, kind=kind, **value)


def test_catalogue_lists_what_is_accepted_and_nothing_else(board: FaultBoard) -> None:
    faults = board
    for entry in catalogue(["E1"], ["eu-central-1", "us-east-1", "aws-global"]):
        for kind in FaultKind:
            known = next((each for each in entry["kinds"] if each["kind"] == kind), None)
            document: JsonObject = {"target": entry["target"], "kind": kind.value}
            if known is None:
                with pytest.raises(ServiceError):
                    faults.add({**document, **({"value": 500} if kind in LIMITS else {})})
                continue
            document |= {"value": known["low"]} if "low" in known else {}
            document |= {"ratio": 0.5} if known["takes_ratio"] else {}
            assert faults.add(document).kind is kind
    targets = {entry["target"] for entry in catalogue(["E1"], ["eu-central-1", "aws-global"])}
    assert {"s3:eu-central-1", "cloudfront:E1", "dns", "api:route53", "health-checker:us-east-1"} <= targets
    assert "s3:aws-global" not in targets


def test_faults_are_noted_in_a_sentence() -> None:
    notes: list[tuple[str, str]] = []
    faults = FaultBoard(AwsClock(), lambda _: True, lambda kind, text: notes.append((kind, text)))
    fault = faults.add({"target": "s3:eu-central-1", "kind": "status", "value": 503, "ratio": 0.1})
    faults.remove(fault.id)
    faults.add({"target": "dns", "kind": "refuse"})
    faults.clear()
    assert notes == [
        ("fault", "Broken: s3:eu-central-1 status 503 for 10% of the requests."),
        ("fault", "Healed: s3:eu-central-1 status 503 for 10% of the requests."),
        ("fault", "Broken: dns refuse."),
        ("fault", "Healed: dns refuse."),
    ]
