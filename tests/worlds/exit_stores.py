"""Both kinds of store of a server outside AWS, and what is served from each."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from scripts.exits.bucket_store import LIVE, BucketStore
from scripts.exits.folder_store import CURRENT, FolderStore
from scripts.exits.store import ExitStore


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreUnderTest:
    """A store and how visitors see it: `served` returns path -> content, `damage` changes what they get of a path."""

    store: ExitStore
    served: Callable[[], dict[str, bytes]]
    damage: Callable[[str], None]


def folder_store(folder: Path) -> StoreUnderTest:
    folder.mkdir()
    current = folder / CURRENT

    def served() -> dict[str, bytes]:
        return {str(path.relative_to(current)): path.read_bytes() for path in current.rglob("*") if path.is_file()}

    def damage(path: str) -> None:
        (current / path).unlink()
        (current / path).write_bytes(b"broken")

    return StoreUnderTest(store=FolderStore(folder, name="exit"), served=served, damage=damage)


def bucket_store() -> StoreUnderTest:
    """Needs moto to run."""
    client: Any = boto3.client("s3", region_name="us-east-1")
    name = f"exit-{uuid.uuid4()}"
    client.create_bucket(Bucket=name)

    def served() -> dict[str, bytes]:
        found = client.list_objects_v2(Bucket=name, Prefix=LIVE).get("Contents", [])
        keys = [item["Key"] for item in found]
        return {key.removeprefix(LIVE): client.get_object(Bucket=name, Key=key)["Body"].read() for key in keys}

    def damage(path: str) -> None:
        client.put_object(Bucket=name, Key=f"{LIVE}{path}", Body=b"broken")

    store = BucketStore(client, name="exit", bucket=name, url="https://store.example")
    return StoreUnderTest(store=store, served=served, damage=damage)
