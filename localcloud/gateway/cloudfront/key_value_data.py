"""CloudFront KeyValueStore's own API: the keys of a store, guarded by one ETag for the whole store.

https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Operations_Amazon_CloudFront_KeyValueStore.html
Limits: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from localcloud.gateway.clock import utc_now
from localcloud.gateway.cloudfront.store import CloudFrontStore, KeyValueStore
from localcloud.gateway.errors import ServiceError
from localcloud.gateway.identifiers import cloudfront_id
from localcloud.gateway.rest_routes import Parameters, RouteTable, route
from localcloud.gateway.wire import JsonObject, Request, Response, json_response

PATH_PREFIX = "/key-value-stores/"
MAXIMUM_STORE_BYTES = 5 * 1024 * 1024
MAXIMUM_KEY_BYTES = 512
MAXIMUM_VALUE_BYTES = 1024
MAXIMUM_UPDATE_KEYS = 50
MAXIMUM_UPDATE_BYTES = 3 * 1024 * 1024
PAGE_SIZE = 50
"""ListKeys returns at most 50 keys (API_kvs_ListKeys)."""


class KeyValueData:
    """Answers KeyValueStore requests. The signature (SigV4A) is not checked, like all signatures here."""

    def __init__(self, store: CloudFrontStore) -> None:
        self._store = store
        base = "/key-value-stores/{KvsARN}"
        self._routes = RouteTable(
            "cloudfront-keyvaluestore",
            [
                route("GET", base, self._describe),
                route("GET", f"{base}/keys", self._list),
                route("POST", f"{base}/keys", self._update),
                route("GET", f"{base}/keys/{{Key}}", self._get),
                route("PUT", f"{base}/keys/{{Key}}", self._put),
                route("DELETE", f"{base}/keys/{{Key}}", self._delete),
            ],
        )

    def handle(self, request: Request) -> Response:
        """Answer one request; refusals become REST JSON errors."""
        try:
            with self._store.lock:
                return self._routes.dispatch(request)
        except ServiceError as error:
            headers = {"x-amzn-ErrorType": error.code}
            return json_response({"Message": error.message}, status=error.status, headers=headers)

    def _find(self, parameters: Parameters) -> KeyValueStore:
        arn = parameters["KvsARN"]
        for store in self._store.key_value_stores.values():
            if store.arn == arn:
                return store
        raise ServiceError(404, "ResourceNotFoundException", f"No key value store with the ARN {arn}")

    def _describe(self, _: Request, parameters: Parameters) -> Response:
        store = self._find(parameters)
        description = {
            **_totals(store),
            "KvsARN": store.arn,
            "Created": store.created.timestamp(),
            "LastModified": store.last_modified.timestamp(),
            "Status": "READY",
        }
        return json_response(description, headers={"ETag": store.data_etag})

    def _list(self, request: Request, parameters: Parameters) -> Response:
        store = self._find(parameters)
        limit = min(int(request.query.get("MaxResults") or PAGE_SIZE), PAGE_SIZE)
        keys = sorted(key for key in store.values if key > request.query.get("NextToken", ""))
        document: JsonObject = {"Items": [{"Key": key, "Value": store.values[key]} for key in keys[:limit]]}
        if len(keys) > limit:
            document["NextToken"] = keys[limit - 1]
        return json_response(document)

    def _get(self, _: Request, parameters: Parameters) -> Response:
        store, key = self._find(parameters), parameters["Key"]
        if key not in store.values:
            raise ServiceError(404, "ResourceNotFoundException", f"Key {key} was not found.")
        return json_response({"Key": key, "Value": store.values[key], **_totals(store)})

    def _put(self, request: Request, parameters: Parameters) -> Response:
        value = str(request.json().get("Value", ""))
        return self._write(request, self._find(parameters), {parameters["Key"]: value}, ())

    def _delete(self, request: Request, parameters: Parameters) -> Response:
        store, key = self._find(parameters), parameters["Key"]
        _require_current(request, store)
        if key not in store.values:
            raise ServiceError(404, "ResourceNotFoundException", f"Key {key} was not found.")
        return self._write(request, store, {}, (key,))

    def _update(self, request: Request, parameters: Parameters) -> Response:
        asked = request.json()
        puts = {str(item["Key"]): str(item["Value"]) for item in asked.get("Puts") or ()}
        deletes = [str(item["Key"]) for item in asked.get("Deletes") or ()]
        if len(puts) + len(deletes) > MAXIMUM_UPDATE_KEYS:
            message = f"An update has at most {MAXIMUM_UPDATE_KEYS} keys, not {len(puts) + len(deletes)}"
            raise ServiceError(400, "ValidationException", message)
        if len(request.body) > MAXIMUM_UPDATE_BYTES:
            message = f"An update has at most {MAXIMUM_UPDATE_BYTES} bytes, not {len(request.body)}"
            raise ServiceError(400, "ValidationException", message)
        return self._write(request, self._find(parameters), puts, deletes)

    def _write(
        self, request: Request, store: KeyValueStore, puts: Mapping[str, str], deletes: Iterable[str]
    ) -> Response:
        """Apply all puts and deletes, or none."""
        _require_current(request, store)
        for key, value in puts.items():
            _check_item(key, value)
        removed = set(deletes)
        values = {key: value for key, value in {**store.values, **puts}.items() if key not in removed}
        size_bytes = sum(len(key.encode()) + len(value.encode()) for key, value in values.items())
        if size_bytes > MAXIMUM_STORE_BYTES:
            message = f"The store would have {size_bytes} bytes; at most {MAXIMUM_STORE_BYTES} are allowed."
            raise ServiceError(402, "ServiceQuotaExceededException", message)
        store.values, store.data_etag, store.last_modified = values, cloudfront_id(), utc_now()
        return json_response(_totals(store), headers={"ETag": store.data_etag})


def _totals(store: KeyValueStore) -> JsonObject:
    return {"ItemCount": len(store.values), "TotalSizeInBytes": store.size_bytes}


def _require_current(request: Request, store: KeyValueStore) -> None:
    sent = request.header("If-Match")
    if not sent:
        raise ServiceError(400, "ValidationException", "If-Match is required: DescribeKeyValueStore returns the ETag")
    if sent.strip('"') != store.data_etag:
        message = f"The store has changed: If-Match is {sent}, its ETag is {store.data_etag}."
        raise ServiceError(409, "ConflictException", message)


def _check_item(key: str, value: str) -> None:
    limits = (("key", key, MAXIMUM_KEY_BYTES), ("value", value, MAXIMUM_VALUE_BYTES))
    for what, text, maximum in limits:
        if len(text.encode()) > maximum:
            message = f"The {what} has {len(text.encode())} bytes; at most {maximum} are allowed."
            raise ServiceError(400, "ValidationException", message)
    if not key:
        raise ServiceError(400, "ValidationException", "The key is empty")
