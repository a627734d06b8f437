"""Regions that are off in an account: a site file and the linter, which is installed alone, mean the same ones."""

from aws_facts.regions import ENABLED_BY_DEFAULT, needs_opt_in
from constructs_lib.site_file.aws_regions import REGIONS
from scripts.lint.rules.access import _DEFAULT_REGIONS


def test_linter_and_site_file_mean_the_same_regions() -> None:
    assert _DEFAULT_REGIONS == ENABLED_BY_DEFAULT


def test_every_one_is_a_region_that_a_site_file_may_name() -> None:
    assert set(REGIONS) > ENABLED_BY_DEFAULT


def test_later_regions_are_off_until_they_are_enabled() -> None:
    assert (needs_opt_in("eu-south-1"), needs_opt_in("eu-central-1")) == (True, False)
