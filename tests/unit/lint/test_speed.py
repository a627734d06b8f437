"""No rule looks at every pair of resources: `make bench` has the figures, this the order of magnitude, on any machine."""

import time

from scripts.lint.model import Configuration
from scripts.lint.reading import read_document
from scripts.lint.rule import lint
from scripts.lint.rules import ALL_RULES
from tools.bench.lint import estate

# A second here in November 2026; it was 27 s when a bucket's users were looked for among all resources.
_MOST_CPU_SECONDS = 10


def test_five_thousand_resources_that_lead_to_one_another_take_seconds() -> None:
    began = time.process_time()
    lint(Configuration([read_document("estate", estate(1_250))]), ALL_RULES)
    assert time.process_time() - began < _MOST_CPU_SECONDS
