"""The buckets that hold Terraform's state: what they must be like, and how to get them there.

Terraform cannot make the bucket of its own state, so this does, once and again: every setting is read first, and only what
differs is written; what else somebody put into a policy or a lifecycle stays. Requirements: versioning (a broken state is one
version away), nothing public, TLS only, and for the replica delete markers, so that released locks vanish there as well
(https://developer.hashicorp.com/terraform/language/backend/s3).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from scripts.aws.clients import translated, until_accepted
from scripts.clock import Clock
from scripts.errors import AwsError, UnsafePlanError, WrongUsageError
from scripts.terraform import state_policies

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

    IamClient = Any  # one role and its policy; not worth a package of stubs

NONCURRENT_DAYS = 90
_ABORT_UPLOAD_DAYS = 2
_OLD_STATES = "old-states"
_STATE_RULE = "state"
_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_ABSENT = {
    "404",
    "ServerSideEncryptionConfigurationNotFoundError",
    "NoSuchBucket",
    "NoSuchPublicAccessBlockConfiguration",
    "OwnershipControlsNotFoundError",
    "NoSuchBucketPolicy",
    "NoSuchLifecycleConfiguration",
    "ReplicationConfigurationNotFoundError",
    "NoSuchEntity",
}

# How PutBucketReplication refuses a role, a versioning or a bucket that was made a moment ago; for good if it stays so.
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ReplicationErrorCodeList
_NOT_SEEN_YET = {"InvalidArgument", "InvalidRequest", "NoSuchBucket"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One property of one bucket.

    Attributes:
        title: what it is, for the plan.
        read: returns the present value; None when there is none.
        wanted: the value it must have.
        write: brings it there.
    """

    title: str
    read: Callable[[], object]
    wanted: object
    write: Callable[[], object]

    def is_met(self) -> bool:
        """Whether the setting is as it must be."""
        return self.read() == self.wanted


def unmet(settings: list[Setting]) -> list[Setting]:
    """Returns the settings to write, in order. The rest of a bucket that is not there is unmet with it."""
    return [setting for setting in settings if not setting.is_met()]


def bucket_settings(s3: S3Client, *, name: str, region: str) -> list[Setting]:
    """Returns what a state bucket must be like, the bucket itself first."""
    return [_exists(s3, name, region), *_hardening(s3, name), *_contents(s3, name)]


def replication_settings(s3: S3Client, iam: IamClient, *, source: str, destination: str, clock: Clock) -> list[Setting]:
    """Returns the role and the rule that copy every state, and every deletion, to the replica."""
    return [_role(iam, source, destination), _rule(s3, iam, source, destination, clock)]


def _exists(s3: S3Client, name: str, region: str) -> Setting:
    where: Any = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    return Setting(
        title=f"{name}: bucket in {region}",
        read=lambda: _region_of(s3, name, wanted=region),
        wanted=region,
        write=lambda: s3.create_bucket(Bucket=name, **where),
    )


def _region_of(s3: S3Client, name: str, *, wanted: str) -> object:
    """Returns where the bucket lies, None when nobody has one of that name.

    Raises:
        WrongUsageError: it lies in another region.
        AwsError: it cannot be asked, mostly because it is another account's.
    """
    try:
        found = _read(name, "HeadBucket", lambda: s3.head_bucket(Bucket=name)["BucketRegion"])
    except AwsError as error:
        if error.code != "403":
            raise
        detail = "another account has this name, or these credentials may not see it: name another state.bucket"
        raise AwsError(operation="HeadBucket", resource=name, code=error.code, detail=detail) from error
    if found not in (None, wanted):
        raise WrongUsageError(
            f"{name} is in {found}, and the site file's [state] says {wanted}: buckets do not move. Correct the region, or name "
            "another state.bucket"
        )
    return found


def _hardening(s3: S3Client, name: str) -> Iterator[Setting]:
    blocks: Any = dict.fromkeys(_BLOCKS, True)
    yield Setting(
        title=f"{name}: no public access",
        read=lambda: _read(
            name,
            "GetPublicAccessBlock",
            lambda: s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
        ),
        wanted=blocks,
        write=lambda: s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=blocks),
    )
    yield Setting(
        title=f"{name}: owner enforced",
        read=lambda: _read(
            name,
            "GetBucketOwnershipControls",
            lambda: s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"],
        ),
        wanted=[{"ObjectOwnership": "BucketOwnerEnforced"}],
        write=lambda: s3.put_bucket_ownership_controls(
            Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        ),
    )
    yield _tls_only(s3, name)


def _tls_only(s3: S3Client, name: str) -> Setting:
    wanted = state_policies.tls_only(name)

    def present() -> list[dict[str, Any]]:
        policy = _read(name, "GetBucketPolicy", lambda: json.loads(s3.get_bucket_policy(Bucket=name)["Policy"]))
        found: Any = policy["Statement"] if isinstance(policy, dict) else []
        return found if isinstance(found, list) else [found]

    def write() -> None:
        others = [statement for statement in present() if statement.get("Sid") != state_policies.TLS_ONLY]
        policy = {"Version": "2012-10-17", "Statement": [*others, wanted]}
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))

    return Setting(title=f"{name}: TLS only", read=lambda: wanted in present(), wanted=True, write=write)


