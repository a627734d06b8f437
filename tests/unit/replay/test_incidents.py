"""The incidents are data that can be played: known faults, in order, with their sources."""

import pytest

from localcloud.gateway.clock import AwsClock
from localcloud.gateway.faults import FaultBoard
from scripts.errors import WrongUsageError
from scripts.replay.incidents import Incident, incident_ids, load_incident

IDS = pytest.mark.parametrize("incident_id", incident_ids())


def test_incidents_that_people_remember_are_there() -> None:
    dates = {each[:10] for each in incident_ids()}
    assert dates >= {"2017-02-28", "2020-11-25", "2021-12-07", "2025-10-20", "2026-02-10", "2026-03-01"}


@IDS
def test_incident_begins_at_its_id_and_goes_on_in_order(incident_id: str) -> None:
    incident = load_incident(incident_id)
    minutes = [event.at_minutes for event in incident.event]
    assert incident.id.startswith(incident.began_at.strftime("%Y-%m-%d"))
    assert minutes[0] == 0
    assert minutes == sorted(set(minutes))


@IDS
def test_every_fault_is_one_that_localcloud_takes(incident_id: str) -> None:
    board = FaultBoard(AwsClock(), lambda _identifier: True)
    faults = [each for event in load_incident(incident_id).event for each in event.faults]
    assert faults
    for each in faults:
        fault = each.on(primary="eu-central-1", secondary="us-east-1")
        body = {"target": fault.target, "kind": fault.kind, "value": fault.value, "ratio": fault.ratio}
        board.add({key: value for key, value in body.items() if value is not None})


@IDS
def test_what_aws_did_not_say_is_not_called_stated(incident_id: str) -> None:
    incident = load_incident(incident_id)
    speaks_aws = any(source.kind == "AWS" for source in incident.source)
    assert speaks_aws or all(event.certainty != "stated" for event in incident.event)


def test_unknown_incident_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(WrongUsageError, match="unknown incident 'yesterday'; allowed: 2017-02-28-s3, "):
        load_incident("yesterday")


def test_incident_without_a_source_is_no_incident() -> None:
    document = load_incident(incident_ids()[0]).model_dump() | {"source": ()}
    with pytest.raises(ValueError, match="source"):
        Incident.model_validate(document)
