"""localcloud's own API below `/_localcloud`: what AWS has no API for and the data plane, drills and tests need."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from localcloud.gateway.access import CONTROL_HEADER, Access
from localcloud.gateway.clock import rfc3339
from localcloud.gateway.cloudwatch.service import CloudWatchService
from localcloud.gateway.errors import ServiceError, UnsupportedResource
from localcloud.gateway.faults import FaultBoard
from localcloud.gateway.moto_services import function_code
from localcloud.gateway.onlooker import Onlooker
from localcloud.gateway.rest_routes import Parameters, Route, match_template, route, segments_of
from localcloud.gateway.revision import RevisionCounter
from localcloud.gateway.route53.store import Route53Store
from localcloud.gateway.snapshots.snapshot import Snapshots
from localcloud.gateway.versions import Versions
from localcloud.gateway.wire import JsonObject, Request, Response, json_response

PREFIX = "/_localcloud"
SNAPSHOTS_PATH = "/snapshots"


class ControlApi:
    """Answers control requests. None of them counts as a change of configuration."""

    def __init__(
        self,
        *,
        revisions: RevisionCounter,
        faults: FaultBoard,
        route53: Route53Store,
        regions: Callable[[], list[str]],
        cloudwatch: CloudWatchService,
        versions: Versions,
        access: Access,
        onlooker: Onlooker,
        snapshots: Snapshots,
    ) -> None:
        self._access = access
        self._snapshots = snapshots
        self._versions = versions
        self._revisions = revisions
        self._faults = faults
        self._route53 = route53
        self._regions = regions
        self._clock = onlooker.clock
        self._cloudwatch = cloudwatch
        self._routes: list[Route] = [
            route("GET", f"{PREFIX}/revision", self._revision),
            route("GET", f"{PREFIX}/versions", lambda _, __: json_response(self._versions.snapshot())),
            route("POST", f"{PREFIX}/followed", self._note_followed),
            route("GET", f"{PREFIX}/regions", self._list_regions),
            route("GET", f"{PREFIX}/faults", self._list_faults),
            route("POST", f"{PREFIX}/faults", self._add_fault),
            route("DELETE", f"{PREFIX}/faults", self._clear_faults),
            route("DELETE", f"{PREFIX}/faults/{{Id}}", self._remove_fault),
            route("GET", f"{PREFIX}/health-checks", self._list_health),
            route("POST", f"{PREFIX}/health-checks/{{Id}}", self._report_health),
            route("POST", f"{PREFIX}/metrics", self._report_metrics),
            route("POST", f"{PREFIX}/invocations/claim", self._claim_invocations),
            route("GET", f"{PREFIX}/mailbox", self._mailbox),
            route("POST", f"{PREFIX}{SNAPSHOTS_PATH}", self._save),
            route("GET", f"{PREFIX}/lambda-code/{{Region}}/{{Function}}", self._lambda_code),
            *onlooker.routes(PREFIX),
        ]

        self._names = {entry.template[1] for entry in self._routes}

    def handle(self, request: Request) -> Response:
        """Answer one request; refusals are JSON with a code and a message.

        It wants the secret of the run: in the path, as `control_url` of endpoints.json has it, or in a header.
        """
        try:
            segments = self._without_secret(request)
            for entry in self._routes:
                parameters = match_template(entry.template, segments)
                if entry.method == request.method and parameters is not None:
                    return entry.handler(request, parameters)
            raise UnsupportedResource(f"{request.method} {request.path}")
        except ServiceError as error:
            return json_response({"code": error.code, "message": error.message}, status=error.status)
        except (ValueError, KeyError, TypeError) as error:
            return json_response({"code": "InvalidRequest", "message": f"{error!r}"}, status=400)

    def _without_secret(self, request: Request) -> tuple[str, ...]:
        """Return the path's segments without the secret.

        Raises:
            ServiceError: 404 for another secret than that of this run, 403 without any.
        """
        prefix, *rest = segments_of(request.raw_path)
        is_named = rest and rest[0] in self._names
        if rest and not is_named:
            if not self._access.is_secret(rest[0]):
                raise ServiceError(404, "NoSuchRun", "this is not the secret of this run of localcloud")
            rest = rest[1:]
        elif not self._access.is_secret(request.header(CONTROL_HEADER) or ""):
            message = f"use control_url of endpoints.json, or its secret in the header {CONTROL_HEADER}"
            raise ServiceError(403, "Forbidden", message)
        return (prefix, *rest)

    def _revision(self, _: Request, __: Parameters) -> Response:
        pending = self._cloudwatch.deliveries.pending_invocations
        speed = self._clock.speed
        return json_response({**self._revisions.snapshot(), "pending_invocations": pending, "speed": speed})

    def _note_followed(self, request: Request, _: Parameters) -> Response:
        told = request.json()
        if "faults_revision" in told:
            self._faults.note_followed(int(told["faults_revision"]))
        else:
            self._revisions.note_followed(int(told["revision"]))
        return json_response({})

    def _list_regions(self, _: Request, __: Parameters) -> Response:
        return json_response({"regions": self._regions()})

    def _list_faults(self, _: Request, __: Parameters) -> Response:
        return json_response(self._faults.snapshot())

    def _add_fault(self, request: Request, _: Parameters) -> Response:
        return json_response(self._faults.add(request.json()).to_json(), status=201)

    def _clear_faults(self, _: Request, __: Parameters) -> Response:
        self._faults.clear()
        return json_response({})

    def _remove_fault(self, _: Request, parameters: Parameters) -> Response:
        self._faults.remove(parameters["Id"])
        return json_response({})

    def _list_health(self, _: Request, __: Parameters) -> Response:
        with self._route53.lock:
            reports = dict(self._route53.health_reports)
        document: JsonObject = {
            health_check_id: {
                "is_healthy": report.is_healthy,
                "changed_at": rfc3339(report.changed_at),
                "observations": list(report.observations),
            }
            for health_check_id, report in reports.items()
        }
        return json_response(document)

    def _report_health(self, request: Request, parameters: Parameters) -> Response:
        report, health_check_id = request.json(), parameters["Id"]
        if not isinstance(report.get("is_healthy"), bool):
            raise ServiceError(400, "InvalidRequest", f"is_healthy is {report.get('is_healthy')}, not a boolean")
        if health_check_id not in self._route53.health_checks:
            raise ServiceError(404, "NoSuchHealthCheck", f"There is no health check {health_check_id}")
        self._route53.report_health(
            health_check_id,
            is_healthy=report["is_healthy"],
            observations=tuple(report.get("observations") or ()),
            percentage_healthy=report.get("percentage_healthy"),
            healthy_children=report.get("healthy_children"),
        )
        return json_response({})

    def _report_metrics(self, request: Request, _: Parameters) -> Response:
        self._cloudwatch.record_all(request.json()["data"])
        return json_response({})

    def _claim_invocations(self, _: Request, __: Parameters) -> Response:
        return json_response({"invocations": self._cloudwatch.deliveries.claim_invocations()})

    def _mailbox(self, _: Request, __: Parameters) -> Response:
        return json_response({"mails": self._cloudwatch.deliveries.mails()})

    def _save(self, request: Request, _: Parameters) -> Response:
        file = Path(str(request.json()["file"]))
        try:
            size = self._snapshots.save(file)
        except OSError as error:
            raise ServiceError(400, "CannotWrite", f"{file}: {error.strerror}") from error
        faults = len(self._faults.snapshot()["faults"])
        return json_response({"bytes": size, "faults": faults, "code": self._snapshots.code}, status=201)

    def _lambda_code(self, _: Request, parameters: Parameters) -> Response:
        code = function_code(parameters["Region"], parameters["Function"])
        return Response(headers={"Content-Type": "application/zip"}, body=code)