def _contents(s3: S3Client, name: str) -> Iterator[Setting]:
    yield Setting(
        title=f"{name}: versioning",
        read=lambda: _read(name, "GetBucketVersioning", lambda: s3.get_bucket_versioning(Bucket=name).get("Status")),
        wanted="Enabled",
        write=lambda: s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"}),
    )
    yield _expiry(s3, name)


def _expiry(s3: S3Client, name: str) -> Setting:
    wanted: Any = {
        "ID": _OLD_STATES,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": NONCURRENT_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _ABORT_UPLOAD_DAYS},
    }

    def present() -> list[Any]:
        operation = "GetBucketLifecycleConfiguration"
        rules: Any = _read(name, operation, lambda: s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"])
        return rules or []

    def write() -> None:
        rules = [*(rule for rule in present() if rule["ID"] != _OLD_STATES), wanted]
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})

    title = f"{name}: old versions expire after {NONCURRENT_DAYS} days"
    return Setting(title=title, read=lambda: wanted in present(), wanted=True, write=write)


def _role(iam: IamClient, source: str, destination: str) -> Setting:
    name = _role_name(source)
    trust, policy = state_policies.ASSUMED_BY_S3, state_policies.replication(source, destination)

    def trusted() -> object:
        return _read(name, "GetRole", lambda: iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"])

    def allowed() -> object:
        operation, of = "GetRolePolicy", {"RoleName": name, "PolicyName": "replicate"}
        return _read(name, operation, lambda: iam.get_role_policy(**of)["PolicyDocument"])

    def write() -> None:
        present = trusted()
        if present is None:
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
            iam.get_waiter("role_exists").wait(RoleName=name)
        elif present != trust:
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
        iam.put_role_policy(RoleName=name, PolicyName="replicate", PolicyDocument=json.dumps(policy))

    return Setting(
        title=f"{name}: role that copies {source} to {destination}",
        read=lambda: (trusted(), allowed()),
        wanted=(trust, policy),
        write=write,
    )


def _rule(s3: S3Client, iam: IamClient, source: str, destination: str, clock: Clock) -> Setting:
    rule: Any = {
        "ID": _STATE_RULE,
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{destination}"},
    }

    def write() -> None:
        role = iam.get_role(RoleName=_role_name(source))["Role"]["Arn"]
        configuration: Any = {"Role": role, "Rules": [rule]}
        until_accepted(
            lambda: s3.put_bucket_replication(Bucket=source, ReplicationConfiguration=configuration),
            not_yet=_NOT_SEEN_YET,
            clock=clock,
        )

    def read() -> object:
        _refuse_kms(s3, source)
        answer: Any = _read(source, "GetBucketReplication", lambda: s3.get_bucket_replication(Bucket=source))
        found: Any = answer["ReplicationConfiguration"] if answer else {"Role": "", "Rules": []}
        _refuse_rules_of_others(source, found["Rules"])
        return found["Role"].rpartition("/")[2], found["Rules"]

    return Setting(
        title=f"{source}: replicated to {destination}, with delete markers",
        read=read,
        wanted=(_role_name(source), [rule]),
        write=write,
    )


def _refuse_rules_of_others(source: str, rules: list[dict[str, Any]]) -> None:
    """A bucket has one role for all its rules, and theirs may need another than ours.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ReplicationConfiguration.html
    """
    others = [rule["ID"] for rule in rules if rule["ID"] != _STATE_RULE]
    if others:
        raise UnsafePlanError(
            f"{source} is replicated by rules of somebody else ({', '.join(others)}), and all rules of a bucket have one role: "
            "remove them if they may go, or leave state.replica_region out"
        )


def _refuse_kms(s3: S3Client, source: str) -> None:
    """Replication leaves out objects under a KMS key unless the rule and the role name keys in both regions.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
    """
    answer: Any = _read(source, "GetBucketEncryption", lambda: s3.get_bucket_encryption(Bucket=source))
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"] if answer else []
    defaults = [
        rule.get("ApplyServerSideEncryptionByDefault", {}) for rule in rules
    ]  # a rule may say other things only
    algorithms = {default.get("SSEAlgorithm", "AES256") for default in defaults}
    if algorithms - {"AES256"}:
        raise UnsafePlanError(
            f"{source} encrypts with {', '.join(sorted(algorithms))}, which the replica would never get: set its default "
            "encryption to SSE-S3 (AES256), or leave state.replica_region out"
        )


def _read(resource: str, operation: str, call: Callable[[], object]) -> object:
    """Returns what the call returns, or None when AWS says that there is no such thing."""
    with translated(operation, resource):
        try:
            return call()
        except ClientError as error:
            if error.response["Error"]["Code"] not in _ABSENT:
                raise
            return None


def _role_name(source: str) -> str:
    return f"{source}-replicate"[:64]
