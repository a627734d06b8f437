"""States of the layout before the attachment stacks, as applies to localcloud left them: every entry finds its stack.

They are trimmed to addresses, providers and ids. `tests/local/test_migration.py` carries a migration out.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

from scripts.terraform.states import Configuration, State, addresses, moved, plan_moves
from tests.worlds.synthesized import Stacks, stacks_of

EARLIER = Path(__file__).parent / "earlier_states"
GONE_PROVIDERS = (".eu_central_1", ".eu_west_1", ".us_east_1")


@pytest.fixture(scope="module", params=sorted(path.name for path in EARLIER.iterdir()))
def folder(request: pytest.FixtureRequest) -> Path:
    return EARLIER / str(request.param)


@pytest.fixture(scope="module")
def configurations(folder: Path) -> dict[str, Configuration]:
    return {name: configuration(stack) for name, stack in stacks_of((folder / "site.toml").read_text()).items()}


def configuration(stack: Stacks) -> Configuration:
    return Configuration(
        providers={
            f"{kind}.{name}": body.get("provider", "aws")
            for kind, bodies in stack["resource"].items()
            for name, body in bodies.items()
        }
    )


@pytest.fixture(scope="module")
def earlier(folder: Path) -> dict[str, State | None]:
    return {path.stem: json.loads(path.read_bytes()) for path in folder.glob("*.json")}


def after(configurations: dict[str, Configuration], earlier: dict[str, State | None]) -> dict[str, State | None]:
    gaining, losing = moved(plan_moves(configurations, earlier), configurations, earlier)
    return {**earlier, **gaining, **losing}


def ids(states: dict[str, State | None]) -> Counter[tuple[str, str]]:
    return Counter(
        (address, str(entry["instances"][0]["attributes"]["id"]))
        for state in states.values()
        for address, entry in addresses(state).items()
    )


def test_every_entry_lies_in_the_state_of_its_stack_afterwards(
    configurations: dict[str, Configuration], earlier: dict[str, State | None]
) -> None:
    found = {name: set(addresses(state)) for name, state in after(configurations, earlier).items()}
    assert all(entries <= set(configurations[name].providers) for name, entries in found.items() if entries)
    assert {name for name, entries in found.items() if entries} == set(configurations)


def test_nothing_would_be_made_a_second_time(
    configurations: dict[str, Configuration], earlier: dict[str, State | None]
) -> None:
    found = after(configurations, earlier)
    wanted = {address for each in configurations.values() for address in each.providers}
    assert wanted == {address for state in found.values() for address in addresses(state)}


def test_no_entry_is_lost_or_doubled(
    configurations: dict[str, Configuration], earlier: dict[str, State | None]
) -> None:
    assert ids(after(configurations, earlier)) == ids(earlier)


def test_no_entry_keeps_a_provider_that_its_stack_lacks(
    configurations: dict[str, Configuration], earlier: dict[str, State | None]
) -> None:
    moves = plan_moves(configurations, earlier)
    found = after(configurations, earlier)
    assert moves
    for move in moves:
        assert not addresses(found[move.target])[move.new_address]["provider"].endswith(GONE_PROVIDERS)


def test_second_migration_finds_nothing(
    configurations: dict[str, Configuration], earlier: dict[str, State | None]
) -> None:
    assert plan_moves(configurations, after(configurations, earlier)) == []
