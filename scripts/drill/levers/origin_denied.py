"""Lever origin-denied: the primary's bucket denies CloudFront its objects, so that S3 answers 403 and layer 1 takes over.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html; AWS's own FIS template for CloudFront
does the same (github.com/aws-samples/fis-template-library).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from scripts.aws.clients import aws_client, translated
from scripts.drill.levers.lever import Json, bucket_arn, statement
from scripts.errors import NotSteadyError

SID = "FailoverDrillOriginDenied"


class OriginDenied:
    """Puts one Deny into a bucket policy."""

    def __init__(self, where: Mapping[str, str]) -> None:
        """`where`: region, bucket."""
        self.where = dict(where)
        self._region, self._bucket = where["region"], where["bucket"]

    def describe(self) -> str:
        """Return what it does."""
        return (
            f"adds the statement {SID} to the policy of {self._bucket} ({self._region}): CloudFront is denied s3:GetObject and"
            " gets 403. Undo: the policy as it was; if it was changed since, that statement alone is taken out"
        )

    def capture(self) -> Json:
        """Return the policy's text, None without one."""
        text = self._read()
        if text is not None and any(each.get("Sid") == SID for each in _statements(json.loads(text))):
            raise NotSteadyError(f"{self._bucket} has the statement {SID} already: run `failover chaos recover`")
        return {"policy": text}

    def pull(self, before: Json) -> None:
        """Put the policy with the Deny."""
        policy = json.loads(before["policy"]) if before["policy"] else {"Version": "2012-10-17", "Statement": []}
        policy["Statement"] = [*_statements(policy), self._deny()]
        self._write(json.dumps(policy))

    def restore(self, before: Json) -> None:
        """Put back the policy, or take the Deny out of a newer one."""
        text = self._read()
        if text is None:
            return
        policy = json.loads(text)
        kept = [each for each in _statements(policy) if each.get("Sid") != SID]
        if len(kept) == len(_statements(policy)):
            return
        old = json.loads(before["policy"]) if before["policy"] else None
        if kept == (_statements(old) if old else []):
            self._write(before["policy"])
        else:
            self._write(json.dumps({**policy, "Statement": kept}) if kept else None)

    def statements(self) -> list[Json]:
        """Return the rights on the bucket's policy."""
        return [
            statement(
                "s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy", resource=bucket_arn(self._bucket)
            )
        ]

    def _deny(self) -> Json:
        return {
            "Sid": SID,
            "Effect": "Deny",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": "s3:GetObject",
            "Resource": bucket_arn(self._bucket, "*"),
        }

    def _read(self) -> str | None:
        with translated("GetBucketPolicy", self._bucket, region=self._region):
            try:
                return str(self._s3().get_bucket_policy(Bucket=self._bucket)["Policy"])
            except ClientError as error:
                if error.response["Error"]["Code"] == "NoSuchBucketPolicy":
                    return None
                raise

    def _write(self, text: str | None) -> None:
        if text is None:
            with translated("DeleteBucketPolicy", self._bucket, region=self._region):
                self._s3().delete_bucket_policy(Bucket=self._bucket)
            return
        with translated("PutBucketPolicy", self._bucket, region=self._region):
            self._s3().put_bucket_policy(Bucket=self._bucket, Policy=text)

    def _s3(self) -> Any:  # noqa: ANN401  (a client, as in scripts/aws/clients.py)
        return aws_client("s3", region=self._region)


def _statements(policy: Json) -> list[Json]:
    found = policy.get("Statement", [])
    return list(found) if isinstance(found, list) else [found]
