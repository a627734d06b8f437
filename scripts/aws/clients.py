"""AWS clients of the commands, made in one place, and the translation of their failures.

Everything that says which AWS is meant (endpoint, credentials, proxy) comes from the environment, so the same code talks to
AWS and to localcloud.

Clients are made with botocore alone: nothing of what boto3 adds is used, and importing it takes 0.1 s of every command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
from botocore.session import Session, get_session
from botocore.utils import determine_content_length

from scripts.aws.s3_listing import read_faster
from scripts.clock import Clock, utc_now
from scripts.errors import AwsError, RegionUnavailableError

if TYPE_CHECKING:
    from botocore.model import OperationModel
    from mypy_boto3_cloudfront_keyvaluestore.client import CloudFrontKeyValueStoreClient
    from mypy_boto3_s3.client import S3Client

# A dead region must not hold a publisher for botocore's default of 60 s a try.
_CONNECT_TIMEOUT_SECONDS = 5
_READ_TIMEOUT_SECONDS = 30
_ATTEMPTS = 4
_GLANCE_SECONDS = 3
# Who looks, compares or rolls back hears within 20 s, not after two minutes, of a region that takes connections and says nothing:
# twice for the manifest and twice for the comparison.
_HASTY_TIMEOUT_SECONDS = 4
_HASTY_ATTEMPTS = 2
# The KeyValueStore is asked for a few kilobytes: three tries and their pauses end within 20 s, and a throttled one has its third.
_STORE_TIMEOUT_SECONDS = 5
_STORE_ATTEMPTS = 3
_SERVER_ERROR = 500
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html; S3's SlowDown comes with a 503
THROTTLED = frozenset({
    "SlowDown", "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
    "TooManyRequestsException", "RequestLimitExceeded", "BandwidthLimitExceeded", "ProvisionedThroughputExceededException",
})  # fmt: skip
FEWER_REQUESTS = "AWS answers, and asks for fewer requests"
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_use-resources.html, and each service's common errors
ENDED_SESSION = frozenset({
    "ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId", "UnrecognizedClientException",
    "InvalidAccessKeyId", "InvalidToken", "TokenRefreshRequired",
})  # fmt: skip
REPLACED_MEANWHILE = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")
"""S3's refusals of a conditional write: another object, one that came at the same moment, or none any more.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html"""
_UNSIGNED = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, SSOError, TokenRetrievalError)
_SIGN_IN = ". Sign in to AWS (`aws configure list` shows as whom), or name a localcloud with --localcloud DIR"
_SENT_AT_ONCE_BYTES = 256 * 1024
# AWS names no time; Terraform's provider gives a bucket and a role two minutes, its users' reports speak of seconds.
_PROPAGATION_SECONDS = 60
_PAUSE_SECONDS = 3


@cache
def session() -> Session:
    """Returns the session of all clients: one place for credentials, one cache of botocore's API descriptions."""
    return get_session()


def client_for(service: str, *, region: str, config: Config) -> Any:  # noqa: ANN401  (the caller says which one)
    """Returns a client for `service`."""
    return session().create_client(service, region_name=region, config=config)


def _config(connections: int = 10, *, is_hasty: bool = False) -> Config:
    attempts = _HASTY_ATTEMPTS if is_hasty else _ATTEMPTS
    return Config(
        connect_timeout=_HASTY_TIMEOUT_SECONDS if is_hasty else _CONNECT_TIMEOUT_SECONDS,
        read_timeout=_HASTY_TIMEOUT_SECONDS if is_hasty else _READ_TIMEOUT_SECONDS,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        max_pool_connections=connections,
    )


def s3_client(region: str, *, connections: int = 10, owner: str | None = None, is_hasty: bool = False) -> S3Client:
    """Returns a client for the buckets of `region`.

    Args:
        region: where the buckets are.
        connections: how many it may hold open.
        owner: the account, 12 digits, whose buckets these must be; S3 answers 403 about any other one. Default: not asked.
            https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
        is_hasty: give a silent region 8 s a call instead of 120.
    """
    made: S3Client = client_for("s3", region=region, config=_config(connections, is_hasty=is_hasty))
    made.meta.events.register_last("before-call.s3", _sent_at_once)
    if owner is not None:
        made.meta.events.register("provide-client-params.s3", partial(_of_owner, owner))
    read_faster(made)
    return made


def _of_owner(owner: str, params: dict[str, Any], model: OperationModel, **_rest: object) -> None:
    """Adds the owner to every request that can name one; CreateBucket cannot."""
    if model.input_shape and "ExpectedBucketOwner" in model.input_shape.members:
        params["ExpectedBucketOwner"] = owner


def _sent_at_once(params: dict[str, Any], **_rest: object) -> None:
    """Spares a small object the round trip in which S3 would agree to take it, which botocore asks for whatever the size.

    https://docs.aws.amazon.com/AmazonS3/latest/API/RESTCommonRequestHeaders.html (Expect)
    """
    headers = params["headers"]
    if "Expect" in headers and (determine_content_length(params["body"]) or 0) <= _SENT_AT_ONCE_BYTES:
        del headers["Expect"]


def aws_client(service: str, *, region: str, is_hasty: bool = False) -> Any:  # noqa: ANN401  (the caller says which one)
    """Returns a client for an API that is asked a few times; not worth a function and a package of stubs of its own.

    Args:
        service: botocore's name of it.
        region: where; us-east-1 for the global ones.
        is_hasty: give a silent region 20 s instead of 120.
    """
    return client_for(service, region=region, config=_config(is_hasty=is_hasty))


