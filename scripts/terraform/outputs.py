"""What Terraform made: the outputs of the edge stack, read from a saved file.

Daily commands read the file and not the state, because a recovery must not depend on Terraform or on the state's region.
`failover outputs` writes it after a deploy; keep it with the operators.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from scripts.errors import MissingOutputError, WrongUsageError
from scripts.files import write_atomically

RoleName = Literal["primary", "secondary"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Distribution(_Model):
    """One regional distribution."""

    id: str
    arn: str
    domain_name: str
    hostname: str


class Objectives(_Model):
    """The site file's `[objectives]`."""

    rto_seconds: float
    rpo_seconds: float
    availability_ratio: float
    monthly_cost_usd: float


class Routing(_Model):
    """What stands behind the public name, in the site file's words."""

    entry: str = "cloudfront"
    policy: str = "failover"


class ExternalEndpoint(_Model):
    """A server outside AWS: its addresses and health checks by record type, and where releases are published for it."""

    addresses: Mapping[str, str]
    health_check_ids: Mapping[str, str]
    content: Mapping[str, str] = {}


class _Monitoring(_Model):
    """What is read of the stack monitoring: every alarm's name, and region -> the topic of those that are there."""

    alarm_names: tuple[str, ...] = ()
    alarm_topic_arns: Mapping[str, str] = {}


class Deployment(_Model):
    """The edge stack's outputs.

    Attributes:
        hostname: the public name.
        hosted_zone_id: the zone that holds it.
        key_value_store_arn: the store with the routing key.
        health_check_ids: `path` (only behind CloudFront), and each region's name -> health check id.
        buckets: region -> bucket name.
        roles: region -> role.
        distributions: region -> its distribution; empty when the entry is regional.
        objectives: what a drill is judged against.
        routing: entry and policy; outputs of earlier versions had one kind only.
        parity_regions: regions with a parity check, by `features.parity`; outputs of earlier versions do not say.
        external_endpoints: the site file's `[[endpoint]]`, by name; outputs of earlier versions do not say.
        takes_name: whether the public name is this site's; outputs of earlier versions do not say.
        standby_health_check_id: of the regional endpoint that has a last exit behind it; empty without one.
        content: the site file's `[content]`, for `scripts.release.serving.content_settings.parse_content`.
        content_security_policy: the header of every answer; outputs of earlier versions do not say.
    """

    hostname: str
    hosted_zone_id: str
    key_value_store_arn: str
    health_check_ids: Mapping[str, str]
    buckets: Mapping[str, str]
    roles: Mapping[str, RoleName]
    distributions: Mapping[str, Distribution]
    objectives: Objectives
    routing: Routing = Routing()
    parity_regions: tuple[str, ...] = ()
    external_endpoints: Mapping[str, ExternalEndpoint] = {}
    takes_name: bool = True
    standby_health_check_id: str = ""
    content: Mapping[str, Any] = {}
    content_security_policy: str = ""

    @field_validator("roles")
    @classmethod
    def _has_a_primary(cls, roles: Mapping[str, RoleName]) -> Mapping[str, RoleName]:
        if "primary" not in roles.values():
            raise ValueError("no region is the primary one")
        return roles

    @property
    def last_exit(self) -> str | None:
        """The endpoint that stands behind the regional endpoint, for when AWS's edge serves nobody; only behind CloudFront."""
        return next(iter(self.external_endpoints), None) if self.routing.entry == "cloudfront" else None

    @property
    def endpoint_hostname(self) -> str:
        """The regional endpoint's own name, which there is when it has a last exit behind it."""
        return f"endpoint.{self.hostname}"

    @property
    def regional_hostnames(self) -> tuple[str, ...]:
        """Each region's own name, `<region>.<hostname>`: its distribution's, or its regional endpoint's."""
        if self.distributions:
            return tuple(each.hostname for each in self.distributions.values())
        return tuple(f"{region}.{self.hostname}" for region in self.roles)

    @property
    def primary(self) -> str:
        """The primary region's name."""
        return next(region for region, role in self.roles.items() if role == "primary")

    @property
    def secondary(self) -> str:
        """The secondary region's name; the first one where there are several.

        Raises:
            WrongUsageError: the site has one region, and what asked needs two.
        """
        found = next((region for region, role in self.roles.items() if role == "secondary"), None)
        if found is None:
            raise WrongUsageError(one_region_words(self.primary))
        return found


