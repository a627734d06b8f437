"""A KeyValueStore client for tests: the calls the commands make, with the API's ETags and errors."""

from typing import Any

from botocore.exceptions import ClientError


class FakeKeyValueStore:
    """One store. `writes` counts UpdateKeys calls; `race` makes the next one meet another writer's ETag."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.writes = 0
        self.race = False

    @property
    def etag(self) -> str:
        return f"E{self.writes}"

    def describe_key_value_store(self, *, KvsARN: str) -> dict[str, Any]:  # noqa: ARG002, N803
        return {"ETag": self.etag}

    def get_key(self, *, KvsARN: str, Key: str) -> dict[str, Any]:  # noqa: ARG002, N803
        if Key not in self.values:
            raise _error("ResourceNotFoundException", "GetKey")
        return {"Value": self.values[Key]}

    def update_keys(self, *, KvsARN: str, IfMatch: str, Puts: list[dict[str, str]]) -> dict[str, Any]:  # noqa: ARG002, N803
        if self.race:
            self.race = False
            self.writes += 1
        if IfMatch != self.etag:
            raise _error("ConflictException", "UpdateKeys")
        self.values.update({put["Key"]: put["Value"] for put in Puts})
        self.writes += 1
        return {"ETag": self.etag}


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)
