"""What of a deployment is looked at, by its saved outputs."""

from pathlib import Path
from typing import Any

from scripts.status.entries import Entry
from scripts.status.watched import Watched, watched
from scripts.terraform.outputs import deployment_of, other_outputs_of

PRIMARY, SECONDARY, HOSTNAME = "eu-central-1", "us-east-1", "www.example.test"


def saved(**edge: Any) -> dict[str, Any]:
    distributions = {
        region: {"id": "E1", "arn": "arn", "domain_name": "d.cloudfront.net", "hostname": f"{region}.{HOSTNAME}"}
        for region in (PRIMARY, SECONDARY)
    }
    objectives = {"rto_seconds": 1, "rpo_seconds": 1, "availability_ratio": 0.9, "monthly_cost_usd": 1}
    return {
        "edge": {
            "hostname": HOSTNAME,
            "hosted_zone_id": "Z1",
            "key_value_store_arn": "arn",
            "health_check_ids": {PRIMARY: "2", "path": "1", SECONDARY: "3"},
            "buckets": {PRIMARY: "a", SECONDARY: "b"},
            "roles": {PRIMARY: "primary", SECONDARY: "secondary"},
            "distributions": distributions,
            "objectives": objectives,
            **edge,
        },
        f"region-{SECONDARY}": {"region": SECONDARY, "regional_endpoint_domain_name": "d-2.execute-api"},
        "monitoring": {"alarm_names": ["a-alarm-x"], "alarm_topic_arns": {PRIMARY: "t", SECONDARY: "t"}},
    }


def looked_at(document: dict[str, Any]) -> Watched:
    return watched(deployment_of(document, Path("outputs.json")), other_outputs_of(document))


def test_every_way_in_is_an_entry() -> None:
    found = looked_at(saved())
    assert found.public == Entry(name=HOSTNAME, hostname=HOSTNAME)
    assert found.entries == (
        Entry(name=f"distribution in {PRIMARY}", hostname=f"{PRIMARY}.{HOSTNAME}"),
        Entry(name=f"distribution in {SECONDARY}", hostname=f"{SECONDARY}.{HOSTNAME}"),
        Entry(name=f"regional endpoint in {SECONDARY}", hostname=HOSTNAME, leads_to="d-2.execute-api"),
    )
    assert list(found.health_check_ids) == ["path", PRIMARY, SECONDARY]
    assert (found.first_region, found.alarm_names, found.alarm_regions) == (
        PRIMARY,
        ("a-alarm-x",),
        (PRIMARY, SECONDARY),
    )


def test_without_cloudfront_the_regions_own_names_lead_to_their_endpoints() -> None:
    found = looked_at(saved(distributions={}, routing={"entry": "regional", "policy": "latency"}))
    assert [entry.hostname for entry in found.entries] == [f"{PRIMARY}.{HOSTNAME}", f"{SECONDARY}.{HOSTNAME}"]
    assert (found.entry, found.first_region) == ("regional", None)


def test_outputs_of_the_edge_alone_are_enough() -> None:
    found = looked_at({"edge": saved()["edge"]})
    assert (found.alarm_names, found.alarm_regions, len(found.entries)) == ((), (), 2)
