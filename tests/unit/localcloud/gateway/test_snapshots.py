"""What a saved state holds: everything that our services keep, moto's odd dictionaries, and nothing while somebody writes."""

import threading
from collections import defaultdict, deque
from pathlib import Path
from typing import Any

import pytest

from localcloud.gateway.application import Application
from localcloud.gateway.errors import ServiceError
from localcloud.gateway.snapshots import moto_state, own_state
from localcloud.gateway.snapshots.gate import Gate
from localcloud.gateway.snapshots.snapshot import read_file

# Containers that hold no state of the account, and why.
NO_STATE = {
    "AcmService._operations": "methods",
    "Access._issued": "tokens of the run that ends",
    "Application._handlers": "methods",
    "AwsClock._on_change": "methods",
    "BudgetsService._operations": "methods",
    "CertificateStore.users_of": "methods",
    "ConfiguredResources._resources": "a part of CloudFrontStore.configured",
    "ControlApi._names": "methods",
    "ControlApi._routes": "methods",
    "DelayedWork._queue": "empty when a state is saved",
    "Kind.text_limits": "constants",
    "MotoBackend._signing_aliases": "constants",
    "Replays._calls": "answers for retries of the run that ends",
    "Replicator._pending": "empty when a state is saved",
    "RouteTable._routes": "methods",
}


def test_every_container_of_our_services_is_saved_or_holds_no_state() -> None:
    application = Application()
    found = {
        f"{type(each).__qualname__}.{name}"
        for each in own_state.walk(application)
        for name, value in own_state.attributes(each).items()
        if isinstance(value, dict | list | set | deque) and name not in getattr(type(each), "STATE", ())
    }
    application.close()
    assert found <= NO_STATE.keys(), found - NO_STATE.keys()


def test_containers_keep_their_identity_however_deep() -> None:
    application = Application()
    configured = application.cloudfront_store.configured
    inner = configured["cache-policy"]
    state = moto_state.load(moto_state.dump(own_state.read(application)))
    inner.clear()
    own_state.write(application, state)
    application.close()
    assert application.cloudfront_store.configured is configured
    assert configured["cache-policy"] is inner
    assert inner


def again(value: Any) -> Any:
    return moto_state.load(moto_state.dump(value))


def test_dictionaries_are_kept_as_they_really_are() -> None:
    from moto.s3.utils import _VersionedKeyStore
    from moto.ssm.models import ParameterDict

    versions = _VersionedKeyStore()
    versions["key"], versions["key"] = "first", "second"
    assert again(versions).getlist("key") == ["first", "second"]
    parameters = ParameterDict("123456789012", "us-east-1")
    parameters["/a"].append("one")
    assert again(parameters)["/a"] == ["one"]
    assert again(parameters).account_id == "123456789012"
    nested = again(defaultdict(lambda: defaultdict(dict), {"a": defaultdict(dict)}))
    nested["b"]["c"]["d"] = 1
    assert nested["a"] == {}


def test_locks_are_made_anew() -> None:
    lock = threading.Lock()
    with lock:
        assert again([lock])[0].acquire(blocking=False)


def test_state_that_is_none_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"nothing", moto_state.dump({"own": {}}), moto_state.dump([1])):
        (tmp_path / "state").write_bytes(content)
        with pytest.raises(ValueError, match="no state of this version"):
            read_file(tmp_path / "state")


def test_state_may_not_name_programs(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(ValueError, match="may not name os"):
        read_file(tmp_path / "state")


def test_gate_closes_when_everybody_is_out_and_lets_nobody_in() -> None:
    gate, entered = Gate(), threading.Event()
    inside, may_leave = threading.Event(), threading.Event()

    def pass_slowly() -> None:
        with gate.passing():
            inside.set()
            may_leave.wait(10)

    def pass_later() -> None:
        with gate.passing():
            entered.set()

    first = threading.Thread(target=pass_slowly)
    first.start()
    inside.wait(10)
    with pytest.raises(ServiceError, match="last more than"), gate.closed(0.01):
        pass
    may_leave.set()
    first.join(10)
    with gate.closed(10):
        second = threading.Thread(target=pass_later)
        second.start()
        assert not entered.wait(0.05)
        with pytest.raises(ServiceError, match="another snapshot"), gate.closed(1):
            pass
    second.join(10)
    assert entered.is_set()
