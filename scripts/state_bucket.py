"""The buckets that hold Terraform's state: what they must be like, and how to get them there.

Terraform cannot make the bucket of its own state, so this does, once and again: every setting is read first, and only what
differs is written. Requirements: versioning (a broken state is one version away), nothing public, TLS only, and for the replica
delete markers, so that released locks vanish there as well (https://developer.hashicorp.com/terraform/language/backend/s3).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from scripts.aws import translated

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

    IamClient = Any  # one role and its policy; not worth a package of stubs

NONCURRENT_DAYS = 90
_ABORT_UPLOAD_DAYS = 2
_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_ABSENT = {
    "404",
    "NoSuchBucket",
    "NoSuchPublicAccessBlockConfiguration",
    "OwnershipControlsNotFoundError",
    "NoSuchBucketPolicy",
    "NoSuchLifecycleConfiguration",
    "ReplicationConfigurationNotFoundError",
    "NoSuchEntity",
}


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


def replication_settings(s3: S3Client, iam: IamClient, *, source: str, destination: str) -> list[Setting]:
    """Returns the role and the rule that copy every state, and every deletion, to the replica."""
    return [_role(iam, source, destination), _rule(s3, iam, source, destination)]


def _exists(s3: S3Client, name: str, region: str) -> Setting:
    where: Any = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    return Setting(
        title=f"{name}: bucket in {region}",
        read=lambda: _read(name, "HeadBucket", lambda: bool(s3.head_bucket(Bucket=name))),
        wanted=True,
        write=lambda: s3.create_bucket(Bucket=name, **where),
    )


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
    policy = _tls_only(name)
    yield Setting(
        title=f"{name}: TLS only",
        read=lambda: _read(name, "GetBucketPolicy", lambda: json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])),
        wanted=policy,
        write=lambda: s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy)),
    )


def _contents(s3: S3Client, name: str) -> Iterator[Setting]:
    rules: Any = [
        {
            "ID": "old-states",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": NONCURRENT_DAYS},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _ABORT_UPLOAD_DAYS},
        }
    ]
    yield Setting(
        title=f"{name}: versioning",
        read=lambda: _read(name, "GetBucketVersioning", lambda: s3.get_bucket_versioning(Bucket=name).get("Status")),
        wanted="Enabled",
        write=lambda: s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"}),
    )
    yield Setting(
        title=f"{name}: old versions expire after {NONCURRENT_DAYS} days",
        read=lambda: _read(
            name,
            "GetBucketLifecycleConfiguration",
            lambda: s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"],
        ),
        wanted=rules,
        write=lambda: s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules}),
    )


def _role(iam: IamClient, source: str, destination: str) -> Setting:
    name = _role_name(source)
    policy = _replication_policy(source, destination)

    def write() -> None:
        if _read(name, "GetRole", lambda: iam.get_role(RoleName=name)) is None:
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_ASSUMED_BY_S3))
        iam.put_role_policy(RoleName=name, PolicyName="replicate", PolicyDocument=json.dumps(policy))

    return Setting(
        title=f"{name}: role that copies {source} to {destination}",
        read=lambda: _read(
            name,
            "GetRolePolicy",
            lambda: iam.get_role_policy(RoleName=name, PolicyName="replicate")["PolicyDocument"],
        ),
        wanted=policy,
        write=write,
    )


def _rule(s3: S3Client, iam: IamClient, source: str, destination: str) -> Setting:
    rule: Any = {
        "ID": "state",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{destination}"},
    }

    def write() -> None:
        role = iam.get_role(RoleName=_role_name(source))["Role"]["Arn"]
        s3.put_bucket_replication(Bucket=source, ReplicationConfiguration={"Role": role, "Rules": [rule]})

    return Setting(
        title=f"{source}: replicated to {destination}, with delete markers",
        read=lambda: _read(
            source,
            "GetBucketReplication",
            lambda: s3.get_bucket_replication(Bucket=source)["ReplicationConfiguration"]["Rules"],
        ),
        wanted=[rule],
        write=write,
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


_ASSUMED_BY_S3: Mapping[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def _tls_only(name: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "DenyInsecureTransport",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


def _replication_policy(source: str, destination: str) -> dict[str, Any]:
    """Returns the role's policy: https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:GetReplicationConfiguration", "s3:ListBucket"],
                "Resource": f"arn:aws:s3:::{source}",
            },
            {
                "Effect": "Allow",
                "Action": [
                    "s3:GetObjectVersionForReplication",
                    "s3:GetObjectVersionAcl",
                    "s3:GetObjectVersionTagging",
                ],
                "Resource": f"arn:aws:s3:::{source}/*",
            },
            {
                "Effect": "Allow",
                "Action": ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"],
                "Resource": f"arn:aws:s3:::{destination}/*",
            },
        ],
    }