def iam_client() -> Any:  # noqa: ANN401  (one role; not worth a package of stubs)
    """Returns a client for IAM, which is global."""
    return client_for("iam", region="us-east-1", config=_config())


def caller_account(region: str) -> str:
    """Returns the account id of the credentials in use, which anybody may ask for.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    with translated("GetCallerIdentity", "the credentials in use"):
        account: str = client_for("sts", region=region, config=_config()).get_caller_identity()["Account"]
    return account


def cloudwatch_client(region: str) -> Any:  # noqa: ANN401  (one call; not worth a package of stubs)
    """Returns a client for the metrics of `region` that soon gives up: nobody waits long for what a status only mentions."""
    return client_for("cloudwatch", region=region, config=_glance())


def _glance() -> Config:
    return Config(
        connect_timeout=_GLANCE_SECONDS,
        read_timeout=_GLANCE_SECONDS,
        retries={"total_max_attempts": 2, "mode": "standard"},
    )


def route53_client() -> Any:  # noqa: ANN401  (one call; not worth a package of stubs)
    """Returns a client for Route 53, which is global, that soon gives up."""
    return client_for("route53", region="us-east-1", config=_glance())


def key_value_store_client() -> CloudFrontKeyValueStoreClient:
    """Returns a client for the KeyValueStore's own API, which gives a silent one up within 20 s.

    It signs with SigV4A for all regions at once (botocore's `crt` extra), so no single region has to be up:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/kvs-with-functions-kvp.html
    """
    config = Config(
        connect_timeout=_STORE_TIMEOUT_SECONDS,
        read_timeout=_STORE_TIMEOUT_SECONDS,
        retries={"total_max_attempts": _STORE_ATTEMPTS, "mode": "standard"},
    )
    made: CloudFrontKeyValueStoreClient = client_for("cloudfront-keyvaluestore", region="us-east-1", config=config)
    return made


def until_accepted(call: Callable[[], object], *, not_yet: Set[str], clock: Clock) -> None:
    """Makes a call again, for a minute at most, while AWS refuses it because what it rests on has not reached every server.

    IAM is eventually consistent, and S3's settings of a bucket are: a role or a versioning may be there and not be seen yet.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel

    Args:
        call: what to do.
        not_yet: the error codes by which AWS may say so; the last such error is raised when the minute is over.
        clock: waits.
    """
    import asyncio  # 0.02 s of every command, and few wait here

    deadline_seconds = clock.now_seconds() + _PROPAGATION_SECONDS
    while True:
        try:
            call()
        except ClientError as error:
            if error.response["Error"]["Code"] not in not_yet or clock.now_seconds() >= deadline_seconds:
                raise
            asyncio.run(clock.sleep(_PAUSE_SECONDS))
        else:
            return


def told_time(answer: Mapping[str, Any]) -> datetime:
    """Returns AWS's clock as an answer's Date header has it (whole seconds, RFC 9110 section 6.6.1).

    This machine's where something between took the header off: a runner's clock may be wrong by days, and what is older than a
    day is deleted.
    """
    told = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(told).astimezone(UTC) if told else utc_now()


@contextmanager
def translated(operation: str, resource: str, *, region: str | None = None, silent: str = "") -> Iterator[None]:
    """Turns a failed AWS call inside the block into an AwsError that names what was done to what.

    Args:
        operation: the API's own name.
        resource: what it is done to.
        region: the region that the call needs. When it does not answer, or answers every try with a 5xx, the error is a
            RegionUnavailableError. Default: the call needs no single region.
        silent: what to say, beside the error, of an API that does not answer. Default: nothing.
    """
    try:
        yield
    except ClientError as error:
        details = error.response.get("Error", {})
        code, detail = details.get("Code", "unknown"), details.get("Message", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in ENDED_SESSION:
            detail = f"{detail or 'AWS does not take these credentials'}{_SIGN_IN}"
        if code in THROTTLED:
            raise throttled(operation, resource, code) from error
        raise _aws_error(operation, resource, code, detail, region if status >= _SERVER_ERROR else None) from error
    except BotoCoreError as error:
        is_silent = isinstance(error, ConnectionError | HTTPClientError)
        where = region if is_silent else None
        detail = f"{error}{_SIGN_IN}" if isinstance(error, _UNSIGNED) else str(error)
        if is_silent and silent:
            detail = f"{detail.rstrip('.')}. {silent}"
        raise _aws_error(operation, resource, type(error).__name__, detail, where) from error


def throttled(operation: str, resource: str, code: str) -> AwsError:
    """Returns what is said of a region that answers, and asks for fewer requests."""
    detail = f"{FEWER_REQUESTS}. What was done stays: wait a minute, then run it again"
    return AwsError(operation=operation, resource=resource, code=code, detail=detail)


def cause_of(error: AwsError) -> str:
    """Returns what failed, without the advice that a throttled call has for whoever can simply run it again."""
    return FEWER_REQUESTS if error.code in THROTTLED else error.detail.rstrip(".")


def _aws_error(operation: str, resource: str, code: str, detail: str, unavailable_region: str | None) -> AwsError:
    if unavailable_region is None:
        return AwsError(operation=operation, resource=resource, code=code, detail=detail)
    return RegionUnavailableError(
        region=unavailable_region, operation=operation, resource=resource, code=code, detail=detail
    )
