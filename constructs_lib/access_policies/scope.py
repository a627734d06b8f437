"""What belongs to the site, as ARNs."""

from collections.abc import Sequence
from dataclasses import dataclass

from constructs_lib import naming


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What belongs to the site, for ARNs.

    Attributes:
        prefix: start of every resource's name.
        project: value of the tag `Project`.
        account_id: the account, 12 digits or a reference to them.
        regions: the serving regions.
        state_region: region of the state bucket; None for local state.
        state_bucket: name of the state bucket; None for local state.
        state_prefix: start of every state's key.
        hosted_zone_id: the zone, or None when the dns stack makes it.
        key_value_store_arn: the store of the router; None: not known yet, every store of the account.
        prober_regions: regions in which nothing but a prober is.
        has_database: whether the database's stacks are there; default false. The deploy role then has `deploy_database` too.
    """

    prefix: str
    project: str
    account_id: str
    regions: tuple[str, ...]
    state_region: str | None
    state_bucket: str | None
    state_prefix: str
    hosted_zone_id: str | None
    key_value_store_arn: str | None = None
    has_database: bool = False
    prober_regions: tuple[str, ...] = ()

    @property
    def buckets(self) -> list[str]:
        """ARNs of the content buckets."""
        return [f"arn:aws:s3:::{self.prefix}-{region}-{self.account_id}" for region in self.regions]

    @property
    def boundary_arn(self) -> str:
        """ARN of the boundary of every role that the stacks make."""
        return f"arn:aws:iam::{self.account_id}:policy/{naming.permissions_boundary(self.prefix)}"

    def objects(self, *keys: str) -> list[str]:
        """Returns ARNs of these keys in every content bucket."""
        return [f"{bucket}/{key}" for bucket in self.buckets for key in keys]

    def named(self, service: str, kind: str) -> str:
        """Returns the ARN pattern of the site's resources of a kind, in every region."""
        return f"arn:aws:{service}:*:{self.account_id}:{kind}{self.prefix}-*"

    def everywhere(self, service: str, resource: str) -> str:
        """Returns an ARN pattern in this account, in every region."""
        return f"arn:aws:{service}:*:{self.account_id}:{resource}"


def audit_bucket(scope: Scope) -> list[str]:
    """That of the audit trail."""
    return [f"arn:aws:s3:::{naming.audit_bucket(scope.prefix, scope.account_id)}"]


def other_buckets(scope: Scope) -> list[str]:
    """Those of the canaries' artifacts and of the access logs."""
    return [f"arn:aws:s3:::{scope.prefix}-{kind}-*" for kind in ("c", "l")]


def apis(regions: Sequence[str]) -> list[str]:
    """API Gateway's ARNs hold no account and no name: https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html."""
    return [
        f"arn:aws:apigateway:{region}::/{path}" for region in regions for path in ("apis*", "domainnames*", "tags/*")
    ]
