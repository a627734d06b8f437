"""API Gateway's custom domain names and API mappings (version 2 API); APIs, routes and stages are moto's.

https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames.html
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from localcloud.gateway.acm import CertificateStore
from localcloud.gateway.apigateway_zones import ZONE_IDS
from localcloud.gateway.errors import ServiceError, UnsupportedResource
from localcloud.gateway.identifiers import host_label
from localcloud.gateway.rest_routes import Parameters, RouteTable, route
from localcloud.gateway.wire import JsonObject, Request, Response, json_response

PATH_PREFIX = "/v2/domainnames"
TAGS_PREFIX = "/v2/tags/"
SECURITY_POLICIES = ("TLS_1_0", "TLS_1_2")
"""For HTTP APIs only TLS_1_2: DeveloperGuide/apigateway-custom-domain-tls-version.html"""

IP_ADDRESS_TYPES = ("ipv4", "dualstack")


@dataclass(slots=True, kw_only=True)
class DomainName:
    """A custom domain name in one region."""

    name: str
    region: str
    configuration: JsonObject
    tags: dict[str, str]
    mappings: dict[str, JsonObject] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The ARN; it names no account."""
        return f"arn:aws:apigateway:{self.region}::/domainnames/{self.name}"

    @property
    def endpoint(self) -> str:
        """The regional endpoint, `d-....execute-api.<region>.amazonaws.com`."""
        return str(self.configuration["apiGatewayDomainName"])

    def to_json(self) -> JsonObject:
        """Return the domain name as the API shows it."""
        return {
            "apiMappingSelectionExpression": "$request.basepath",
            "domainName": self.name,
            "domainNameArn": self.arn,
            "domainNameConfigurations": [self.configuration],
            "routingMode": "API_MAPPING_ONLY",
            "tags": self.tags,
        }


class DomainNameStore:
    """The account's custom domain names, by region and name: two regions may hold the same one."""

    STATE: ClassVar[tuple[str, ...]] = ("domains",)

    def __init__(self, lock: threading.RLock) -> None:
        self.lock = lock
        self.domains: dict[tuple[str, str], DomainName] = {}

    def zone_id_of_endpoint(self, endpoint: str) -> str | None:
        """Return the hosted zone id of a regional endpoint `d-....execute-api.<region>.amazonaws.com`, or None."""
        with self.lock:
            for domain in self.domains.values():
                if domain.endpoint == endpoint:
                    return str(domain.configuration["hostedZoneId"])
        return None

    def users_of_certificate(self, arn: str) -> list[str]:
        """Return the ARNs of the domain names that use a certificate."""
        with self.lock:
            return [domain.arn for domain in self.domains.values() if domain.configuration.get("certificateArn") == arn]


