"""What leaves the control plane: invocations for the data plane's functions, and e-mails, which are kept for reading."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import asdict, dataclass
from typing import ClassVar

from localcloud.gateway.timeline import Note, unnoted
from localcloud.gateway.wire import JsonObject

_KEPT_MAILS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One e-mail that SNS would have sent."""

    address: str
    topic_arn: str
    subject: str | None
    text: str
    sent_at: str


class Deliveries:
    """An outbox for each of the two."""

    STATE: ClassVar[tuple[str, ...]] = ("_invocations", "_mails")

    def __init__(self, note: Note = unnoted) -> None:
        self._note = note
        self._lock = threading.Lock()
        self._invocations: deque[JsonObject] = deque()
        self._mails: deque[Mail] = deque(maxlen=_KEPT_MAILS)

    @property
    def pending_invocations(self) -> int:
        """How many invocations nobody has claimed."""
        return len(self._invocations)

    def invoke(self, function_arn: str, event: JsonObject) -> None:
        """Queue an asynchronous invocation."""
        with self._lock:
            self._invocations.append({"function_arn": function_arn, "event": event})

    def claim_invocations(self) -> list[JsonObject]:
        """Return all queued invocations and forget them."""
        with self._lock:
            claimed = list(self._invocations)
            self._invocations.clear()
        return claimed

    def send_mail(self, mail: Mail) -> None:
        """Keep an e-mail."""
        with self._lock:
            self._mails.append(mail)
        self._note("mail", f"Mail to {mail.address}: {mail.subject or 'no subject'}")

    def mails(self) -> list[JsonObject]:
        """Return the e-mails, the oldest first."""
        with self._lock:
            return [asdict(mail) for mail in self._mails]
