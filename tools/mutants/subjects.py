"""The core modules, the tests that are to notice, and the survivors that are no hole, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A module and its tests.

    Attributes:
        module: path of the module.
        tests: paths of the tests.
        reasons: name of a mutant that may survive -> why that is no hole.
    """

    module: str
    tests: tuple[str, ...]
    reasons: Mapping[str, str] = field(default_factory=dict)


_MODEL = "tests/unit/localcloud/model"
_RELEASE = "tests/unit/release"
_ALERTS = tuple(
    f"tests/unit/functions/test_{name}.py" for name in ("alert_formatter", "alert_checks", "incident_mails")
)
_LINT = ("tests/unit/lint/rules", "tests/unit/lint/test_rules.py", "tests/unit/lint/test_neighbours.py")

SUBJECTS = (
    Subject(module="localcloud/model/health.py", tests=(f"{_MODEL}/test_health.py",)),
    Subject(module="localcloud/model/cache.py", tests=(f"{_MODEL}/test_cache.py",)),
    Subject(module="localcloud/model/record_selection.py", tests=(f"{_MODEL}/test_record_selection.py",)),
    Subject(
        module="localcloud/model/resolution.py",
        tests=(f"{_MODEL}/test_resolution.py",),
        reasons={
            "0 -> 1 in return AnswerSet(name=name, type=record.type, "
            "ttl_seconds=record.ttl_seconds or 0, values=record.values)": (
                "the TTL of a record that has none: only an alias has none, and it is resolved before"
            )
        },
    ),
    Subject(
        module="localcloud/model/origins.py",
        tests=(f"{_MODEL}/test_origins.py",),
        reasons={
            "502 -> 503 in return FinalAnswer(member=last.member, status_code=last.status_code or 502, is_from_origin=True)": (
                "the status of an outcome that has neither a failure nor a status: there is none"
            )
        },
    ),
    Subject(
        module="localcloud/dataplane/edge/pipeline.py", tests=("tests/unit/localcloud/dataplane/test_pipeline.py",)
    ),
    Subject(
        module="scripts/release/publish.py",
        tests=tuple(
            f"{_RELEASE}/test_{name}.py"
            for name in (
                "publish",
                "parity",
                "three_regions",
                "switching",
                "lost_objects",
                "takedown",
                "lifted_takedowns",
            )
        ),
        reasons={
            "2 -> 3 in with ThreadPoolExecutor(2 * len(buckets)) as pool:": "how many requests are made at once",
            "1 -> 2 in with ThreadPoolExecutor(max(1, len(states))) as pool:": "how many requests are made at once",
        },
    ),
    Subject(
        module="scripts/release/prune.py",
        tests=(f"{_RELEASE}/test_prune.py", f"{_RELEASE}/test_urls.py", f"{_RELEASE}/test_inventory.py"),
    ),
    Subject(
        module="scripts/release/routing.py",
        tests=(f"{_RELEASE}/test_switching.py", f"{_RELEASE}/test_foreign_routing.py", f"{_RELEASE}/test_urls.py"),
    ),
    Subject(
        module="scripts/release/switching.py",
        tests=(f"{_RELEASE}/test_switching.py", f"{_RELEASE}/test_canary.py"),
    ),
    Subject(
        module="scripts/release/drain.py",
        tests=(f"{_RELEASE}/test_drain.py", f"{_RELEASE}/test_foreign_routing.py"),
    ),
    Subject(module="scripts/release/store_parity.py", tests=(f"{_RELEASE}/test_store_parity.py",)),
    Subject(
        module="scripts/release/serving/redirects.py",
        tests=(f"{_RELEASE}/serving/test_redirects.py",),
        reasons={"return False -> return None": "whether a path can be decoded is only ever asked with `not`"},
    ),
    Subject(
        module="scripts/drill/streaks.py",
        tests=("tests/unit/drill/test_streaks.py", "tests/unit/drill/test_measurement.py"),
    ),
    Subject(module="scripts/drill/verdict.py", tests=("tests/unit/drill/test_verdict.py",)),
    Subject(
        module="scripts/drill/measurement.py",
        tests=("tests/unit/drill/test_measurement.py", "tests/unit/drill/test_seen_recovery_point.py"),
    ),
    Subject(module="scripts/drill/guard.py", tests=("tests/unit/drill/test_guard.py",)),
    Subject(module="scripts/status/view.py", tests=("tests/unit/status/test_view.py",)),
    Subject(
        module="scripts/status/entries.py",
        tests=("tests/unit/status/test_entries.py",),
        reasons={
            "True -> False in response = await connection.request(host=entry.hostname, path=path, close=True)": (
                "the connection is aborted after its only answer, whether the request announces that or not"
            )
        },
    ),
    Subject(
        module="scripts/probe/survey.py",
        tests=("tests/unit/probe/test_survey.py",),
        reasons={
            "0.0 -> 1.0 in left = remaining(period or (0.0, 0.0), now=unix_now())": (
                "the time left of a connection without TLS: every connection of a survey has it"
            )
        },
    ),
    Subject(module="scripts/probe/page_view.py", tests=("tests/unit/probe/test_page_view.py",)),
    Subject(module="scripts/probe/http1.py", tests=("tests/unit/probe/test_http1.py",)),
    Subject(module="scripts/probe/resolver.py", tests=("tests/unit/probe/test_resolver.py",)),
    Subject(module="scripts/lint/rules/failover_records.py", tests=_LINT),
    Subject(module="scripts/lint/rules/health_checks.py", tests=_LINT),
    *(
        Subject(module=f"constructs_lib/functions/alert_formatter/alerts/{name}.py", tests=_ALERTS)
        for name in ("advice", "alert", "checks")
    ),
    Subject(
        module="constructs_lib/functions/alert_formatter/alerts/reading.py",
        tests=_ALERTS,
        reasons={"return False -> return None": "whether it is a first verdict is only ever asked as a condition"},
    ),
    Subject(
        module="constructs_lib/functions/alert_formatter/alerts/once.py",
        tests=_ALERTS,
        reasons={"return False -> return None": "whether another alert tells of it is only ever asked with `not`"},
    ),
    Subject(
        module="constructs_lib/functions/parity_check/handler.py", tests=("tests/unit/functions/test_parity_check.py",)
    ),
    Subject(
        module="constructs_lib/functions/regional_endpoint/handler.py",
        tests=(
            "tests/contract/test_regional_endpoint.py",
            "tests/contract/test_any_request.py",
            "tests/contract/test_serving.py",
        ),
        reasons={
            "1 -> 2 in end = file.rsplit('.', 1)[-1]": "what follows the last dot is the same, however often it is split",
            "return False -> return None": "whether it is a navigation is only ever asked as a condition",
            "0 -> 1 in size = len(found['body'] or b'') if found else 0": "it is only looked at where something was found",
        },
    ),
    Subject(
        module="constructs_lib/functions/router.js",
        tests=tuple(
            f"tests/contract/test_{name}.py"
            for name in ("router_index", "router_policy", "router_function", "router_limits", "paths", "serving")
        ),
        reasons={
            "return false; -> return null;": "whether the other region comes first is only ever asked as a condition"
        },
    ),
    Subject(module="tools/statements/judgement.py", tests=("tests/unit/tools/test_statements.py",)),
)
