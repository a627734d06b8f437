"""What is drilled in virtual time, and that the closed form says the same."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from aws_facts.recovery import SILENT_SECONDS, DnsFailover
from scripts.drill.lever_scenarios import LEVER_SCENARIOS
from scripts.drill.scenarios import SCENARIOS
from scripts.errors import WrongUsageError
from scripts.simulate.conditions import Conditions, viewers_near
from scripts.simulate.drills import Drills, simulate
from scripts.simulate.prediction import SIMULATED, distributions, insist_on_layer, is_within, layers, usual_conditions
from scripts.simulate.site import SimulatedSite
from tests.unit.simulate.demo_site import DEMO

USUAL = usual_conditions(DEMO)


def drilled(
    scenario: str, variant: str = "", site: SimulatedSite = DEMO, *, drills: int = 3000, **conditions: Any
) -> Drills:
    chosen = SIMULATED[scenario]
    (played,) = chosen.select((variant or chosen.variants[0].name,))
    return simulate(chosen, played, site, dataclasses.replace(USUAL, **conditions), drills=drills)


@pytest.mark.parametrize("interval", [10, 30])
@pytest.mark.parametrize("threshold", [1, 3, 10])
@pytest.mark.parametrize("checkers", [6, 16])
@pytest.mark.parametrize(("variant", "probe_seconds"), [("refuse", 0.0), ("hang", SILENT_SECONDS)])
def test_simulator_and_closed_form_agree(
    interval: int, threshold: int, checkers: int, variant: str, probe_seconds: float
) -> None:
    dns = DnsFailover(interval_seconds=interval, failure_threshold=threshold, checkers=checkers)
    site = dataclasses.replace(DEMO, dns=dns)
    found = drilled("edge-outage", variant, site, drills=10_000, recovery_timeout_seconds=10_000)
    for ratio in (0.5, 0.95):
        assert np.quantile(found.detect, ratio) == pytest.approx(dns.detection_seconds(ratio, probe_seconds), abs=0.4)
        # A viewer asks anew with a page view, of which one a second is made; fifty answers are 1.2 s apart.
        assert np.quantile(found.recover, ratio) == pytest.approx(dns.recovery_seconds(ratio, probe_seconds), abs=1.5)


def test_same_seed_gives_the_same_drills_and_another_others() -> None:
    scenario = SCENARIOS["edge-outage"]
    runs = [simulate(scenario, scenario.variants[0], DEMO, USUAL, drills=50, seed=seed).recover for seed in (7, 7, 8)]
    assert (runs[0] == runs[1]).all()
    assert (runs[0] != runs[2]).any()


@pytest.mark.parametrize("drills", [1, 9_999, 10_000, 10_001])
def test_as_many_drills_are_made_as_were_asked_for(drills: int) -> None:
    assert len(drilled("certificate-expired", drills=drills).failed_ratio) == drills


def test_unreachable_bucket_costs_the_connection_timeout_and_a_silent_one_the_read_timeout() -> None:
    for variant, seconds in (("unreachable", 2), ("hang", 4), ("status-503", 0)):
        found = drilled("origin-outage", variant)
        assert seconds < np.median(found.recover) < seconds + 0.5
        assert not found.failed_ratio.any()


def test_two_attempts_wait_twice_as_long() -> None:
    assert DEMO.origins is not None
    site = dataclasses.replace(DEMO, origins=dataclasses.replace(DEMO.origins, connection_attempts=2))
    assert np.median(drilled("origin-outage", "unreachable", site).recover) == pytest.approx(4.1, abs=0.1)


@pytest.mark.parametrize(
    ("scenario", "site"),
    [
        ("certificate-expired", DEMO),
        ("edge-outage", dataclasses.replace(DEMO, dns=None)),
        ("origin-outage", dataclasses.replace(DEMO, origins=None)),
    ],
)
def test_nobody_covers_what_has_no_layer(scenario: str, site: SimulatedSite) -> None:
    found = drilled(scenario, site=site)
    assert np.isnan(found.recover).all()
    assert (found.failed_ratio == 1).all()


def test_answer_that_the_origin_group_does_not_list_is_covered_by_nobody() -> None:
    assert DEMO.origins is not None
    deaf = dataclasses.replace(DEMO, origins=dataclasses.replace(DEMO.origins, status_codes=frozenset({500})))
    assert np.isnan(drilled("origin-outage", "status-503", deaf).recover).all()
    assert np.isnan(drilled("origin-denied", site=deaf).recover).all()
    assert not np.isnan(drilled("origin-outage", "unreachable", deaf).recover).any()


def test_vanished_names_are_kept_as_long_as_the_zones_soa_says() -> None:
    unmanaged = dataclasses.replace(DEMO, negative_ttl_seconds=900)
    assert np.median(drilled("edge-outage", "nxdomain").recover) < 90
    assert 900 < np.median(drilled("edge-outage", "nxdomain", unmanaged).recover) < 935
    asking_anew = drilled("edge-outage", "nxdomain", unmanaged, error_keeping_ratio=0.0)
    assert np.median(asking_anew.recover) < 90  # only the good answers of before are kept


def test_who_holds_the_address_is_served_while_only_the_name_is_gone() -> None:
    assert (
        np.median(drilled("edge-outage", "nodata").failed_ratio) < np.median(drilled("edge-outage").failed_ratio) - 0.1
    )


def test_overstaying_resolver_keeps_its_viewers_waiting() -> None:
    usual, lazy = drilled("edge-outage"), drilled("edge-outage", overstay_ratio=0.1, overstay_seconds=600)
    assert np.isnan(lazy.recover).mean() > 0.9  # ten of a hundred resolvers: one is late in almost every drill
    assert not np.isnan(usual.recover).any()


def test_last_exit_waits_for_the_check_of_the_regional_endpoint_too() -> None:
    endpoint, last_exit = drilled("edge-outage"), drilled("aws-edge-outage")
    assert np.median(last_exit.detect) == pytest.approx(np.median(endpoint.detect), abs=0.2)  # of CloudFront's check
    assert np.percentile(last_exit.switch, 95) > np.percentile(endpoint.switch, 95) + 1
    assert np.median(last_exit.recover) > np.median(endpoint.recover) + 0.5


def test_lost_probes_speed_detection_up_and_put_the_way_back_off() -> None:
    usual, lossy = drilled("edge-outage"), drilled("edge-outage", probe_loss_ratio=0.3)
    assert lossy.detect.mean() < usual.detect.mean() - 1
    assert lossy.fail_back.mean() > usual.fail_back.mean() + 1


def test_far_viewers_wait_longer_for_a_page() -> None:
    far = viewers_near({"ap-southeast-2": 1}, primary=DEMO.primary, secondary=DEMO.secondary)
    assert np.median(drilled("origin-outage", "status-503", places=far).recover) > 0.3
    both = viewers_near({"eu-central-1": 3, "ap-southeast-2": 1}, primary=DEMO.primary, secondary=DEMO.secondary)
    assert [place.share for place in both] == [0.75, 0.25]
    mixed = drilled("origin-outage", "status-503", places=both).recover
    assert (mixed > 0.3).mean() == pytest.approx(0.25, abs=0.08)


@pytest.mark.parametrize(("near", "said"), [({"mars-1": 1.0}, "mars-1"), ({"eu-central-1": 0.0}, "above 0")])
def test_viewers_reject_unknown_places_and_weights(near: dict[str, float], said: str) -> None:
    with pytest.raises(WrongUsageError, match=said):
        viewers_near(near, primary=DEMO.primary, secondary=DEMO.secondary)


@pytest.mark.parametrize("name", [name for name, each in LEVER_SCENARIOS.items() if each.stays])
def test_nothing_moves_for_a_fault_that_no_viewer_sees(name: str) -> None:
    found = drilled(name)
    assert not found.failed_ratio.any()
    assert np.isnan(found.recover).all()
    assert is_within(distributions(found), SIMULATED[name], DEMO) is None


@pytest.mark.parametrize("name", SIMULATED)
def test_every_scenario_is_simulated(name: str) -> None:
    for variant in SIMULATED[name].variants:
        found = drilled(name, variant.name, drills=20)
        assert ((found.failed_ratio >= 0) & (found.failed_ratio <= 1)).all()


def test_lever_that_turns_the_check_needs_no_failed_probe() -> None:
    inverted, failing = drilled("path-check-inverted"), drilled("path-check-fails")
    assert not inverted.failed_ratio.any() and not failing.failed_ratio.any()
    assert np.median(inverted.recover) < np.median(failing.recover) - 20


def test_share_of_hit_requests_is_covered_one_by_one() -> None:
    rare, often = drilled("origin-degraded", "status-1"), drilled("origin-degraded", "status-70")
    assert np.nanmedian(rare.detect) > np.nanmedian(often.detect)
    assert np.isnan(rare.recover).all()  # ten in a row from the secondary never come by chance
    assert not often.failed_ratio.any()


def test_scenarios_of_cloudfront_are_refused_without_it() -> None:
    bare = dataclasses.replace(DEMO, has_cloudfront=False, origins=None)
    with pytest.raises(WrongUsageError, match="edge-outage"):
        insist_on_layer(SIMULATED["origin-outage"], bare)
    insist_on_layer(SIMULATED["edge-outage"], bare)
    assert [each["layer"] for each in layers(bare)] == [3]


def test_one_region_is_never_left_and_its_outage_is_never_recovered_from() -> None:
    alone = dataclasses.replace(DEMO, secondary="the secondary region", origins=None)
    with pytest.raises(WrongUsageError, match="leads CloudFront to the other region"):
        insist_on_layer(SIMULATED["evacuate-restore"], alone)
    found = {each["layer"]: each["p95_seconds"] for each in layers(alone)}
    assert found.keys() == {1, 3}
    assert found[1] is None
    assert found[3] is not None


def test_objective_is_met_when_95_of_100_drills_meet_it() -> None:
    found = distributions(drilled("edge-outage"))
    p95 = found["recover"]["p95"]
    assert p95 is not None
    for rto_seconds, expected in ((p95, True), (p95 - 0.01, False), (None, None)):
        site = dataclasses.replace(DEMO, rto_seconds=rto_seconds)
        assert is_within(found, SIMULATED["edge-outage"], site) is expected


def test_conditions_have_viewers() -> None:
    assert isinstance(USUAL, Conditions) and USUAL.resolvers == 100
