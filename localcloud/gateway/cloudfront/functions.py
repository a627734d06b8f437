"""CloudFront functions: source code in two stages. Runs no JavaScript.

Limits: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
"""

from __future__ import annotations

import base64
import binascii
import copy
from xml.etree.ElementTree import Element

from localcloud.gateway.clock import rfc3339
from localcloud.gateway.cloudfront.answers import PREFIX, no_content, page, xml_response
from localcloud.gateway.cloudfront.store import (
    CloudFrontStore,
    Function,
    FunctionVersion,
    Stage,
    require_if_match,
)
from localcloud.gateway.errors import ServiceError
from localcloud.gateway.identifiers import cloudfront_id
from localcloud.gateway.rest_routes import Parameters, Route, route
from localcloud.gateway.wire import Request, Response
from localcloud.gateway.xml_tree import element, parse_xml, text_element

MAXIMUM_CODE_BYTES = 10 * 1024
MAXIMUM_STORES = 1
"""A function has at most one key value store (DeveloperGuide/kvs-with-functions.html)."""

RUNTIMES = ("cloudfront-js-1.0", "cloudfront-js-2.0")


class Functions:
    """Operations on functions."""

    def __init__(self, store: CloudFrontStore) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        """Return the operations."""
        return [
            route("POST", f"{PREFIX}/function", self._create),
            route("GET", f"{PREFIX}/function", self._list),
            route("GET", f"{PREFIX}/function/{{Name}}", self._get),
            route("GET", f"{PREFIX}/function/{{Name}}/describe", self._describe),
            route("PUT", f"{PREFIX}/function/{{Name}}", self._update),
            route("POST", f"{PREFIX}/function/{{Name}}/publish", self._publish),
            route("DELETE", f"{PREFIX}/function/{{Name}}", self._delete),
        ]

    def _find(self, name: str) -> Function:
        function = self._store.functions.get(name)
        if function is None:
            raise ServiceError(404, "NoSuchFunctionExists", f"The function does not exist: {name}")
        return function

    def _version(self, request: Request, function: Function) -> tuple[Stage, FunctionVersion]:
        stage = Stage(request.query.get("Stage") or Stage.DEVELOPMENT)
        if stage not in function.versions:
            message = f"The function {function.name} has no {stage} stage; publish it first."
            raise ServiceError(404, "NoSuchFunctionExists", message)
        return stage, function.versions[stage]

    def _create(self, request: Request, _: Parameters) -> Response:
        root = parse_xml(request.body)
        name = root.findtext("Name") or ""
        with self._store.lock:
            if name in self._store.functions:
                raise ServiceError(409, "FunctionAlreadyExists", f"A function named {name} already exists.")
            function = Function(name=name, versions={Stage.DEVELOPMENT: self._checked_version(root)})
            self._store.functions[name] = function
            version = function.versions[Stage.DEVELOPMENT]
            summary = self._summary(function, Stage.DEVELOPMENT)
        return xml_response(summary, status=201, etag=version.etag, location=f"function/{name}")

    def _checked_version(self, root: Element) -> FunctionVersion:
        config = root.find("FunctionConfig")
        if config is None or config.findtext("Runtime") not in RUNTIMES:
            raise ServiceError(400, "InvalidArgument", f"Runtime must be one of {', '.join(RUNTIMES)}")
        self._check_stores(config)
        try:
            code = base64.b64decode(root.findtext("FunctionCode") or "", validate=False)
        except binascii.Error as error:
            raise ServiceError(400, "InvalidArgument", "FunctionCode is not base64") from error
        if len(code) > MAXIMUM_CODE_BYTES:
            message = f"The function's code has {len(code)} bytes; at most {MAXIMUM_CODE_BYTES} are allowed."
            raise ServiceError(413, "FunctionSizeLimitExceeded", message)
        return FunctionVersion(config=config, code=code)

    def _check_stores(self, config: Element) -> None:
        associated = [node.text or "" for node in config.iter("KeyValueStoreARN")]
        if not associated:
            return
        if config.findtext("Runtime") != "cloudfront-js-2.0":
            raise ServiceError(400, "InvalidArgument", "Key value stores need runtime cloudfront-js-2.0")
        if len(associated) > MAXIMUM_STORES:
            message = f"A function has at most {MAXIMUM_STORES} key value store, not {len(associated)}"
            raise ServiceError(400, "InvalidArgument", message)
        known = {store.arn for store in self._store.key_value_stores.values()}
        if unknown := set(associated) - known:
            raise ServiceError(400, "InvalidArgument", f"No such key value store: {', '.join(unknown)}")

    def _list(self, request: Request, _: Parameters) -> Response:
        stage = Stage(request.query.get("Stage") or Stage.DEVELOPMENT)
        with self._store.lock:
            rows = [
                (function.name, function) for function in self._store.functions.values() if stage in function.versions
            ]
            return page(request, "FunctionList", rows, lambda function: self._summary(function, stage))

    def _get(self, request: Request, parameters: Parameters) -> Response:
        with self._store.lock:
            _, version = self._version(request, self._find(parameters["Name"]))
        headers = {"Content-Type": "application/octet-stream", "ETag": version.etag}
        return Response(headers=headers, body=version.code)

    def _describe(self, request: Request, parameters: Parameters) -> Response:
        with self._store.lock:
            function = self._find(parameters["Name"])
            stage, version = self._version(request, function)
            return xml_response(self._summary(function, stage), etag=version.etag)

    def _update(self, request: Request, parameters: Parameters) -> Response:
        root = parse_xml(request.body)
        with self._store.lock:
            function = self._find(parameters["Name"])
            require_if_match(request, function.versions[Stage.DEVELOPMENT].etag)
            version = self._checked_version(root)
            function.versions[Stage.DEVELOPMENT] = version
            response = xml_response(self._summary(function, Stage.DEVELOPMENT), etag=version.etag)
        response.headers["ETtag"] = version.etag  # the API model's own spelling, which the SDKs read
        return response

    def _publish(self, request: Request, parameters: Parameters) -> Response:
        with self._store.lock:
            function = self._find(parameters["Name"])
            development = function.versions[Stage.DEVELOPMENT]
            require_if_match(request, development.etag)
            live = copy.copy(development)
            live.etag = cloudfront_id()
            function.versions[Stage.LIVE] = live
            live.revision = self._store.changes.note()
            return xml_response(self._summary(function, Stage.LIVE))

    def _delete(self, request: Request, parameters: Parameters) -> Response:
        with self._store.lock:
            function = self._find(parameters["Name"])
            require_if_match(request, function.versions[Stage.DEVELOPMENT].etag)
            users = [user.id for user in self._store.references("FunctionARN", function.arn)]
            if users:
                message = f"The function {function.name} is in use by {', '.join(users)}."
                raise ServiceError(409, "FunctionInUse", message)
            del self._store.functions[function.name]
        return no_content()

    def _summary(self, function: Function, stage: Stage) -> Element:
        version = function.versions[stage]
        is_associated = any(self._store.references("FunctionARN", function.arn))
        is_live = self._store.changes.are_live(version.revision)
        status = ("DEPLOYED" if is_live else "IN_PROGRESS") if is_associated else "UNASSOCIATED"
        return element(
            "FunctionSummary",
            text_element("Name", function.name),
            text_element("Status", status if Stage.LIVE in function.versions else "UNPUBLISHED"),
            version.config,
            element(
                "FunctionMetadata",
                text_element("FunctionARN", function.arn),
                text_element("Stage", stage.value),
                text_element("CreatedTime", rfc3339(function.created)),
                text_element("LastModifiedTime", rfc3339(version.last_modified)),
            ),
        )
