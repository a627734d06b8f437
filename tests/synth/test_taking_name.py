"""A site whose name another distribution still serves: everything is made but what holds the name."""

import pytest

from constructs_lib.errors import ConfigError
from tests.worlds.synthesized import Stacks, example_text, replaced, site_of, stacks_of

PROJECT = 'project = "failover-site"'
ZONE = f'{PROJECT}\nhosted_zone_id = "Z0123456789ABCDEFGHIJ"'
WAITING = f"{ZONE}\ntakes_name = false"
NAME = "www.example.test"


@pytest.fixture(scope="module")
def waiting() -> Stacks:
    return stacks_of(replaced(example_text("demo"), (PROJECT, WAITING)))


@pytest.fixture(scope="module")
def taken() -> Stacks:
    return stacks_of(replaced(example_text("demo"), (PROJECT, ZONE)))


def test_nothing_holds_the_name(waiting: Stacks) -> None:
    resources = waiting["edge"]["resource"]
    aliases = [alias for body in resources["aws_cloudfront_distribution"].values() for alias in body["aliases"]]
    assert sorted(aliases) == [f"eu-central-1.{NAME}", f"us-east-1.{NAME}"]
    assert NAME not in {body["name"] for body in resources["aws_route53_record"].values()}
    assert waiting["edge"]["output"]["takes_name"]["value"] is False


def test_taking_it_changes_one_alias_and_adds_four_records_and_no_other_stack(waiting: Stacks, taken: Stacks) -> None:
    changed = {name for name in taken if taken[name]["resource"] != waiting[name]["resource"]}
    assert changed == {"edge"}
    before, after = waiting["edge"]["resource"], taken["edge"]["resource"]
    new = set(after["aws_route53_record"]) - set(before["aws_route53_record"])
    assert len(new) == 4
    assert {kind for kind in after if after[kind] != before[kind]} == {
        "aws_route53_record",
        "aws_cloudfront_distribution",
    }
    # The regions' outputs are what the records will read, so that taking the name needs no other stack.
    assert taken["region-us-east-1"]["output"] == waiting["region-us-east-1"]["output"]


def test_proofs_of_names_may_be_there_already_in_a_zone_of_before(taken: Stacks) -> None:
    proofs = [body for body in taken["dns"]["resource"]["aws_route53_record"].values() if "for option" in body["name"]]
    assert proofs
    assert all(body["allow_overwrite"] is True for body in proofs)


REFUSED = [
    ((PROJECT, f"{PROJECT}\ntakes_name = false"), "site.hosted_zone_id"),
    (
        ("[objectives]", '[routing]\nentry = "regional"\n[objectives]'),
        "routing.entry",
    ),
    (
        ("[state]", '[[endpoint]]\nname = "exit"\nipv4_address = "203.0.113.1"\nipv6_address = "2001:db8::1"\n[state]'),
        "endpoint",
    ),
]


@pytest.mark.parametrize(("change", "key"), REFUSED)
def test_what_the_move_cannot_carry_is_refused(change: tuple[str, str], key: str) -> None:
    text = example_text("demo")
    text = replaced(text, change) if key == "site.hosted_zone_id" else replaced(text, (PROJECT, WAITING), change)
    with pytest.raises(ConfigError) as refused:
        site_of(text)
    assert key in [problem.key for problem in refused.value.problems]
