"""The gateway as a WSGI application: which handler answers a request, and what is noted about it."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from localcloud.gateway import moto_security
from localcloud.gateway.access import Access
from localcloud.gateway.acm import AcmService, CertificateStore
from localcloud.gateway.api_faults import ApiFaults
from localcloud.gateway.apigateway_domains import ApiGatewayDomains, DomainNameStore
from localcloud.gateway.budgets import BudgetsService
from localcloud.gateway.call_log import NO_ANSWER, CallLog
from localcloud.gateway.clock import AwsClock
from localcloud.gateway.cloudfront.key_value_data import PATH_PREFIX as KEY_VALUE_PREFIX
from localcloud.gateway.cloudfront.key_value_data import KeyValueData
from localcloud.gateway.cloudfront.service import CloudFrontService
from localcloud.gateway.cloudfront.store import CloudFrontStore
from localcloud.gateway.cloudwatch.service import CloudWatchService
from localcloud.gateway.control_api import PREFIX as CONTROL_PREFIX
from localcloud.gateway.control_api import SNAPSHOTS_PATH, ControlApi
from localcloud.gateway.databases import DatabaseService
from localcloud.gateway.dynamodb.global_tables import GlobalTables
from localcloud.gateway.errors import ConnectionDropped
from localcloud.gateway.faults import FaultBoard
from localcloud.gateway.kms import KmsService
from localcloud.gateway.moto_backend import MotoBackend, refusal
from localcloud.gateway.moto_services import (
    has_api_stage,
    patch_access_keys,
    patch_cloudtrail,
    patch_lambda,
    patch_listings,
    patch_tracking,
    patch_version_listings,
)
from localcloud.gateway.mutations import is_configuration, is_mutation
from localcloud.gateway.onlooker import Onlooker
from localcloud.gateway.replays import Replays
from localcloud.gateway.revision import Changes, RevisionCounter
from localcloud.gateway.route53.dns_answers import AwsNames
from localcloud.gateway.route53.query_logging import LogAccess
from localcloud.gateway.route53.record_sets import AliasTargets
from localcloud.gateway.route53.service import Route53Service
from localcloud.gateway.route53.store import Route53Store
from localcloud.gateway.s3.moto_objects import MotoObjects
from localcloud.gateway.s3.service import S3Service
from localcloud.gateway.s3.virtual_hosts import to_path_style
from localcloud.gateway.snapshots.gate import Gate
from localcloud.gateway.snapshots.snapshot import Snapshots, put_back, read_file
from localcloud.gateway.timeline import Timeline
from localcloud.gateway.versions import Versions
from localcloud.gateway.wire import (
    Request,
    Response,
    StartResponse,
    WsgiEnvironment,
    credential_of,
    json_response,
    request_from_wsgi,
    send_to_wsgi,
    without_body,
)
from localcloud.gateway.xml_tree import flag
from localcloud.model.addresses import CLOUDFRONT_EDGE, AwsName, api_gateway_address

LOG = logging.getLogger(__name__)

DEFAULT_REGION = "us-east-1"
UNSIGNED_PATHS = {"/2020-05-31/": "cloudfront", "/2013-04-01/": "route53"}
ALARM_SERVICES = ("monitoring", "sns", "events")
"""Signing names of CloudWatch, SNS and EventBridge, between which alarms act."""
FUNCTIONS_PREFIX = "/2015-03-31/functions/"
Handler = Callable[[Request, str], Response]


@dataclass(frozen=True, slots=True)
class CredentialScope:
    """Service and region of a SigV4 credential scope; the signature itself is never checked."""

    service: str
    region: str


def scope_of(request: Request) -> CredentialScope:
    """Return the scope that a request was signed for; unsigned requests are judged by their path.

    SigV4A scopes name no region.
    """
    parts = credential_of(request).split("/")
    if len(parts) == 5:
        return CredentialScope(parts[3].lower(), parts[2])
    service = parts[2].lower() if len(parts) == 4 else ""
    if not service:
        service = next((name for path, name in UNSIGNED_PATHS.items() if request.raw_path.startswith(path)), "s3")
    return CredentialScope(service, DEFAULT_REGION)


class Application:
    """Everything behind the endpoint. One instance per process: moto's state is global."""

    STATE: ClassVar[tuple[str, ...]] = ("_regions",)

    def __init__(
        self,
        *,
        speed: float = 1.0,
        replication_delay_seconds: float = 2.0,
        call_log: Path | None = None,
        access: Access | None = None,
        state_file: Path | None = None,
    ) -> None:
        """Build the services.

        Args:
            speed: AWS seconds per real second.
            replication_delay_seconds: AWS seconds between a write to S3 and its replica.
            call_log: the file for the log of calls; default: none is kept.
            access: who may call; default: everybody on this machine.
            state_file: the saved state to begin with; default: an account that holds nothing.

        Raises:
            ValueError: the file holds no state of this version.
            OSError: it cannot be read.
        """
        self._access = access = access or Access()
        self._call_log = CallLog(call_log, access.caller_of) if call_log else None
        self._moto = MotoBackend()  # moto reads its settings when it is imported, and a saved state imports it
        saved = None if state_file is None else read_file(state_file)
        self.clock = AwsClock(speed=speed, starts_at_seconds=saved.clock_seconds if saved else 0.0)
        self._gate = Gate()
        self._revisions = RevisionCounter()
        self._timeline = Timeline()
        self._replays = Replays()
        self._regions: set[str] = set()
        self._regions_lock = threading.Lock()
        patch_tracking()
        patch_cloudtrail()
        patch_access_keys()
        patch_lambda()
        patch_listings()
        patch_version_listings()
        lock = threading.RLock()  # one for all stores: their rules look into each other, in every order
        self.cloudfront_store = CloudFrontStore(lock, Changes(self._revisions, "cloudfront"))
        self.route53_store = Route53Store(self.clock, lock, Changes(self._revisions, "route53"))
        self.certificates = CertificateStore(self.route53_store)
        self.domains = domains = DomainNameStore(lock)
        self.certificates.users_of += [self.cloudfront_store.users_of_certificate, domains.users_of_certificate]
        self.faults = FaultBoard(
            self.clock,
            lambda identifier: identifier in self.cloudfront_store.distributions,
            self._timeline.note,
            lambda name: name in self.cloudfront_store.custom_origins(),
        )
        targets = AliasTargets(
            aliases_of_distribution=self.cloudfront_store.aliases_of_domain,
            zone_id_of_endpoint=domains.zone_id_of_endpoint,
        )
        self._cloudfront = CloudFrontService(
            self.cloudfront_store,
            self.certificates,
            has_web_acl=moto_security.has_web_acl,
            txt_values=self.route53_store.txt_values,
        )
        self._key_values = KeyValueData(self.cloudfront_store)
        self._route53 = Route53Service(
            self.route53_store,
            targets,
            AwsNames(known=self._aws_names, failing=self.faults.failing_names),
            signing_key=moto_security.signing_key,
            logs=LogAccess(exists=moto_security.has_log_group, may_write=moto_security.route53_may_write),
        )
        self._acm = AcmService(self.certificates)
        self._domains = ApiGatewayDomains(domains, self.certificates, has_api_stage)
        self._global_tables = GlobalTables(
            clock=self.clock,
            delay_seconds=replication_delay_seconds,
            forward=lambda request: self._moto.forward(request, "dynamodb"),
        )
        self._cloudwatch = CloudWatchService(
            clock=self.clock,
            route53=self.route53_store,
            regions=self._seen_regions,
            gate=self._gate,
            note=self._timeline.note,
        )
        self.s3 = S3Service(
            objects=MotoObjects(),
            faults=self.faults,
            clock=self.clock,
            replication_delay_seconds=replication_delay_seconds,
            forward=lambda request: self._moto.forward(request, "s3"),
            publish=self._cloudwatch.publish_event,
        )
        self._api_faults = ApiFaults(self.faults, is_about_objects=self.s3.is_about_objects)
        self._control = ControlApi(
            revisions=self._revisions,
            faults=self.faults,
            route53=self.route53_store,
            regions=self._seen_regions,
            cloudwatch=self._cloudwatch,
            onlooker=Onlooker(
                clock=self.clock,
                timeline=self._timeline,
                faults=self.faults,
                cloudwatch=self._cloudwatch,
                regions=self._seen_regions,
                distributions=lambda: sorted(self.cloudfront_store.distributions),
                origins=self.cloudfront_store.custom_origins,
            ),
            access=access,
            snapshots=Snapshots(
                self,
                gate=self._gate,
                clock=self.clock,
                waits=(self.s3.replicator.wait_until_idle, self._global_tables.replicator.wait_until_idle),
            ),
            versions=Versions(
                cloudfront=self.cloudfront_store,
                route53=self.route53_store,
                certificates=self.certificates,
                s3=self.s3,
            ),
        )
        self._handlers: dict[str, Handler] = {
            "s3": lambda request, _: self.s3.handle(request),
            "cloudfront": lambda request, _: self._cloudfront.handle(request),
            "cloudfront-keyvaluestore": lambda request, _: self._key_values.handle(request),
            "route53": lambda request, _: self._route53.handle(request),
            "acm": self._acm.handle,
            "apigateway": self._handle_api_gateway,
            "budgets": BudgetsService().handle,
            "dynamodb": self._global_tables.handle,
            "rds": DatabaseService(lambda request: self._moto.forward(request, "rds")).handle,
            "kms": KmsService(lambda request: self._moto.forward(request, "kms")).handle,
            # moto keeps canaries that never run, so their alarms would say nothing about the site.
            "synthetics": lambda request, _: refusal(request, "synthetics"),
            **{service: self._alarm_handler(service) for service in ALARM_SERVICES},
            "lambda": self._handle_lambda,
            "wafv2": self._handle_wafv2,
        }
        if saved is not None:
            put_back(self, saved)
            if saved.has_service(*ALARM_SERVICES):
                self._cloudwatch.install()

    def _aws_names(self) -> dict[str, AwsName]:
        """Return the names that AWS itself answers for, with the addresses that the data plane gives them."""
        with self.cloudfront_store.lock:
            names = {
                f"{distribution.domain_name}.": AwsName(
                    ipv4_address=CLOUDFRONT_EDGE,
                    has_ipv6=flag(distribution.config, "IsIPV6Enabled"),
                    fault_targets=("cloudfront", f"cloudfront:{distribution.id}"),
                )
                for distribution in self.cloudfront_store.distributions.values()
            }
            regions = {domain.region for domain in self.domains.domains.values()}
            for domain in self.domains.domains.values():
                names[f"{domain.endpoint}."] = AwsName(
                    ipv4_address=api_gateway_address(domain.region, regions),
                    has_ipv6=domain.configuration["ipAddressType"] == "dualstack",
                    fault_targets=(f"apigateway:{domain.region}",),
                )
        return names

    def close(self) -> None:
        """Stop what runs in the background."""
        self.faults.clear()
        self._cloudwatch.close()
        self.s3.replicator.close()
        self._global_tables.replicator.close()
        if self._call_log:
            self._call_log.close()

    def __call__(self, environ: WsgiEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one WSGI request."""
        to_path_style(environ)
        request = request_from_wsgi(environ)
        response = self.handle(request)
        return send_to_wsgi(without_body(response) if request.method == "HEAD" else response, start_response)

    def handle(self, request: Request) -> Response:
        """Answer one request; a fault of our own is a 500 that says where to look.

        Raises:
            ConnectionDropped: the connection is to be closed without an answer.
        """
        try:
            if refused := self._access.refusal_of_foreigners(request):
                return refused
            is_control = request.raw_path.startswith(CONTROL_PREFIX)
            if is_control and request.raw_path.endswith(SNAPSHOTS_PATH):
                return self._control.handle(request)  # it closes the gate itself
            with self._gate.passing():
                return self._control.handle(request) if is_control else self._handle_aws(request)
        except ConnectionDropped:
            raise
        except Exception as error:
            LOG.exception("%s %s", request.method, request.path)
            message = f"localcloud failed on {request.method} {request.path}: {error!r}; its log has the traceback"
            return json_response({"__type": "InternalFailure", "message": message}, status=500)

    def _handle_aws(self, request: Request) -> Response:
        if request.raw_path.startswith(KEY_VALUE_PREFIX):
            scope = CredentialScope("cloudfront-keyvaluestore", DEFAULT_REGION)
        else:
            scope = scope_of(request)
        if refused := self._access.refusal(request, scope.service):
            return refused
        self._note_region(scope.region)
        try:
            response = self._api_faults.apply(request, scope.service, scope.region) or self._answer(request, scope)
        except ConnectionDropped:
            if self._call_log:
                self._call_log.add(request, scope.service, scope.region, Response(status=NO_ANSWER))
            raise
        self._access.note_issued(request, scope.service, response)
        LOG.info("%s %s %s -> %d", scope.service, request.method, request.path, response.status)
        if self._call_log:
            self._call_log.add(request, scope.service, scope.region, response)
        return response

    def _answer(self, request: Request, scope: CredentialScope) -> Response:
        if is_mutation(request, scope.service):
            return self._replays.answer(request, lambda: self._mutate(request, scope))
        return self._execute(request, scope)

    def _mutate(self, request: Request, scope: CredentialScope) -> Response:
        response = self._execute(request, scope)
        if response.is_success:
            self._revisions.increase(scope.service, is_configuration=is_configuration(request, scope.service))
        return response

    def _execute(self, request: Request, scope: CredentialScope) -> Response:
        handler = self._handlers.get(scope.service)
        return handler(request, scope.region) if handler else self._moto.forward(request, scope.service)

    def _note_region(self, region: str) -> None:
        if region not in self._regions:
            with self._regions_lock:
                self._regions.add(region)

    def _seen_regions(self) -> list[str]:
        with self._regions_lock:
            return sorted(self._regions)

    def _handle_api_gateway(self, request: Request, region: str) -> Response:
        if self._domains.owns(request):
            return self._domains.handle(request, region)
        return self._moto.forward(request, "apigateway")

    def _handle_wafv2(self, request: Request, _: str) -> Response:
        """Let moto answer, but keep a web ACL that a distribution uses: moto does not know who uses it.

        https://docs.aws.amazon.com/waf/latest/APIReference/API_DeleteWebACL.html
        """
        arn = moto_security.web_acl_to_delete(request)
        with self.cloudfront_store.lock:
            used = {item.config.findtext("WebACLId") for item in self.cloudfront_store.distributions.values()}
        if arn is not None and arn in used:
            message = "AWS WAF couldn't perform the operation because your resource is being used by another resource."
            return json_response({"__type": "WAFAssociatedItemException", "message": message}, status=400)
        return self._moto.forward(request, "wafv2")

    def _alarm_handler(self, service: str) -> Handler:
        """Let moto answer, with what it lacks added: the first request imports moto's part, so it is patched then."""

        def handle(request: Request, _: str) -> Response:
            self._cloudwatch.install()
            return self._moto.forward(request, service)

        return handle

    def _handle_lambda(self, request: Request, region: str) -> Response:
        """Let moto answer, but point GetFunction's code location to the control API."""
        response = self._moto.forward(request, "lambda")
        name = request.path.removeprefix(FUNCTIONS_PREFIX)
        is_get_function = request.method == "GET" and request.path.startswith(FUNCTIONS_PREFIX) and "/" not in name
        if not is_get_function or not response.is_success:
            return response
        document = json.loads(response.body)
        if document.get("Code", {}).get("RepositoryType") == "S3":
            base = f"http://{request.environ['SERVER_NAME']}:{request.environ['SERVER_PORT']}"
            function = quote(str(document["Configuration"]["FunctionName"]))
            secret = f"/{self._access.secret}" if self._access.secret else ""
            document["Code"]["Location"] = f"{base}{CONTROL_PREFIX}{secret}/lambda-code/{region}/{function}"
        return json_response(document)
