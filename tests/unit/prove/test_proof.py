"""What a run says of each fact: held, refuted, undecided, or why nobody looked."""

from pathlib import Path

import pytest

from scripts.errors import OpsError
from scripts.probe.network import Network
from scripts.probe.resolver import Nameserver
from scripts.prove import proof as module
from scripts.prove.facts import Fact
from scripts.prove.page import render, write
from scripts.prove.proof import Drilled, Outcome, Proof, ProofReport, counts, headline, is_good
from scripts.prove.target import DisprovedError, Sandbox
from scripts.terraform.outputs import Deployment, Objectives

DEPLOYMENT = Deployment(
    hostname="www.example.test",
    hosted_zone_id="Z1",
    key_value_store_arn="arn",
    health_check_ids={"path": "p"},
    buckets={"eu-central-1": "b"},
    roles={"eu-central-1": "primary"},
    distributions={},
    objectives=Objectives(rto_seconds=1, rpo_seconds=1, availability_ratio=0.9, monthly_cost_usd=1),
)


def sandbox() -> Sandbox:
    network = Network(resolvers=(Nameserver(address="127.0.0.1"),))
    return Sandbox(document={}, deployment=DEPLOYMENT, network=network, publish_anew=lambda: "r")


def fact(id_: int, *, check: str = "", drill: str = "", needs: str = "", emulated: bool = False) -> Fact:
    return Fact(
        id=id_, statement=f"fact `{id_}`", command="`x`", check=check, drill=drill, needs=needs, emulated=emulated
    )


def raising(error: Exception) -> str:
    raise error


CHECKS = {
    "holds": lambda _sandbox: "as it must be",
    "lies": lambda _sandbox: raising(DisprovedError("it is otherwise")),
    "silent": lambda _sandbox: raising(OpsError("no answer")),
    "odd": lambda _sandbox: raising(KeyError("Items")),
    "late": lambda _sandbox: "after the drills",
}
FACTS = (
    fact(1, check="holds", emulated=True),
    fact(2, check="lies", emulated=True),
    fact(3, check="silent", emulated=True),
    fact(4, check="odd"),
    fact(5, drill="evacuate-restore", emulated=True),
    fact(6, drill="origin-denied", emulated=True),
    fact(7, needs="a bill"),
    fact(8, check="late", emulated=True),
)


@pytest.fixture(autouse=True)
def checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHECKS", CHECKS)
    monkeypatch.setattr(module, "AFTER_DRILLS", frozenset({"late"}))


def outcomes(*, is_aws: bool, verdict: str = "within") -> dict[int, str]:
    run = Proof(FACTS, is_aws=is_aws, tell=lambda _text: None)
    run.look(sandbox(), after_drills=False)
    run.judge_drills({"evacuate-restore": Drilled(name="evacuate-restore", verdict=verdict, reasons=("because",))})
    run.look(sandbox(), after_drills=True)
    return {each["id"]: each["outcome"] for each in run.reports()}


def test_on_aws_every_check_is_made_and_what_needs_more_is_left_to_a_person() -> None:
    assert outcomes(is_aws=True) == {
        1: "held",
        2: "refuted",
        3: "undecided",
        4: "undecided",
        5: "held",
        6: "not drilled",
        7: "by hand",
        8: "held",
    }


def test_on_localcloud_what_it_does_not_model_needs_aws() -> None:
    found = outcomes(is_aws=False)
    assert (found[4], found[7]) == ("needs AWS", "needs AWS")
    assert (found[1], found[2]) == ("held", "refuted")


@pytest.mark.parametrize(("verdict", "outcome"), [("outside", "refuted"), ("inconclusive", "undecided")])
def test_drill_that_is_not_within_its_objective_proves_nothing(verdict: str, outcome: str) -> None:
    assert outcomes(is_aws=True, verdict=verdict)[5] == outcome


def test_run_that_ended_early_leaves_its_facts_undecided() -> None:
    found = Proof(FACTS, is_aws=True, tell=lambda _text: None).reports()
    assert {each["id"] for each in found if each["outcome"] == "undecided"} == {1, 2, 3, 4, 5, 6, 8}


def test_check_that_proves_two_facts_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def check(_sandbox: Sandbox) -> str:
        made.append("x")
        return "seen"

    monkeypatch.setattr(module, "CHECKS", {"holds": check})
    run = Proof((fact(1, check="holds"), fact(2, check="holds")), is_aws=True, tell=lambda _text: None)
    run.look(sandbox(), after_drills=False)
    assert len(made) == 1
    assert [each["evidence"] for each in run.reports()] == ["seen", "seen"]


def report(*, problem: str | None = None, drills: tuple[str, ...] = ("within",)) -> ProofReport:
    run = Proof((fact(1, check="holds"), fact(7, needs="<a> bill")), is_aws=True, tell=lambda _text: None)
    run.look(sandbox(), after_drills=False)
    facts = run.reports()
    return ProofReport(
        schema=1,
        generated_at="2026-11-30T10:00:00Z",
        target="aws",
        confidence="proven",
        account="123456789012",
        hostname="www.example.test",
        site_file="s.toml",
        stacks_sha256="0" * 64,
        versions={"Terraform": "1.11.4"},
        estimated_usd=8.0,
        counts=counts(facts),
        facts=facts,
        drills=[{"name": "x", "verdict": each, "reasons": ["r"], "report": None} for each in drills],
        teardown="yes",
        problem=problem,
    )


def test_run_is_good_only_if_facts_and_drills_are_and_nothing_is_left() -> None:
    assert is_good(report())
    assert not is_good(report(problem="the sandbox stands"))
    assert not is_good(report(drills=("within", "inconclusive")))
    refuted = report()
    refuted["counts"][Outcome.REFUTED.value] = 1
    assert not is_good(refuted)


def test_headline_counts_every_fact() -> None:
    assert headline(report()) == "2 facts: 1 held, 1 by hand"


def test_page_shows_facts_with_code_and_without_foreign_markup(tmp_path: Path) -> None:
    text = render(report(problem="<script>"))
    assert "fact <code>1</code>" in text
    assert "&lt;a&gt; bill" in text
    assert "<script>" not in text
    assert write(report(), tmp_path).read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (tmp_path / "prove.json").exists()
