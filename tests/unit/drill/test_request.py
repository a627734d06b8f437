"""Which visitors have which resolver."""

import pytest

from scripts.drill.request import DrillSettings


@pytest.mark.parametrize(("ratio", "keeping"), [(0.0, 0), (0.2, 1), (0.5, 2), (0.6, 3), (0.8, 4), (1.0, 5)])
def test_visitors_whose_resolver_keeps_errors_are_the_share_asked_for(ratio: float, keeping: int) -> None:
    settings = DrillSettings(error_keeping_ratio=ratio)
    assert sum(settings.keeps_errors(client) for client in range(settings.clients)) == keeping