class ApiGatewayDomains:
    """Answers requests about custom domain names."""

    def __init__(
        self,
        store: DomainNameStore,
        certificates: CertificateStore,
        has_stage: Callable[[str, str, str], bool],
    ) -> None:
        """Make the handler; `has_stage(region, api_id, stage)` says whether a stage exists."""
        self._store = store
        self._certificates = certificates
        self._has_stage = has_stage
        one = f"{PATH_PREFIX}/{{Name}}"
        self._routes = RouteTable(
            "apigatewayv2",
            [
                route("POST", PATH_PREFIX, self._create),
                route("GET", PATH_PREFIX, self._list),
                route("GET", one, self._get),
                route("PATCH", one, self._update),
                route("DELETE", one, self._delete),
                route("POST", f"{one}/apimappings", self._create_mapping),
                route("GET", f"{one}/apimappings", self._list_mappings),
                route("GET", f"{one}/apimappings/{{MappingId}}", self._get_mapping),
                route("PATCH", f"{one}/apimappings/{{MappingId}}", self._update_mapping),
                route("DELETE", f"{one}/apimappings/{{MappingId}}", self._delete_mapping),
                route("GET", f"{TAGS_PREFIX}{{Arn}}", self._list_tags),
                route("POST", f"{TAGS_PREFIX}{{Arn}}", self._tag),
                route("DELETE", f"{TAGS_PREFIX}{{Arn}}", self._untag),
            ],
        )

    @staticmethod
    def owns(request: Request) -> bool:
        """Return whether a request is about custom domain names."""
        path = request.path
        return path.startswith(PATH_PREFIX) or (path.startswith(TAGS_PREFIX) and "::/domainnames/" in path)

    def handle(self, request: Request, region: str) -> Response:
        """Answer one request made in a region; refusals become REST JSON errors."""
        request.environ["localcloud.region"] = region
        try:
            with self._store.lock:
                return self._routes.dispatch(request)
        except ServiceError as error:
            headers = {"x-amzn-ErrorType": error.code}
            return json_response({"message": error.message}, status=error.status, headers=headers)

    def _find(self, request: Request, parameters: Parameters) -> DomainName:
        domain = self._store.domains.get((_region(request), parameters["Name"].lower()))
        if domain is None:
            message = f"Invalid domain name identifier specified {parameters['Name']}"
            raise ServiceError(404, "NotFoundException", message)
        return domain

    def _create(self, request: Request, _: Parameters) -> Response:
        asked, region = request.json(), _region(request)
        name = str(asked.get("domainName", "")).lower()
        if (region, name) in self._store.domains:
            message = f"The domain name you provided already exists: {name}"
            raise ServiceError(400, "BadRequestException", message)
        if any((asked.get("mutualTlsAuthentication") or {}).values()):
            raise UnsupportedResource("mutual TLS authentication")
        if region not in ZONE_IDS:
            raise UnsupportedResource(f"API Gateway custom domain names in {region}")
        configuration = self._configuration(asked, name, region)
        configuration["apiGatewayDomainName"] = f"d-{host_label(10)}.execute-api.{region}.amazonaws.com"
        domain = DomainName(name=name, region=region, configuration=configuration, tags=dict(asked.get("tags") or {}))
        self._store.domains[(region, name)] = domain
        return json_response(domain.to_json(), status=201)

    def _configuration(self, asked: JsonObject, name: str, region: str) -> JsonObject:
        """Return the configuration with what API Gateway adds, its certificate checked."""
        configurations = asked.get("domainNameConfigurations") or [{}]
        configuration: JsonObject = {
            "endpointType": "REGIONAL",
            "securityPolicy": "TLS_1_2",
            "ipAddressType": "ipv4",
            **{key: value for key, value in configurations[0].items() if value is not None},
            "domainNameStatus": "AVAILABLE",
            "hostedZoneId": ZONE_IDS[region],
        }
        allowed = (
            ("endpointType", ("REGIONAL",)),
            ("securityPolicy", SECURITY_POLICIES),
            ("ipAddressType", IP_ADDRESS_TYPES),
        )
        for key, values in allowed:
            if configuration[key] not in values:
                message = f"{key} is {configuration[key]}, but must be one of {', '.join(values)}"
                raise ServiceError(400, "BadRequestException", message)
        self._check_certificate(str(configuration.get("certificateArn")), name, region)
        return configuration

    def _check_certificate(self, arn: str, name: str, region: str) -> None:
        """Require an issued certificate of the same region that covers the name.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains.html
        """
        certificate = self._certificates.usable(arn, region)
        if certificate is None:
            message = f"Certificate {arn} does not exist in {region} or is not issued"
            raise ServiceError(400, "BadRequestException", message)
        if not certificate.covers(name):
            message = f"Certificate {arn} does not cover {name}: its names are {', '.join(certificate.names)}"
            raise ServiceError(400, "BadRequestException", message)

    def _list(self, request: Request, _: Parameters) -> Response:
        region = _region(request)
        items = [domain.to_json() for domain in self._store.domains.values() if domain.region == region]
        return json_response({"items": items})

    def _get(self, request: Request, parameters: Parameters) -> Response:
        return json_response(self._find(request, parameters).to_json())

    def _update(self, request: Request, parameters: Parameters) -> Response:
        domain = self._find(request, parameters)
        endpoint = domain.configuration["apiGatewayDomainName"]
        domain.configuration = self._configuration(request.json(), domain.name, domain.region)
        domain.configuration["apiGatewayDomainName"] = endpoint
        return json_response(domain.to_json())

    def _delete(self, request: Request, parameters: Parameters) -> Response:
        domain = self._find(request, parameters)
        del self._store.domains[(domain.region, domain.name)]
        return Response(status=204)

    def _mapping(self, request: Request, parameters: Parameters) -> JsonObject:
        mapping = self._find(request, parameters).mappings.get(parameters["MappingId"])
        if mapping is None:
            message = f"Unable to find ApiMapping by ID {parameters['MappingId']}"
            raise ServiceError(404, "NotFoundException", message)
        return mapping

    def _create_mapping(self, request: Request, parameters: Parameters) -> Response:
        domain, asked = self._find(request, parameters), request.json()
        mapping = {
            "apiId": asked.get("apiId", ""),
            "apiMappingKey": asked.get("apiMappingKey") or "",
            "stage": asked.get("stage", ""),
        }
        mapping["apiMappingId"] = hashlib.sha256(f"{domain.arn} {mapping['apiMappingKey']}".encode()).hexdigest()[:6]
        self._check_mapping(domain, mapping)
        if mapping["apiMappingId"] in domain.mappings:
            raise ServiceError(409, "ConflictException", "ApiMapping key already exists for this domain name")
        domain.mappings[mapping["apiMappingId"]] = mapping
        return json_response(mapping, status=201)

    def _check_mapping(self, domain: DomainName, mapping: JsonObject) -> None:
        if not self._has_stage(domain.region, str(mapping["apiId"]), str(mapping["stage"])):
            message = f"Invalid API or stage identifier specified: {mapping['apiId']} {mapping['stage']}"
            raise ServiceError(404, "NotFoundException", message)

    def _list_mappings(self, request: Request, parameters: Parameters) -> Response:
        return json_response({"items": list(self._find(request, parameters).mappings.values())})

    def _get_mapping(self, request: Request, parameters: Parameters) -> Response:
        return json_response(self._mapping(request, parameters))

    def _update_mapping(self, request: Request, parameters: Parameters) -> Response:
        domain, mapping = self._find(request, parameters), self._mapping(request, parameters)
        changes = {key: value for key, value in request.json().items() if key in mapping and value is not None}
        self._check_mapping(domain, mapping | changes)
        mapping.update(changes)
        return json_response(mapping)

    def _delete_mapping(self, request: Request, parameters: Parameters) -> Response:
        domain, mapping = self._find(request, parameters), self._mapping(request, parameters)
        del domain.mappings[mapping["apiMappingId"]]
        return Response(status=204)

    def _tagged(self, parameters: Parameters) -> DomainName:
        for domain in self._store.domains.values():
            if domain.arn == parameters["Arn"]:
                return domain
        raise ServiceError(404, "NotFoundException", f"Invalid resource ARN {parameters['Arn']}")

    def _list_tags(self, _: Request, parameters: Parameters) -> Response:
        return json_response({"tags": self._tagged(parameters).tags})

    def _tag(self, request: Request, parameters: Parameters) -> Response:
        self._tagged(parameters).tags.update(request.json().get("tags") or {})
        return json_response({}, status=201)

    def _untag(self, request: Request, parameters: Parameters) -> Response:
        tags = self._tagged(parameters).tags
        for key in request.query.get("tagKeys", "").split(","):
            tags.pop(key, None)
        return Response(status=204)


def _region(request: Request) -> str:
    return str(request.environ["localcloud.region"])
