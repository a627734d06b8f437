"""Reads distributions, policies, LIVE functions, invalidations and the contents of key value stores."""

import logging
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from localcloud.dataplane.configuration import (
    CacheBehaviour,
    CloudFrontState,
    CustomErrorResponse,
    Distribution,
    EdgeFunction,
    Invalidation,
    OriginGroup,
)
from localcloud.dataplane.readers.clients import Clients
from localcloud.dataplane.readers.cloudfront_policies import (
    Policies,
    forwarded_values,
    legacy_forwarding,
    read_policies,
)
from localcloud.dataplane.readers.versioned import VersionedReader, present
from localcloud.model.cache import (
    DEFAULT_ERROR_CACHING_MIN_TTL_SECONDS,
    Inclusion,
)
from localcloud.model.errors import UnsupportedResource
from localcloud.model.forwarding import Forwarding
from localcloud.model.origins import (
    DEFAULT_CONNECTION_ATTEMPTS,
    DEFAULT_CONNECTION_TIMEOUT_SECONDS,
    DEFAULT_READ_TIMEOUT_SECONDS,
    Origin,
)

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient

logger = logging.getLogger(__name__)

_TLS_OF_ORIGINS = "TLSv1.2"
Policy = TypeVar("Policy")


class CloudFrontReader:
    """Reads CloudFront, each distribution, function and policy once a version."""

    def __init__(self, clients: Clients) -> None:
        """Read nothing yet."""
        self._clients = clients
        self._policies = VersionedReader(lambda _all: read_policies(self._client))
        self._distributions = VersionedReader(lambda id_: _distribution(self._client, id_, self._current_policies))
        self._functions = VersionedReader(lambda name: _function(self._client, name))
        self._current_policies = Policies(cache={}, response_headers={}, forwarding={})

    @property
    def _client(self) -> "CloudFrontClient":
        client: CloudFrontClient = self._clients.get("cloudfront")
        return client

    def read(self, versions: Mapping[str, Any]) -> CloudFrontState:
        """Return everything but the contents of key value stores.

        Args:
            versions: As `GET /_localcloud/versions` gives them.
        """
        if not versions["distributions"]:
            self._distributions.follow({})
            return CloudFrontState()
        (self._current_policies,) = self._policies.follow(versions["policies"]).values()
        distributions = self._distributions.follow(versions["distributions"])
        functions = {function.arn: function for function in self._functions.follow(versions["functions"]).values()}
        stores = {function.key_value_store_arn for function in functions.values() if function.key_value_store_arn}
        return CloudFrontState(
            distributions=tuple(distributions.values()),
            functions=functions,
            key_value_store_arns=tuple(sorted(stores)),
            invalidations={
                distribution_id: tuple(present(ids, partial(_invalidation, self._client, distribution_id)))
                for distribution_id, ids in versions["invalidations"].items()
            },
        )


def read_key_value_store(clients: Clients, arn: str) -> dict[str, str]:
    """Return the contents of one key value store."""
    client = clients.get("cloudfront-keyvaluestore")
    pages = client.get_paginator("list_keys").paginate(KvsARN=arn)
    return {item["Key"]: item["Value"] for page in pages for item in page.get("Items", [])}


def _distribution(client: "CloudFrontClient", id_: str, policies: Policies) -> Distribution:
    distribution: Mapping[str, Any] = client.get_distribution(Id=id_)["Distribution"]
    config = distribution["DistributionConfig"]
    common: dict[str, Any] = {
        "id": id_,
        "arn": distribution["ARN"],
        "domain_name": distribution["DomainName"].lower(),
        "aliases": tuple(alias.lower() for alias in (config.get("Aliases") or {}).get("Items") or ()),
        "is_enabled": config["Enabled"],
        "has_ipv6": config.get("IsIPV6Enabled", True),
        "certificate_arn": (config.get("ViewerCertificate") or {}).get("ACMCertificateArn"),
    }
    try:
        return Distribution(
            **common,
            default_root_object=config.get("DefaultRootObject") or "",
            origins={item["Id"]: _origin(item) for item in config["Origins"]["Items"]},
            origin_groups=_origin_groups(config),
            behaviours=_behaviours(config, policies),
            custom_errors=_custom_errors(config),
            http_version=config.get("HttpVersion") or "http2",
        )
    except UnsupportedResource as error:
        logger.error("distribution %s: %s", id_, error)
        return Distribution(**common, unsupported=str(error))


def _origin(origin: Mapping[str, Any]) -> Origin:
    s3_config = origin.get("S3OriginConfig") or {}
    custom = origin.get("CustomOriginConfig") or {}
    headers = (origin.get("CustomHeaders") or {}).get("Items") or ()
    if origin.get("VpcOriginConfig"):
        raise UnsupportedResource(f"origin {origin['Id']}", reason="VPC origins are not modelled")
    protocols = (custom.get("OriginSslProtocols") or {}).get("Items") or (_TLS_OF_ORIGINS,)
    if custom.get("OriginProtocolPolicy") != "http-only" and _TLS_OF_ORIGINS not in protocols:
        raise UnsupportedResource(
            f"origin {origin['Id']}",
            reason=f"OriginSslProtocols are {', '.join(protocols)}, and nothing older than {_TLS_OF_ORIGINS} is modelled",
            remedy=f"add {_TLS_OF_ORIGINS}",
        )
    read_timeout = s3_config.get("OriginReadTimeout") or custom.get("OriginReadTimeout")
    return Origin(
        id=origin["Id"],
        domain_name=origin["DomainName"].lower(),
        origin_path=origin.get("OriginPath") or "",
        access_control_id=origin.get("OriginAccessControlId") or "",
        access_identity=(s3_config.get("OriginAccessIdentity") or "").rpartition("/")[2],
        is_s3=not custom,
        protocol_policy=custom.get("OriginProtocolPolicy") or "match-viewer",
        http_port=int(custom.get("HTTPPort") or 80),
        https_port=int(custom.get("HTTPSPort") or 443),
        connection_attempts=int(origin.get("ConnectionAttempts") or DEFAULT_CONNECTION_ATTEMPTS),
        connection_timeout_seconds=float(origin.get("ConnectionTimeout") or DEFAULT_CONNECTION_TIMEOUT_SECONDS),
        read_timeout_seconds=float(read_timeout or DEFAULT_READ_TIMEOUT_SECONDS),
        custom_headers={item["HeaderName"]: item["HeaderValue"] for item in headers},
    )


