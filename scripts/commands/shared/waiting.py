"""What a command that asks regions says on stderr while one of them is silent; nothing while all answer."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

AT_MOST_SECONDS = 20
_EVERY_SECONDS = 4.0


@contextmanager
def waiting_for(
    what: str, *, at_most_seconds: int = AT_MOST_SECONDS, every_seconds: float = _EVERY_SECONDS
) -> Iterator[None]:
    """Prints a line now and then until the block ends.

    Args:
        what: who is asked, such as "S3 in eu-central-1 and us-east-1".
        at_most_seconds: how long the wait can be. Default 20.
        every_seconds: between two lines, and before the first one. Default 4.
    """
    is_over = threading.Event()

    def tell() -> None:
        waited = 0.0
        while not is_over.wait(every_seconds):
            waited += every_seconds
            print(f"asking {what}: {waited:.0f} s so far, {at_most_seconds} s at most", file=sys.stderr, flush=True)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        is_over.set()
        teller.join()
