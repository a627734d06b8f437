"""Distributions, their aliases, invalidations and monitoring subscriptions."""

from __future__ import annotations

import copy
from collections.abc import Callable
from xml.etree.ElementTree import Element

from localcloud.gateway.acm import CertificateStore
from localcloud.gateway.clock import rfc3339, utc_now
from localcloud.gateway.cloudfront.answers import PREFIX, no_content, page, tags_of, xml_response
from localcloud.gateway.cloudfront.distribution_config import AccountFacts, add_defaults, check_config
from localcloud.gateway.cloudfront.store import (
    CloudFrontStore,
    Distribution,
    Invalidation,
    Stage,
    require_if_match,
)
from localcloud.gateway.errors import ServiceError
from localcloud.gateway.identifiers import ACCOUNT_ID, cloudfront_id, host_label, prefixed_id
from localcloud.gateway.rest_routes import Parameters, Route, route
from localcloud.gateway.wire import Request, Response
from localcloud.gateway.xml_tree import element, flag, parse_xml, quantity_list, renamed_copy, text_element

CERTIFICATE_REGION = "us-east-1"
MAXIMUM_INVALIDATION_PATHS = 3000
"""https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html"""

SUMMARY_FIELDS = (
    "Staging",
    "Aliases",
    "Origins",
    "OriginGroups",
    "DefaultCacheBehavior",
    "CacheBehaviors",
    "CustomErrorResponses",
    "Comment",
    "PriceClass",
    "Enabled",
    "ViewerCertificate",
    "Restrictions",
    "WebACLId",
    "HttpVersion",
    "IsIPV6Enabled",
)


