"""Which faults experiments have put in force, on disk before each is: what a crash leaves, `failover chaos recover` ends."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from scripts.drill.faults import Fault, LocalcloudFaults
from scripts.errors import EnvironmentFailureError, LocalcloudGoneError
from scripts.files import write_atomically
from scripts.local.control import ControlApi

LEDGER_NAME = "experiment-faults.json"
_FAULTS: TypeAdapter[list[Fault]] = TypeAdapter(list[Fault])


class Ledger:
    """The list, in localcloud's state folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / LEDGER_NAME

    def read(self) -> list[Fault]:
        """Return the faults, oldest first.

        Raises:
            EnvironmentFailureError: the file is no ledger.
        """
        try:
            return _FAULTS.validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return []
        except ValidationError as error:
            raise EnvironmentFailureError(
                f"{self.path} is no list of faults: end all of them with DELETE /_localcloud/faults, then remove it"
            ) from error

    def add(self, fault: Fault) -> None:
        """Put a fault on disk before it is in force."""
        self._write([*self.read(), fault])

    def remove(self, fault: Fault) -> None:
        """Forget a fault that is over."""
        self._write([each for each in self.read() if each != fault])

    def _write(self, faults: list[Fault]) -> None:
        if faults:
            write_atomically(self.path, json.dumps(_FAULTS.dump_python(faults)) + "\n", durable=True)
        else:
            self.path.unlink(missing_ok=True)


async def end_faults(ledger: Ledger, control: ControlApi) -> list[Fault]:
    """End everything in the ledger and return it; a localcloud that is gone took its faults along."""
    injector, ended = LocalcloudFaults(control), ledger.read()
    for fault in ended:
        with suppress(LocalcloudGoneError):
            await injector.undo(fault, None)
        ledger.remove(fault)
    return ended
