"""A KeyValueStore client for tests: the calls the commands make, with the API's ETags and errors."""

from typing import Any

from botocore.exceptions import ClientError

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/kvs-with-functions.html
KEYS_PER_WRITE = 50
LARGEST_VALUE_BYTES = 1024


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
        return {"ETag": self.etag, "TotalSizeInBytes": sum(len(k) + len(v) for k, v in self.values.items())}

    def get_key(self, *, KvsARN: str, Key: str) -> dict[str, Any]:  # noqa: ARG002, N803
        if Key not in self.values:
            raise _error("ResourceNotFoundException", "GetKey")
        return {"Value": self.values[Key]}

    def get_paginator(self, operation: str) -> "FakeKeyValueStore":
        assert operation == "list_keys"
        return self

    def paginate(self, *, KvsARN: str, PaginationConfig: dict[str, int]) -> list[dict[str, Any]]:  # noqa: ARG002, N803
        assert PaginationConfig == {"PageSize": KEYS_PER_WRITE}  # a call lists ten otherwise, and never more
        return [{"Items": [{"Key": key, "Value": value}]} for key, value in self.values.items()]

    def update_keys(
        self,
        *,
        KvsARN: str,  # noqa: ARG002, N803
        IfMatch: str,  # noqa: N803
        Puts: list[dict[str, str]],  # noqa: N803
        Deletes: list[dict[str, str]],  # noqa: N803
    ) -> dict[str, Any]:
        assert 1 <= len(Puts) + len(Deletes) <= KEYS_PER_WRITE
        assert all(len(put["Value"].encode()) <= LARGEST_VALUE_BYTES for put in Puts)
        if self.race:
            self.race = False
            self.writes += 1
        if IfMatch != self.etag:
            raise _error("ConflictException", "UpdateKeys")
        self.values.update({put["Key"]: put["Value"] for put in Puts})
        for each in Deletes:
            self.values.pop(each["Key"], None)
        self.writes += 1
        return {"ETag": self.etag}


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)
