"""A site with one region gets its second one while visitors look: no plan replaces anything, nobody loses a page."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.worlds.deployed_site import Actions, DeployedSite, running_site
from tests.worlds.deployment_world import ROOT

pytestmark = [pytest.mark.local, pytest.mark.slow]

DEMO = (ROOT / "config" / "demo.toml").read_text(encoding="utf-8")
SECOND = '[[region]]\nname = "us-east-1"\nrole = "secondary"\n'
ONE = DEMO.replace(SECOND, "").replace(
    'project = "failover-site"', 'project = "failover-site"\ncertificate = "wildcard"'
)
PRIMARY = "eu-central-1"
SPEED = 5.0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedSite]:
    assert SECOND in DEMO
    with running_site(tmp_path_factory.mktemp("one"), speed=SPEED) as made:
        made.synthesize(ONE)
        made.deploy()
        yield made


def test_one_region_is_published_to_and_rolled_back(site: DeployedSite) -> None:
    site.publish("first")
    site.publish("second")
    assert "Every region holds all of it." in site.failover("verify")
    # The path alarm may be on still: until the first release nobody was served.
    assert f"users are served by CloudFront from {PRIMARY}" in site.failover("status", exit_code=None)
    site.failover("rollback", "--apply")
    site.failover("prune", "--apply")


@pytest.mark.parametrize(
    "arguments",
    [
        ("evacuate", PRIMARY, "--apply"),
        ("drill", "origin-outage"),
        ("drill", "alarm-path"),
        ("chaos", "policy", "alarm-path"),
        ("slo", "--measure"),
        ("replace-region", PRIMARY, "eu-west-1", "--site-file", "SITE", "--stacks", "STACKS"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_what_needs_two_regions_says_so(site: DeployedSite, arguments: tuple[str, ...]) -> None:
    known = {"SITE": str(site.site_file), "STACKS": str(site.stacks)}
    said = site.failover(*(known.get(each, each) for each in arguments), exit_code=2)
    assert f"this needs two regions, and the site has one, {PRIMARY}" in " ".join(said.split())


@pytest.fixture(scope="module")
def grown(site: DeployedSite) -> tuple[dict[str, Actions], dict[str, Any]]:
    """What each plan did on the way to two regions, and what the prober saw meanwhile."""
    site.publish("before")
    with site.probed() as seen:
        site.synthesize(f"{ONE}\n{SECOND}")
        plans = site.deploy_with_plans()
        site.failover("verify", "--repair", "--apply")
        site.publish("to both")
    return plans, seen


def test_nobody_loses_a_page_while_the_second_region_comes(grown: tuple[dict[str, Actions], dict[str, Any]]) -> None:
    _, seen = grown
    assert seen["page_views"] > 200
    assert seen["good"] == seen["page_views"]


def test_nothing_is_replaced_and_only_the_alarm_on_the_first_endpoint_goes(
    grown: tuple[dict[str, Actions], dict[str, Any]],
) -> None:
    plans, _ = grown
    assert plans["dns"] == {}
    assert plans[f"region-{PRIMARY}"] == {}
    done = {address: action for actions in plans.values() for address, action in actions.items()}
    assert set(done.values()) == {"create", "update", "delete"}
    (gone,) = [address for address, action in done.items() if action == "delete"]
    assert gone.startswith(f"aws_cloudwatch_metric_alarm.endpoint_alarms_{PRIMARY}_errors")
    names = [action for address, action in done.items() if address.startswith("aws_route53_record.failover_records")]
    assert set(names) == {"update"}


def test_second_region_holds_what_is_published_and_takes_over(
    site: DeployedSite, grown: tuple[dict[str, Actions], dict[str, Any]]
) -> None:
    assert grown
    assert "Every region holds all of it." in site.failover("verify")
    assert site.changed_stacks() == []
    drill = ("drill", "origin-outage", "--variant", "status-503", "--stacks", str(site.stacks))
    site.failover(*drill, "--report", str(site.folder / "drill"))
