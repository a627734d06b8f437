"""Every resource type that a site may have is priced, or known to be free."""

import pytest

from scripts.cost_coverage import not_priced
from tests.synth.synthesized import Stacks, example_text, stacks_of

# What no example has switched on.
_MORE = ("canary", "composite_alarms", "origin_latency", "parity", "replication_metrics")


def test_every_type_of_an_example_is_priced_or_free(stacks: Stacks) -> None:
    assert not_priced(stacks) == {}


@pytest.mark.parametrize("feature", _MORE)
def test_every_type_of_a_feature_is_priced_or_free(feature: str) -> None:
    stacks = stacks_of(f"{example_text('demo')}\n[features]\n{feature} = true\n")
    assert not_priced(stacks) == {}