def _origin_groups(config: Mapping[str, Any]) -> dict[str, OriginGroup]:
    groups = (config.get("OriginGroups") or {}).get("Items") or ()
    return {
        group["Id"]: OriginGroup(
            member_ids=tuple(member["OriginId"] for member in group["Members"]["Items"]),
            status_codes=frozenset(int(code) for code in group["FailoverCriteria"]["StatusCodes"]["Items"]),
        )
        for group in groups
    }


def _behaviours(config: Mapping[str, Any], policies: Policies) -> tuple[CacheBehaviour, ...]:
    listed = (config.get("CacheBehaviors") or {}).get("Items") or ()
    default = {**config["DefaultCacheBehavior"], "PathPattern": "*"}
    return tuple(_behaviour(item, policies) for item in (*listed, default))


def _behaviour(behaviour: Mapping[str, Any], policies: Policies) -> CacheBehaviour:
    pattern = behaviour["PathPattern"]
    if (behaviour.get("LambdaFunctionAssociations") or {}).get("Quantity"):
        raise UnsupportedResource(f"behaviour {pattern}", reason="Lambda@Edge is not modelled")
    if (behaviour.get("TrustedKeyGroups") or {}).get("Enabled"):
        raise UnsupportedResource(f"behaviour {pattern}", reason="signed URLs are not modelled")
    policy_id = behaviour.get("CachePolicyId")
    headers_policy_id = behaviour.get("ResponseHeadersPolicyId")
    request_policy_id = behaviour.get("OriginRequestPolicyId")
    functions = (behaviour.get("FunctionAssociations") or {}).get("Items") or ()
    methods = behaviour.get("AllowedMethods") or {}
    cache_policy = _by_id(policies.cache, policy_id, "cache policy") if policy_id else forwarded_values(behaviour)
    if not policy_id:
        forwarding = legacy_forwarding(behaviour, cache_policy)
    elif request_policy_id:
        forwarding = _by_id(policies.forwarding, request_policy_id, "origin request policy")
    else:
        forwarding = Forwarding()
    return CacheBehaviour(
        path_pattern=pattern,
        target_origin_id=behaviour["TargetOriginId"],
        viewer_protocol_policy=behaviour["ViewerProtocolPolicy"],
        allowed_methods=frozenset(methods.get("Items") or ("GET", "HEAD")),
        cached_methods=frozenset((methods.get("CachedMethods") or {}).get("Items") or ("GET", "HEAD")),
        cache_policy=cache_policy,
        response_headers_policy=_by_id(policies.response_headers, headers_policy_id, "response headers policy")
        if headers_policy_id
        else None,
        functions={item["EventType"]: item["FunctionARN"] for item in functions},
        forwarded_headers=_listed_headers(forwarding) if request_policy_id else frozenset(),
        forwarding=forwarding,
        compresses=bool(behaviour.get("Compress")),
    )


def _listed_headers(forwarding: Forwarding) -> frozenset[str]:
    """Return the names that a policy lists to be sent; `allExcept` lists those that are not."""
    is_exception = forwarding.headers.inclusion is Inclusion.ALL_EXCEPT
    return frozenset() if is_exception else forwarding.headers.names


def _by_id(policies: Mapping[str, Policy], id_: str, kind: str) -> Policy:
    if id_ not in policies:
        raise UnsupportedResource(f"{kind} {id_}", reason="the control plane does not list it")
    return policies[id_]


def _custom_errors(config: Mapping[str, Any]) -> dict[int, CustomErrorResponse]:
    items = (config.get("CustomErrorResponses") or {}).get("Items") or ()
    return {
        int(item["ErrorCode"]): CustomErrorResponse(
            response_page_path=item.get("ResponsePagePath") or "",
            response_code=int(item["ResponseCode"]) if item.get("ResponseCode") else None,
            error_caching_min_ttl_seconds=float(item.get("ErrorCachingMinTTL", DEFAULT_ERROR_CACHING_MIN_TTL_SECONDS)),
        )
        for item in items
    }


def _function(client: "CloudFrontClient", name: str) -> EdgeFunction:
    summary: Mapping[str, Any] = client.describe_function(Name=name, Stage="LIVE")["FunctionSummary"]
    live = client.get_function(Name=name, Stage="LIVE")
    config = summary["FunctionConfig"]
    stores = (config.get("KeyValueStoreAssociations") or {}).get("Items") or ()
    return EdgeFunction(
        name=summary["Name"],
        arn=summary["FunctionMetadata"]["FunctionARN"],
        runtime=config["Runtime"],
        code=live["FunctionCode"].read().decode(),
        etag=live["ETag"],
        key_value_store_arn=stores[0]["KeyValueStoreARN"] if stores else None,
    )


def _invalidation(client: "CloudFrontClient", distribution_id: str, id_: str) -> Invalidation:
    batch: Mapping[str, Any] = client.get_invalidation(DistributionId=distribution_id, Id=id_)["Invalidation"]
    return Invalidation(id=id_, paths=tuple(batch["InvalidationBatch"]["Paths"].get("Items") or ()))
