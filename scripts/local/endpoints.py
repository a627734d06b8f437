"""How to reach a running localcloud: the file endpoints.json that it writes when it is ready."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scripts.errors import MissingOutputError


class DnsEndpoint(BaseModel):
    """Where localcloud answers DNS, UDP and TCP."""

    model_config = ConfigDict(frozen=True)
    address: str
    port: int


class Endpoints(BaseModel):
    """One running localcloud. Unknown keys are left alone: localcloud may tell more than this command needs.

    `web_servers`: address outside AWS -> where that server is reached on this machine.
    """

    model_config = ConfigDict(frozen=True)
    schema_: Literal[1] = Field(alias="schema")
    pid: int
    speed: float
    gateway_url: str
    control_url: str
    dns: DnsEndpoint
    https_port: int
    ca_certificate: Path
    web_servers: dict[str, str] = {}
    environment: dict[str, str] = {}


def read_endpoints(path: Path) -> Endpoints:
    """Read endpoints.json.

    Raises:
        MissingOutputError: the file is absent or is not what localcloud writes.
    """
    try:
        return Endpoints.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise MissingOutputError(f"{path} is not there: localcloud is not running; start it first") from error
    except ValidationError as error:
        raise MissingOutputError(
            f"{path} is not what localcloud writes ({error.errors()[0]['msg']}): stop localcloud and start it again"
        ) from error
