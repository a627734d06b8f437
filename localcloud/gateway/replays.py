"""Answers a retry of an SDK call with what the call's first attempt was answered.

When an answer is lost between here and the client (a connection that ends, a machine that is out of breath), the SDK sends the
same call again. AWS would execute it twice and refuse the second, which a deployment cannot recover from: a function or a record
"already exists". On loopback a lost answer is an accident of the machine and no behaviour of AWS to rehearse, so it is repeated.

The SDKs mark the attempts of one call with the same `amz-sdk-invocation-id` and number them in `amz-sdk-request`:
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

from __future__ import annotations

import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Callable

from localcloud.gateway.wire import Request, Response

LOG = logging.getLogger(__name__)

KEPT_ANSWERS = 1024
"""An SDK retries within seconds; a deployment makes a few calls a second."""

LONGEST_WAIT_REAL_SECONDS = 60.0
"""How long a retry waits for the first attempt, which is still being executed."""

_ATTEMPT = re.compile(r"attempt=(\d+)")


class _Call:
    """One call: its answer, once there is one."""

    def __init__(self) -> None:
        self.is_answered = threading.Event()
        self.response: Response | None = None


class Replays:
    """Remembers the answers of the latest changing calls, successes only: a failure is worth another try."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: OrderedDict[str, _Call] = OrderedDict()

    def answer(self, request: Request, execute: Callable[[], Response]) -> Response:
        """Return the first attempt's answer when this is a retry of a call that succeeded; else execute it."""
        invocation_id = request.header("Amz-Sdk-Invocation-Id")
        if not invocation_id:
            return execute()
        if attempt_number(request) > 1:
            earlier = self._answer_of(invocation_id)
            if earlier is not None:
                LOG.warning(
                    "%s %s came again: its answer %d was lost on the way and is repeated",
                    request.method,
                    request.path,
                    earlier.status,
                )
                return earlier
        return self._execute(invocation_id, execute)

    def _answer_of(self, invocation_id: str) -> Response | None:
        with self._lock:
            call = self._calls.get(invocation_id)
        if call is None:
            return None
        call.is_answered.wait(LONGEST_WAIT_REAL_SECONDS)
        return call.response

    def _execute(self, invocation_id: str, execute: Callable[[], Response]) -> Response:
        call = _Call()
        with self._lock:
            self._calls[invocation_id] = call
            self._calls.move_to_end(invocation_id)
            while len(self._calls) > KEPT_ANSWERS:
                self._calls.popitem(last=False)
        try:
            response = execute()
            call.response = response if response.is_success else None
            return response
        finally:
            call.is_answered.set()


def attempt_number(request: Request) -> int:
    """Return which attempt of its call a request is, from 1."""
    found = _ATTEMPT.search(request.header("Amz-Sdk-Request") or "")
    return int(found[1]) if found else 1
