"""Origin access controls and identities, and policies: resources that are a named configuration with an ETag."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from localcloud.gateway.clock import rfc3339
from localcloud.gateway.cloudfront.answers import PREFIX, no_content, page, xml_response
from localcloud.gateway.cloudfront.managed_policies import managed_policies
from localcloud.gateway.cloudfront.store import CloudFrontStore, Resource, require_if_match
from localcloud.gateway.errors import ServiceError
from localcloud.gateway.identifiers import cloudfront_id, random_uuid
from localcloud.gateway.rest_routes import Parameters, Route, route
from localcloud.gateway.wire import Request, Response
from localcloud.gateway.xml_tree import element, parse_xml, renamed_copy, text_element
from localcloud.model.bucket_policy import canonical_user_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What distinguishes one kind of configured resource from another.

    Attributes:
        path: path segment of its collection.
        tag: element name of the resource; its configuration is `<tag>Config`, its list `<tag>List`.
        reference: element of a distribution configuration that names one.
        is_policy: policies have managed ones, a modification time and nested summaries.
        new_id: makes an id.
        text_limits: element of its configuration -> how many characters it may have.
        unique: element of its configuration that no two of them share.
        is_user: whether S3 knows it as a user (origin access identities).
    """

    path: str
    tag: str
    reference: str
    is_policy: bool
    new_id: Callable[[], str]
    text_limits: Mapping[str, int] = field(default_factory=lambda: {"Comment": 128})
    unique: str = "Name"
    is_user: bool = False


ORIGIN_ACCESS_CONTROL = Kind(
    path="origin-access-control",
    tag="OriginAccessControl",
    reference="OriginAccessControlId",
    is_policy=False,
    new_id=cloudfront_id,
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginAccessControlConfig.html
    text_limits={"Name": 64, "Description": 256},
)
ORIGIN_ACCESS_IDENTITY = Kind(
    path="origin-access-identity/cloudfront",
    tag="CloudFrontOriginAccessIdentity",
    reference="OriginAccessIdentity",
    is_policy=False,
    new_id=cloudfront_id,
    unique="CallerReference",
    is_user=True,
)
CACHE_POLICY = Kind(
    path="cache-policy", tag="CachePolicy", reference="CachePolicyId", is_policy=True, new_id=random_uuid
)
ORIGIN_REQUEST_POLICY = Kind(
    path="origin-request-policy",
    tag="OriginRequestPolicy",
    reference="OriginRequestPolicyId",
    is_policy=True,
    new_id=random_uuid,
)
RESPONSE_HEADERS_POLICY = Kind(
    path="response-headers-policy",
    tag="ResponseHeadersPolicy",
    reference="ResponseHeadersPolicyId",
    is_policy=True,
    new_id=random_uuid,
)
KINDS = (ORIGIN_ACCESS_CONTROL, ORIGIN_ACCESS_IDENTITY, CACHE_POLICY, ORIGIN_REQUEST_POLICY, RESPONSE_HEADERS_POLICY)


