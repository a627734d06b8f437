"""The outputs beside the states, and in their replica: where an operator finds them when GitHub is down as well.

No secret is in the file: names of buckets and hosts, ids and ARNs.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.aws.clients import translated
from scripts.errors import AwsError, MissingOutputError, WrongUsageError
from scripts.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable

_NAME = "outputs.json"
_REPLICA = "-replica"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the outputs of one site are kept.

    Attributes:
        key: of the object.
        buckets: (bucket, its region): that of the states, then its replica, where there is one.
    """

    key: str
    buckets: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """Say it as AWS's command line does."""
        return " and ".join(f"s3://{bucket}/{self.key} ({region})" for bucket, region in self.buckets)


def place_of(site_file: Path) -> Place:
    """Returns where a site's outputs are kept.

    Raises:
        WrongUsageError: the file cannot be read, or keeps its state on this machine.
    """
    try:
        document: dict[str, Any] = tomllib.loads(site_file.read_text(encoding="utf-8"))
        site, state = document["site"], document["state"]
        key = f"{site['project']}/{site['environment']}/{_NAME}"
        buckets = [(str(state["bucket"]), str(state["region"]))]
    except OSError as error:
        raise WrongUsageError(f"{site_file}: {error.strerror}; name the site file with --site-file") from error
    except (ValueError, KeyError, TypeError) as error:
        raise WrongUsageError(
            f"{site_file} names no bucket of states ({error}): the outputs can be kept where [state] backend is s3"
        ) from error
    if replica := state.get("replica_region"):
        buckets.append((f"{state['bucket']}{_REPLICA}", str(replica)))
    return Place(key=key, buckets=tuple(buckets))


def keep(place: Place, path: Path, s3: Callable[[str], Any]) -> None:
    """Writes the file beside the states; S3 copies it to the replica.

    Raises:
        AwsError: it was refused.
    """
    bucket, region = place.buckets[0]
    with translated("PutObject", f"s3://{bucket}/{place.key}"):
        s3(region).put_object(Bucket=bucket, Key=place.key, Body=path.read_bytes(), ContentType="application/json")


def fetch(place: Place, path: Path, s3: Callable[[str], Any]) -> str:
    """Reads the file from the first bucket that has it, writes it to `path`, and returns that bucket.

    Raises:
        MissingOutputError: no bucket has it; each reason is named.
    """
    reasons = []
    for bucket, region in place.buckets:
        where = f"s3://{bucket}/{place.key}"
        try:
            with translated("GetObject", where):
                body = s3(region).get_object(Bucket=bucket, Key=place.key)["Body"].read()
        except AwsError as error:
            reasons.append(str(error))
            continue
        write_atomically(path, body.decode("utf-8"))
        return bucket
    raise MissingOutputError("the outputs are not to be had: " + "; ".join(reasons))
