"""The site file's section `[database]`, which belongs to `features.database`, and its rules."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, field_validator

from constructs_lib.errors import Problem
from constructs_lib.site_file.base import A_REGION, Bool, Int, Section, known_region, pattern, refuse, says

_SUBNETS = 'a list of two or more private subnets in different zones, such as ["subnet-0123456789abcdef0", ...]'
_GROUPS = 'a list of security groups, such as ["sg-0123456789abcdef0"]'
_FEWEST_SUBNETS = 2


class InstanceClass(StrEnum):
    """Classes whose price is known to `failover cost`."""

    T4G_MICRO = "db.t4g.micro"
    T4G_SMALL = "db.t4g.small"
    T4G_MEDIUM = "db.t4g.medium"
    T4G_LARGE = "db.t4g.large"
    M7G_LARGE = "db.m7g.large"


class EngineVersion(StrEnum):
    """Major versions of PostgreSQL; RDS applies the minor ones."""

    POSTGRES_16 = "16"
    POSTGRES_17 = "17"


class Network(Section):
    """Where a region's instance lies: subnets of the team's own, and who may connect."""

    vpc_id: Annotated[str, pattern(r"^vpc-[0-9a-f]{8,17}$", "a VPC such as vpc-0123456789abcdef0")]
    subnet_ids: Annotated[tuple[str, ...], says(_SUBNETS)]
    client_security_group_ids: Annotated[tuple[str, ...], says(_GROUPS)] = ()

    @field_validator("subnet_ids")
    @classmethod
    def _are_two(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < _FEWEST_SUBNETS or not all(item.startswith("subnet-") for item in value):
            raise refuse(
                allowed=_SUBNETS,
                remedy="name two: RDS wants a subnet in each of two availability zones of a DB subnet group",
            )
        return value

    @field_validator("client_security_group_ids")
    @classmethod
    def _are_groups(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(item.startswith("sg-") for item in value):
            raise refuse(allowed=_GROUPS, remedy="name the groups of the applications that connect")
        return value


class Database(Section):
    """`[database]`: PostgreSQL on RDS, written in one region and replicated to every other. There with `features.database`.

    `writer_region` defaults to the primary; it is changed after a promotion (docs/DATABASE.md). `multi_az` gives the writer a
    standby in its region, at twice its price. `[database.network.<region>]` names your own subnets; a region without one gets a
    VPC of its own that nothing outside reaches. `written_gigabytes_per_month` is what the cost estimate assumes to cross the
    regions. `site.project` and `site.environment` have no two hyphens in a row then, which RDS refuses.
    """

    writer_region: Annotated[str | None, says(A_REGION)] = None
    instance_class: InstanceClass = InstanceClass.T4G_MICRO
    engine_version: EngineVersion = EngineVersion.POSTGRES_17
    database_name: Annotated[str, pattern(r"^[a-z][a-z0-9_]{0,62}$", "1 to 63 of a-z, 0-9 and _, a letter first")] = (
        "app"
    )
    storage_gigabytes: Annotated[Int, Field(ge=20, le=16_384)] = 20
    storage_limit_gigabytes: Annotated[Int, Field(ge=22, le=65_536)] = 100
    backup_retention_days: Annotated[Int, Field(ge=1, le=35)] = 7
    multi_az: Bool = False
    deletion_protection: Bool = True
    written_gigabytes_per_month: Annotated[Int, Field(ge=0, le=1_000_000)] = 5
    network: dict[str, Network] = Field(default_factory=dict)

    @field_validator("writer_region")
    @classmethod
    def _is_aws_region(cls, value: str | None) -> str | None:
        return None if value is None else known_region(value)

    @field_validator("network")
    @classmethod
    def _are_aws_regions(cls, value: dict[str, Network]) -> dict[str, Network]:
        return {known_region(name): network for name, network in value.items()}


def name_problems(sections: Mapping[str, Any]) -> Iterator[Problem]:
    """Returns which of the site's names RDS refuses: names there begin with them, and have no two hyphens in a row.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBParameterGroup.html
    """
    site = sections.get("site")
    for key in ("project", "environment"):
        if site is not None and "--" in (value := getattr(site, key)):
            yield Problem(
                key=f"site.{key}",
                value=f'"{value}"',
                allowed="a name without two hyphens in a row, as features.database is true",
                remedy="choose another before the first deployment, or leave the database off: RDS takes no name like it",
            )


def database_problems(sections: Mapping[str, Any]) -> Iterator[Problem]:
    """Returns what is wrong between `[database]` and the regions."""
    database: Database | None = sections.get("database")
    if database is None or "region" not in sections:
        return
    regions = [region.name for region in sections["region"]]
    if database.writer_region is not None and database.writer_region not in regions:
        yield _no_region("database.writer_region", f'"{database.writer_region}"', regions)
    for name in database.network:
        if name not in regions:
            yield _no_region(f"database.network.{name}", "a network of another region", regions)
    # RDS wants room of a tenth: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html
    if database.storage_limit_gigabytes * 10 < database.storage_gigabytes * 11:
        yield Problem(
            key="database.storage_limit_gigabytes",
            value=str(database.storage_limit_gigabytes),
            allowed=f"at least a tenth above database.storage_gigabytes ({database.storage_gigabytes})",
            remedy="raise it: RDS grows the storage up to it, and a replica that was away makes the writer keep its log",
        )


def _no_region(key: str, value: str, regions: list[str]) -> Problem:
    return Problem(
        key=key,
        value=value,
        allowed=f"a region of the site: {', '.join(regions)}",
        remedy="correct the region's name, or add the region",
    )