class ConfiguredResources:
    """Operations on one kind of configured resource."""

    def __init__(self, store: CloudFrontStore, kind: Kind) -> None:
        self._store = store
        self._kind = kind
        self._resources = store.configured.setdefault(kind.path, {})
        for identifier, config in managed_policies(kind.path):
            self._resources[identifier] = Resource(id=identifier, config=config, is_managed=True)

    def routes(self) -> list[Route]:
        """Return the operations of this kind."""
        collection = f"{PREFIX}/{self._kind.path}"
        return [
            route("POST", collection, self._create),
            route("GET", collection, self._list),
            route("GET", f"{collection}/{{Id}}", self._get),
            route("GET", f"{collection}/{{Id}}/config", self._get_config),
            route("PUT", f"{collection}/{{Id}}", self._update),
            route("PUT", f"{collection}/{{Id}}/config", self._update),
            route("DELETE", f"{collection}/{{Id}}", self._delete),
        ]

    def _find(self, identifier: str) -> Resource:
        resource = self._resources.get(identifier)
        if resource is None:
            code = f"NoSuch{self._kind.tag}"
            raise ServiceError(404, code, f"The specified {self._kind.path} does not exist: {identifier}")
        return resource

    def _create(self, request: Request, _: Parameters) -> Response:
        config = parse_xml(request.body)
        config.tag = f"{self._kind.tag}Config"
        with self._store.lock:
            self._require_free_name(config, None)
            resource = Resource(id=self._kind.new_id(), config=config)
            self._resources[resource.id] = resource
        location = f"{self._kind.path}/{resource.id}"
        return xml_response(self._render(resource), status=201, etag=resource.etag, location=location)

    def _require_free_name(self, config: Element, own_id: str | None) -> None:
        for tag, limit in self._kind.text_limits.items():
            if len(config.findtext(tag) or "") > limit:
                raise ServiceError(400, "InvalidArgument", f"{tag} has more than {limit} characters.")
        _check_ttl_order(config)
        name = config.findtext(self._kind.unique)
        for resource in self._resources.values():
            if resource.id != own_id and resource.config.findtext(self._kind.unique) == name:
                message = f"A {self._kind.path} with the {self._kind.unique} {name} already exists."
                raise ServiceError(409, f"{self._kind.tag}AlreadyExists", message)

    def _list(self, request: Request, _: Parameters) -> Response:
        wanted = request.query.get("Type")
        with self._store.lock:
            rows = [
                (resource.id, resource) for resource in self._resources.values() if wanted in (None, _type_of(resource))
            ]
            return page(request, f"{self._kind.tag}List", rows, self._summary)

    def _get(self, _: Request, parameters: Parameters) -> Response:
        with self._store.lock:
            resource = self._find(parameters["Id"])
            return xml_response(self._render(resource), etag=resource.etag)

    def _get_config(self, _: Request, parameters: Parameters) -> Response:
        with self._store.lock:
            resource = self._find(parameters["Id"])
            return xml_response(resource.config, etag=resource.etag)

    def _update(self, request: Request, parameters: Parameters) -> Response:
        config = parse_xml(request.body)
        config.tag = f"{self._kind.tag}Config"
        with self._store.lock:
            resource = self._find(parameters["Id"])
            if resource.is_managed:
                raise ServiceError(400, "IllegalUpdate", f"{resource.id} is managed by AWS.")
            require_if_match(request, resource.etag)
            self._require_free_name(config, resource.id)
            resource.replace_config(config)
            return xml_response(self._render(resource), etag=resource.etag)

    def _delete(self, request: Request, parameters: Parameters) -> Response:
        with self._store.lock:
            resource = self._find(parameters["Id"])
            if resource.is_managed:
                raise ServiceError(400, "IllegalDelete", f"{resource.id} is managed by AWS.")
            require_if_match(request, resource.etag)
            reference = f"{self._kind.path}/{resource.id}" if self._kind.is_user else resource.id
            users = [user.id for user in self._store.references(self._kind.reference, reference)]
            if users:
                message = f"The {self._kind.path} {resource.id} is in use by {', '.join(users)}."
                raise ServiceError(409, f"{self._kind.tag}InUse", message)
            del self._resources[resource.id]
        return no_content()

    def _render(self, resource: Resource) -> Element:
        node = element(self._kind.tag, text_element("Id", resource.id))
        if self._kind.is_policy:
            node.append(text_element("LastModifiedTime", rfc3339(resource.last_modified)))
        if self._kind.is_user:
            node.append(text_element("S3CanonicalUserId", canonical_user_of(resource.id)))
        node.append(resource.config)
        return node

    def _summary(self, resource: Resource) -> Element:
        tag = f"{self._kind.tag}Summary"
        if self._kind.is_policy:
            return element(tag, text_element("Type", _type_of(resource)), self._render(resource))
        flat = renamed_copy(resource.config, tag)
        flat.insert(0, text_element("Id", resource.id))
        if self._kind.is_user:
            flat.insert(1, text_element("S3CanonicalUserId", canonical_user_of(resource.id)))
        return flat


def _check_ttl_order(config: Element) -> None:
    """Of a cache policy: minimum, default and maximum TTL in this order.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html
    """
    ttls = [int(text) for tag in ("MinTTL", "DefaultTTL", "MaxTTL") if (text := config.findtext(tag))]
    if ttls != sorted(ttls):
        raise ServiceError(400, "InvalidArgument", f"MinTTL, DefaultTTL and MaxTTL are {ttls}, but must rise.")


def _type_of(resource: Resource) -> str:
    return "managed" if resource.is_managed else "custom"