class Distributions:
    """Operations on distributions."""

    def __init__(
        self,
        store: CloudFrontStore,
        certificates: CertificateStore,
        *,
        has_web_acl: Callable[[str], bool],
        txt_values: Callable[[str], frozenset[str]],
    ) -> None:
        """`txt_values`: name -> the values of its TXT records in any hosted zone, which prove who may move an alias."""
        self._store = store
        self._certificates = certificates
        self._txt_values = txt_values
        self._facts = AccountFacts(
            has_resource=lambda path, identifier: identifier in store.configured[path],
            live_function_code=self._live_function_code,
            certificate_covers=self._certificate_covers,
            has_web_acl=has_web_acl,
        )

    def routes(self) -> list[Route]:
        """Return the operations."""
        one = f"{PREFIX}/distribution/{{Id}}"
        monitoring = f"{PREFIX}/distributions/{{Id}}/monitoring-subscription"
        return [
            route("POST", f"{PREFIX}/distribution", self._create),
            route("GET", f"{PREFIX}/distribution", self._list),
            route("GET", one, self._get),
            route("GET", f"{one}/config", self._get_config),
            route("PUT", f"{one}/config", self._update),
            route("DELETE", one, self._delete),
            route("PUT", f"{one}/associate-alias", self._associate_alias),
            route("GET", f"{PREFIX}/conflicting-alias", self._list_conflicting_aliases),
            route("POST", f"{one}/invalidation", self._create_invalidation),
            route("GET", f"{one}/invalidation", self._list_invalidations),
            route("GET", f"{one}/invalidation/{{InvalidationId}}", self._get_invalidation),
            route("POST", monitoring, self._create_monitoring),
            route("GET", monitoring, self._get_monitoring),
            route("DELETE", monitoring, self._delete_monitoring),
        ]

    def _live_function_code(self, arn: str) -> bytes | None:
        for function in self._store.functions.values():
            if function.arn == arn and Stage.LIVE in function.versions:
                return function.versions[Stage.LIVE].code
        return None

    def _certificate_covers(self, arn: str, name: str) -> bool | None:
        certificate = self._certificates.usable(arn, CERTIFICATE_REGION)
        return None if certificate is None else certificate.covers(name)

    def _find(self, identifier: str) -> Distribution:
        distribution = self._store.distributions.get(identifier)
        if distribution is None:
            raise ServiceError(404, "NoSuchDistribution", f"The specified distribution does not exist: {identifier}")
        return distribution

    def _create(self, request: Request, _: Parameters) -> Response:
        root = parse_xml(request.body)
        with_tags = root.find("DistributionConfig")
        config = root if with_tags is None else with_tags
        add_defaults(config)
        with self._store.lock:
            self._require_new_reference(config)
            check_config(config, self._facts)
            distribution = Distribution(
                id=cloudfront_id(), config=config, domain_name=f"d{host_label(13)}.cloudfront.net"
            )
            self._require_free_aliases(distribution.aliases, distribution.id)
            self._store.distributions[distribution.id] = distribution
            self._store.tags[distribution.arn] = tags_of(root.find("Tags"))
            distribution.revision = self._store.changes.note()
            location = f"distribution/{distribution.id}"
            return xml_response(self._render(distribution), status=201, etag=distribution.etag, location=location)

    def _require_new_reference(self, config: Element) -> None:
        reference = config.findtext("CallerReference")
        for distribution in self._store.distributions.values():
            if distribution.config.findtext("CallerReference") == reference:
                message = f"The caller reference {reference} is already used by {distribution.id}."
                raise ServiceError(409, "DistributionAlreadyExists", message)

    def _require_free_aliases(self, aliases: frozenset[str], own_id: str) -> None:
        """Refuse an alternate domain name that another distribution holds; a wildcard may overlap a name.

        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html
        """
        for other in self._store.distributions.values():
            if other.id != own_id and (taken := aliases & other.aliases):
                message = (
                    "One or more of the CNAMEs you provided are already associated with a different resource: "
                    f"{', '.join(sorted(taken))} with {other.id}"
                )
                raise ServiceError(409, "CNAMEAlreadyExists", message)

    def _list(self, request: Request, _: Parameters) -> Response:
        with self._store.lock:
            rows = list(self._store.distributions.items())
            return page(request, "DistributionList", rows, self._summary)

    def _get(self, _: Request, parameters: Parameters) -> Response:
        with self._store.lock:
            distribution = self._find(parameters["Id"])
            return xml_response(self._render(distribution), etag=distribution.etag)

    def _get_config(self, _: Request, parameters: Parameters) -> Response:
        with self._store.lock:
            distribution = self._find(parameters["Id"])
            return xml_response(distribution.config, etag=distribution.etag)

    def _update(self, request: Request, parameters: Parameters) -> Response:
        config = parse_xml(request.body)
        add_defaults(config)
        with self._store.lock:
            distribution = self._find(parameters["Id"])
            require_if_match(request, distribution.etag)
            if config.findtext("CallerReference") != distribution.config.findtext("CallerReference"):
                raise ServiceError(400, "IllegalUpdate", "CallerReference cannot be changed.")
            check_config(config, self._facts)
            candidate = Distribution(id=distribution.id, config=config, domain_name=distribution.domain_name)
            self._require_free_aliases(candidate.aliases, distribution.id)
            distribution.replace_config(config)
            distribution.revision = self._store.changes.note()
            return xml_response(self._render(distribution), etag=distribution.etag)

    def _delete(self, request: Request, parameters: Parameters) -> Response:
        with self._store.lock:
            distribution = self._find(parameters["Id"])
            require_if_match(request, distribution.etag)
            if flag(distribution.config, "Enabled"):
                message = "The distribution you are trying to delete has not been disabled."
                raise ServiceError(409, "DistributionNotDisabled", message)
            del self._store.distributions[distribution.id]
            self._store.tags.pop(distribution.arn, None)
        return no_content()

    def _associate_alias(self, request: Request, parameters: Parameters) -> Response:
        """Move a name from the distribution that holds it to this one.

        https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_AssociateAlias.html ; the target needs a certificate for
        the name, and the name a TXT record `_<name>` with the target's domain name. Whether AWS insists on the record within
        one account is not documented; the stricter reading is taken here. The source may stay enabled in one account
        (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/alternate-domain-names-move-options.html).
        """
        alias = request.query.get("Alias", "").lower()
        with self._store.lock:
            target = self._find(parameters["Id"])
            arn = target.config.findtext("ViewerCertificate/ACMCertificateArn") or ""
            if not self._certificate_covers(arn, alias):
                message = f"The target distribution {target.id} has no valid certificate that covers {alias}."
                raise ServiceError(400, "IllegalUpdate", message)
            if target.domain_name not in self._txt_values(f"_{alias}"):
                message = f"There is no TXT record _{alias} with the value {target.domain_name}."
                raise ServiceError(400, "IllegalUpdate", message)
            for source in self._store.distributions.values():
                if source.id != target.id and alias in source.aliases:
                    self._set_aliases(source, source.aliases - {alias})
            if alias not in target.aliases:
                self._set_aliases(target, target.aliases | {alias})
        return Response()

    def _list_conflicting_aliases(self, request: Request, _: Parameters) -> Response:
        """ListConflictingAliases: who else holds the name or one that overlaps it by a wildcard."""
        alias = request.query.get("Alias", "").lower()
        own = request.query.get("DistributionId", "")
        with self._store.lock:
            self._find(own)
            conflicts = [
                element(
                    "ConflictingAlias",
                    text_element("Alias", held),
                    text_element("DistributionId", other.id),
                    text_element("AccountId", ACCOUNT_ID),
                )
                for other in self._store.distributions.values()
                for held in sorted(other.aliases)
                if other.id != own and _overlaps(alias, held)
            ]
        return xml_response(quantity_list("ConflictingAliasesList", conflicts, text_element("MaxItems", 100)))

    def _create_invalidation(self, request: Request, parameters: Parameters) -> Response:
        batch = renamed_copy(parse_xml(request.body), "InvalidationBatch")
        paths = [node.text or "" for node in batch.findall("Paths/Items/Path")]
        if not paths or not all(path.startswith("/") for path in paths):
            raise ServiceError(400, "InvalidArgument", f"Invalidation paths must start with a slash: {paths}")
        if misplaced := [path for path in paths if "*" in path[:-1]]:
            message = f"Your request contains one or more invalid invalidation paths: `*` must be the last character: {misplaced}"
            raise ServiceError(400, "InvalidArgument", message)
        if len(paths) > MAXIMUM_INVALIDATION_PATHS:
            message = f"The batch has {len(paths)} paths; at most {MAXIMUM_INVALIDATION_PATHS} can be in progress."
            raise ServiceError(413, "BatchTooLarge", message)
        with self._store.lock:
            distribution = self._find(parameters["Id"])
            revision = self._store.changes.note()
            invalidation = Invalidation(id=prefixed_id("I", 14), batch=batch, created=utc_now(), revision=revision)
            distribution.invalidations[invalidation.id] = invalidation
        location = f"distribution/{distribution.id}/invalidation/{invalidation.id}"
        return xml_response(_invalidation_xml(invalidation, "InProgress"), status=201, location=location)

    def _list_invalidations(self, request: Request, parameters: Parameters) -> Response:
        with self._store.lock:
            rows = list(self._find(parameters["Id"]).invalidations.items())
        return page(request, "InvalidationList", rows, self._invalidation_summary)

    def _get_invalidation(self, _: Request, parameters: Parameters) -> Response:
        with self._store.lock:
            invalidation = self._find(parameters["Id"]).invalidations.get(parameters["InvalidationId"])
        if invalidation is None:
            message = f"The specified invalidation does not exist: {parameters['InvalidationId']}"
            raise ServiceError(404, "NoSuchInvalidation", message)
        return xml_response(_invalidation_xml(invalidation, self._invalidation_status(invalidation)))

    def _create_monitoring(self, request: Request, parameters: Parameters) -> Response:
        subscription = parse_xml(request.body)
        with self._store.lock:
            self._find(parameters["Id"]).monitoring_subscription = subscription
        return xml_response(subscription)

    def _get_monitoring(self, _: Request, parameters: Parameters) -> Response:
        return xml_response(self._monitoring(parameters["Id"]))

    def _monitoring(self, identifier: str) -> Element:
        with self._store.lock:
            subscription = self._find(identifier).monitoring_subscription
        if subscription is None:
            message = f"A monitoring subscription does not exist for {identifier}."
            raise ServiceError(404, "NoSuchMonitoringSubscription", message)
        return subscription

    def _delete_monitoring(self, _: Request, parameters: Parameters) -> Response:
        self._monitoring(parameters["Id"])
        with self._store.lock:
            self._find(parameters["Id"]).monitoring_subscription = None
        return Response()

    def _set_aliases(self, distribution: Distribution, aliases: frozenset[str]) -> None:
        config = copy.deepcopy(distribution.config)
        old = config.find("Aliases")
        position = len(config)
        if old is not None:
            position = list(config).index(old)
            config.remove(old)
        config.insert(position, quantity_list("Aliases", [text_element("CNAME", alias) for alias in sorted(aliases)]))
        distribution.replace_config(config)
        distribution.revision = self._store.changes.note()

    def _invalidation_status(self, invalidation: Invalidation) -> str:
        """API_Invalidation, Status: Completed when the invalidation batch is; here when the edge has dropped the objects."""
        return "Completed" if self._store.changes.are_live(invalidation.revision) else "InProgress"

    def _invalidation_summary(self, invalidation: Invalidation) -> Element:
        return element(
            "InvalidationSummary",
            text_element("Id", invalidation.id),
            text_element("CreateTime", rfc3339(invalidation.created)),
            text_element("Status", self._invalidation_status(invalidation)),
        )

    def _status_elements(self, distribution: Distribution) -> list[Element]:
        """API_Distribution, Status: Deployed when the information is fully propagated to all edge locations."""
        is_live = self._store.changes.are_live(distribution.revision)
        return [
            text_element("Id", distribution.id),
            text_element("ARN", distribution.arn),
            text_element("Status", "Deployed" if is_live else "InProgress"),
            text_element("LastModifiedTime", rfc3339(distribution.last_modified)),
            text_element("DomainName", distribution.domain_name),
        ]

    def _render(self, distribution: Distribution) -> Element:
        statuses = [self._invalidation_status(item) for item in distribution.invalidations.values()]
        return element(
            "Distribution",
            *self._status_elements(distribution),
            text_element("InProgressInvalidationBatches", statuses.count("InProgress")),
            quantity_list("ActiveTrustedSigners", (), text_element("Enabled", False)),
            quantity_list("ActiveTrustedKeyGroups", (), text_element("Enabled", False)),
            distribution.config,
        )

    def _summary(self, distribution: Distribution) -> Element:
        fields = [node for tag in SUMMARY_FIELDS if (node := distribution.config.find(tag)) is not None]
        return element("DistributionSummary", *self._status_elements(distribution), *fields)


def _overlaps(asked: str, held: str) -> bool:
    def matches(pattern: str, name: str) -> bool:
        return pattern.startswith("*.") and name.endswith(pattern[1:])

    return asked == held or matches(asked, held) or matches(held, asked)


def _invalidation_xml(invalidation: Invalidation, status: str) -> Element:
    return element(
        "Invalidation",
        text_element("Id", invalidation.id),
        text_element("Status", status),
        text_element("CreateTime", rfc3339(invalidation.created)),
        invalidation.batch,
    )