def one_region_words(region: str) -> str:
    """Returns why nothing that needs two regions can be done with a site that has one, and the next step."""
    return (
        f'this needs two regions, and the site has one, {region}: add a second [[region]] with role = "secondary" to the site '
        "file, and deploy it (docs/ROUTING.md, One region first)"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherOutputs:
    """What a look at the site wants of the other stacks; each is empty where the file lacks it.

    Attributes:
        endpoint_domain_names: region -> what alias records to its regional endpoint point at.
        alarm_names: every alarm that tells somebody.
        alarm_regions: where those are.
    """

    endpoint_domain_names: Mapping[str, str] = field(default_factory=dict)
    alarm_names: tuple[str, ...] = ()
    alarm_regions: tuple[str, ...] = ()


def load_deployment(path: Path) -> Deployment:
    """Reads the outputs that `failover outputs` saved.

    Raises:
        MissingOutputError: no such file, not ours, or an output is missing.
    """
    return deployment_of(load_outputs(path), path)


def regional_endpoints(document: Mapping[str, Any]) -> dict[str, str]:
    """Returns region -> the name that alias records to its regional endpoint point at, of the stacks that are in the document."""
    stacks = (outputs for name, outputs in document.items() if name.startswith("region-"))
    return {
        str(outputs["region"]): str(outputs["regional_endpoint_domain_name"])
        for outputs in stacks
        if "regional_endpoint_domain_name" in outputs
    }


def external_addresses(deployment: Deployment, reached: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Returns the name of each server outside AWS -> where it is reached, IPv4.

    Args:
        deployment: the edge stack's outputs.
        reached: address outside AWS -> where that server is reached. Default: at its address.
    """
    addresses = {name: endpoint.addresses["A"] for name, endpoint in deployment.external_endpoints.items()}
    return {name: reached.get(address, address) for name, address in addresses.items()}


def last_exits(deployment: Deployment, reached: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Returns the same of the one that stands behind CloudFront; empty without one."""
    return {name: at for name, at in external_addresses(deployment, reached).items() if name == deployment.last_exit}


def endpoint_functions(document: Mapping[str, Any]) -> dict[str, str]:
    """Returns region -> name of its regional endpoint's function, of the stacks that are in the document."""
    stacks = (outputs for name, outputs in document.items() if name.startswith("region-"))
    return {
        str(outputs["region"]): str(outputs["regional_endpoint_function_name"])
        for outputs in stacks
        if "regional_endpoint_function_name" in outputs
    }


def load_other_outputs(path: Path) -> OtherOutputs:
    """Reads what the same file has of the region stacks and of the stack monitoring.

    Raises:
        MissingOutputError: no such file, or not ours.
    """
    return other_outputs_of(load_outputs(path))


def load_outputs(path: Path) -> dict[str, Any]:
    """Reads stack -> output -> value, as `failover outputs` saved it.

    Raises:
        MissingOutputError: no such file, or not ours.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise MissingOutputError(
            f"{path} is not there: run `failover outputs --stacks cdktf.out/stacks --save {path}` after the deploy"
        ) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise MissingOutputError(f"{path} is not a file of `failover outputs` ({error}): write it again") from error
    if not isinstance(document, dict) or not all(isinstance(outputs, dict) for outputs in document.values()):
        raise MissingOutputError(f"{path} is not a file of `failover outputs` (no table of stacks): write it again")
    return document


def deployment_of(document: Mapping[str, Any], path: Path) -> Deployment:
    """Returns what the document says, which is in the file or is to be.

    Raises:
        MissingOutputError: it is not ours, or an output is missing.
    """
    try:
        return Deployment.model_validate(document["edge"])
    except (KeyError, TypeError) as error:
        raise MissingOutputError(f"{path} is not a file of `failover outputs` ({error}): write it again") from error
    except ValidationError as error:
        missing = ", ".join(".".join(str(part) for part in details["loc"]) for details in error.errors())
        raise MissingOutputError(
            f"{path} lacks outputs of the edge stack ({missing}): deploy all stacks, then run `failover outputs` again"
        ) from error


def other_outputs_of(document: Mapping[str, Any]) -> OtherOutputs:
    """Returns what the document has of them.

    Raises:
        MissingOutputError: an output of the stack monitoring is not what that stack writes.
    """
    try:
        monitoring = _Monitoring.model_validate(document.get("monitoring", {}))
    except ValidationError as error:
        wrong = ", ".join(dict.fromkeys(str(details["loc"][0]) for details in error.errors()))
        raise MissingOutputError(
            f"the saved outputs of the stack monitoring are not as it writes them ({wrong}): run `failover outputs` again"
        ) from error
    return OtherOutputs(
        endpoint_domain_names=regional_endpoints(document),
        alarm_names=monitoring.alarm_names,
        alarm_regions=tuple(monitoring.alarm_topic_arns),
    )


def save_outputs(outputs: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Writes stack -> output -> value, whole or not at all."""
    write_atomically(path, json.dumps(outputs, indent=2, sort_keys=True) + "\n")
