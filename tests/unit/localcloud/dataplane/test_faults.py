"""Whom a fault in force hits in the data plane."""

from localcloud.dataplane.faults import Fault, FaultBoard, FaultKind, fault_from_api
from localcloud.model.resolution import NameFailure


def a_fault(id_: str, kind: FaultKind, *, ratio: float = 1.0, seed: int = 0, target: str = "cloudfront") -> Fault:
    return Fault(id=id_, target=target, kind=kind, ratio=ratio, seed=seed)


def hits(board: FaultBoard, count: int = 1000) -> list[bool]:
    return [board.hit("cloudfront") is not None for _ in range(count)]


def test_share_is_hit_by_seed_and_goes_on_while_other_faults_come_and_go() -> None:
    fault = a_fault("f1", FaultKind.HANG, ratio=0.3, seed=5)
    one, other = FaultBoard(), FaultBoard()
    one.replace([fault])
    other.replace([fault])
    whole = hits(one)
    first = hits(other, 500)
    other.replace([fault, a_fault("f2", FaultKind.REFUSE, target="dns")])
    assert first + hits(other, 500) == whole
    assert 250 < sum(whole) < 350


def test_request_that_the_newest_fault_spares_may_be_hit_by_an_older_one() -> None:
    board = FaultBoard()
    board.replace([a_fault("old", FaultKind.DELAY), a_fault("new", FaultKind.HANG, ratio=0.5)])
    kinds = [fault.kind for _ in range(200) if (fault := board.hit("cloudfront"))]
    assert len(kinds) == 200
    assert set(kinds) == {FaultKind.DELAY, FaultKind.HANG}


def test_fault_of_names_hits_no_request() -> None:
    board = FaultBoard()
    board.replace([a_fault("f1", FaultKind.NXDOMAIN)])
    assert (board.hit("cloudfront"), board.find("cloudfront")) == (None, None)
    assert board.failing_names() == {"cloudfront": NameFailure.NXDOMAIN}


def test_fault_without_a_share_hits_everybody() -> None:
    told = fault_from_api({"id": "f", "target": "dns", "kind": "delay", "value": 5})
    assert (told.ratio, told.seed, told.value) == (1.0, 0, 5)
    told = fault_from_api({"id": "f", "target": "dns", "kind": "hang", "ratio": 0.25, "seed": 9})
    assert (told.ratio, told.seed) == (0.25, 9)


def test_fault_of_awss_edge_hits_cloudfront_and_every_api_gateway_and_nothing_else() -> None:
    board = FaultBoard()
    board.replace([a_fault("f1", FaultKind.REFUSE, target="aws-edge")])
    for target in ("cloudfront", "cloudfront:E1", "apigateway:us-east-1", "apigateway:eu-central-1"):
        assert board.find(target) is not None
        assert board.hit(target) is not None
    for target in ("s3:eu-central-1", "server:203.0.113.10", "dns"):
        assert board.find(target) is None


def test_names_of_awss_edge_vanish_together() -> None:
    board = FaultBoard()
    board.replace([a_fault("f1", FaultKind.NXDOMAIN, target="aws-edge")])
    assert board.failing_names() == {"aws-edge": NameFailure.NXDOMAIN}
