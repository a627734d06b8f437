"""Key value stores as CloudFront resources. Their keys are `key_value_data`'s matter."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from localcloud.gateway.clock import rfc3339, utc_now
from localcloud.gateway.cloudfront.answers import PREFIX, no_content, page, xml_response
from localcloud.gateway.cloudfront.store import CloudFrontStore, KeyValueStore, require_if_match
from localcloud.gateway.errors import ServiceError, UnsupportedResource
from localcloud.gateway.identifiers import cloudfront_id, random_uuid
from localcloud.gateway.rest_routes import Parameters, Route, route
from localcloud.gateway.wire import Request, Response
from localcloud.gateway.xml_tree import element, parse_xml, text_element


class KeyValueStores:
    """Operations on key value stores; they are addressed by name."""

    def __init__(self, store: CloudFrontStore) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        """Return the operations."""
        return [
            route("POST", f"{PREFIX}/key-value-store", self._create),
            route("GET", f"{PREFIX}/key-value-store", self._list),
            route("GET", f"{PREFIX}/key-value-store/{{Name}}", self._get),
            route("PUT", f"{PREFIX}/key-value-store/{{Name}}", self._update),
            route("DELETE", f"{PREFIX}/key-value-store/{{Name}}", self._delete),
        ]

    def _find(self, name: str) -> KeyValueStore:
        store = self._store.key_value_stores.get(name)
        if store is None:
            raise ServiceError(404, "EntityNotFound", f"The key value store was not found: {name}")
        return store

    def _create(self, request: Request, _: Parameters) -> Response:
        root = parse_xml(request.body)
        if root.find("ImportSource") is not None:
            raise UnsupportedResource("importing a key value store from S3")
        name = root.findtext("Name") or ""
        with self._store.lock:
            if name in self._store.key_value_stores:
                raise ServiceError(409, "EntityAlreadyExists", f"A key value store named {name} already exists.")
            store = KeyValueStore(id=random_uuid(), name=name, comment=root.findtext("Comment"))
            self._store.key_value_stores[name] = store
        return xml_response(_store_xml(store), status=201, etag=store.etag, location=f"key-value-store/{name}")

    def _list(self, request: Request, _: Parameters) -> Response:
        with self._store.lock:
            rows = list(self._store.key_value_stores.items())
            return page(request, "KeyValueStoreList", rows, _store_xml)

    def _get(self, _: Request, parameters: Parameters) -> Response:
        with self._store.lock:
            store = self._find(parameters["Name"])
            return xml_response(_store_xml(store), etag=store.etag)

    def _update(self, request: Request, parameters: Parameters) -> Response:
        comment = parse_xml(request.body).findtext("Comment")
        with self._store.lock:
            store = self._find(parameters["Name"])
            require_if_match(request, store.etag)
            store.comment, store.etag, store.last_modified = comment, cloudfront_id(), utc_now()
            return xml_response(_store_xml(store), etag=store.etag)

    def _delete(self, request: Request, parameters: Parameters) -> Response:
        with self._store.lock:
            store = self._find(parameters["Name"])
            require_if_match(request, store.etag)
            users = [
                function.name
                for function in self._store.functions.values()
                for version in function.versions.values()
                if any(node.text == store.arn for node in version.config.iter("KeyValueStoreARN"))
            ]
            if users:
                message = f"The key value store {store.name} is in use by {', '.join(sorted(set(users)))}."
                raise ServiceError(409, "CannotDeleteEntityWhileInUse", message)
            del self._store.key_value_stores[store.name]
        return no_content()


def _store_xml(store: KeyValueStore) -> Element:
    return element(
        "KeyValueStore",
        text_element("Name", store.name),
        text_element("Id", store.id),
        *([] if store.comment is None else [text_element("Comment", store.comment)]),  # Terraform takes "" for a change
        text_element("ARN", store.arn),
        text_element("Status", "READY"),
        text_element("LastModifiedTime", rfc3339(store.last_modified)),
    )
