"""Properties of generated site files: what is refused says why, what is accepted synthesizes and is sound.

`make test ARGS="--hypothesis-profile=thorough tests/synth/test_generated_site_files.py"` tries many more of them.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings

from constructs_lib.errors import ConfigError
from constructs_lib.site_file.loader import load_site_file
from constructs_lib.site_file.models import SiteFile
from constructs_lib.website import synthesize
from scripts.cost.estimate import estimate
from scripts.lint.model import Configuration
from scripts.lint.reading import read_document
from scripts.lint.rules import ALL_RULES
from scripts.lint.waivers import judge
from tests.worlds import stack_properties
from tests.worlds.site_files import Document, broken_documents, site_documents, unknown_keys, write_toml

# A synthesis takes 0.2 to 0.5 s, so these examples are fewer than the profile's, in proportion.
SYNTHESIZED = settings(
    deadline=None, max_examples=settings().max_examples // 6, suppress_health_check=[HealthCheck.too_slow]
)
# Most are refused, and every seventh is synthesized.
BROKEN = settings(SYNTHESIZED, max_examples=settings().max_examples // 2)
SYNTHESIZED_TWICE = settings(SYNTHESIZED, max_examples=settings().max_examples // 50)
Stacks = dict[str, dict[str, Any]]

# A report is read in a terminal: one line for the value, one for what is allowed, one for what to do.
_LONGEST_PROBLEM = 4000


def load(document: Document) -> SiteFile:
    with tempfile.TemporaryDirectory() as folder:
        return load_site_file(write_toml(Path(folder), document))


def build(site: SiteFile) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        outdir = synthesize(site, outdir=Path(folder))
        return {path.parent.name: path.read_bytes() for path in outdir.glob("stacks/*/cdk.tf.json")}


def parsed(files: dict[str, bytes]) -> Stacks:
    return {name: json.loads(content, parse_constant=_no_json) for name, content in files.items()}


def _no_json(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON, and Terraform does not read it")


def check_report(error: ConfigError) -> None:
    """Every problem names key, value, what is allowed and what to do, and the report holds all of it."""
    assert error.problems
    for problem in error.problems:
        text = str(problem)
        assert text in str(error)
        assert all(part.strip() for part in (problem.key, problem.allowed, problem.remedy)), text
        assert problem.value is None or problem.value.strip(), text
        assert len(text) < _LONGEST_PROBLEM
        assert all(line.isprintable() for line in text.splitlines()), repr(text)
        assert len(text.splitlines()) == 3, repr(text)


def check_stacks(site: SiteFile, stacks: Stacks) -> None:
    regions = {f"region-{region.name}" for region in site.region}
    optional = {"audit": site.features.audit, "access": bool(site.github.subjects)}
    assert set(stacks) >= {"dns", "edge", "monitoring", *regions, *(name for name, there in optional.items() if there)}
    broken = stack_properties.broken(stacks)
    assert broken == {}, broken
    lines = estimate(stacks)
    assert lines and all(0 <= line.usd < float("inf") for line in lines), lines
    configuration = Configuration([read_document(name, document) for name, document in stacks.items()])
    judgement = judge(configuration, ALL_RULES)
    found = [(one.rule.id, one.finding.address, one.finding.detail) for one in judgement.violations]
    assert (found, judgement.idle) == ([], []), (found, judgement.idle)


def test_every_key_of_the_site_file_is_generated() -> None:
    assert unknown_keys() == [], "say in tests/worlds/site_files.py which values these keys take"


@SYNTHESIZED
@given(site_documents())
def test_a_valid_file_is_accepted_and_its_stacks_are_sound(document: Document) -> None:
    site = load(document)
    check_stacks(site, parsed(build(site)))


@BROKEN
@given(broken_documents())
def test_a_broken_file_is_refused_with_the_reason_or_sound_after_all(document: Document) -> None:
    """One in seven is accepted: what was broken is allowed, or was optional."""
    try:
        site = load(document)
    except ConfigError as error:
        check_report(error)
    else:
        check_stacks(site, parsed(build(site)))


@SYNTHESIZED_TWICE
@given(site_documents())
def test_synthesis_is_deterministic(document: Document) -> None:
    site = load(document)
    assert build(site) == build(site)
