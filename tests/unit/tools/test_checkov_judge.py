"""What counts as clean: every finding has a reason on its resource, and every reason a finding."""

from collections.abc import Mapping
from typing import Any

import pytest

from tools.examples.checkov_judge import Finding, for_checkov, judge, read_skips

BUCKET = Finding(stack="region-eu-central-1", logical_id="content_bucket_1A", check_id="CKV_AWS_18")


def report(*records: Mapping[str, str], passed: int = 5, parsing_errors: int = 0) -> dict[str, Any]:
    """Returns the part of checkov's JSON report that is read."""
    return {
        "check_type": "terraform_json",
        "summary": {"passed": passed, "parsing_errors": parsing_errors},
        "results": {"failed_checks": list(records)},
    }


def record(resource: str, *, check_id: str = BUCKET.check_id, stack: str = BUCKET.stack) -> dict[str, str]:
    return {
        "check_id": check_id,
        "check_name": "logging",
        "file_path": f"/{stack}/cdk.tf.json",
        "resource": resource,
    }


def test_finding_without_a_reason_fails() -> None:
    verdict = judge([report(record("aws_s3_bucket.content_bucket_1A"))], {})
    assert (verdict.failed, verdict.is_clean) == ((BUCKET,), False)


@pytest.mark.parametrize("resource", ["aws_s3_bucket.content_bucket_1A", "resource.content_bucket_1A"])
def test_finding_with_a_reason_is_clean_however_checkov_names_the_resource(resource: str) -> None:
    verdict = judge([report(record(resource))], {BUCKET: "why"})
    assert (dict(verdict.skipped), verdict.is_clean) == ({BUCKET: "why"}, True)


def test_reason_whose_check_passes_is_stale() -> None:
    verdict = judge([report()], {BUCKET: "why"})
    assert (verdict.stale, verdict.is_clean) == ((BUCKET,), False)


def test_reason_holds_for_its_own_resource_only() -> None:
    verdict = judge(
        [report(record("resource.content_bucket_1A"), record("resource.content_bucket_1A", stack="other"))],
        {BUCKET: "why"},
    )
    assert [finding.stack for finding in verdict.failed] == ["other"]


def test_reason_is_not_stale_when_any_report_needs_it() -> None:
    plan = report(record("aws_s3_bucket.content_bucket_1A"))
    assert judge([report(), plan], {BUCKET: "why"}).is_clean


@pytest.mark.parametrize("unread", [report(parsing_errors=1), report(passed=0)])
def test_file_that_checkov_did_not_read_is_no_success(unread: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="did not read the terraform_json files"):
        judge([unread], {})


def test_reasons_are_read_from_the_resource() -> None:
    skip = {"checkov": {"skip": [{"id": BUCKET.check_id, "comment": "why"}]}, "metadata": {}}
    stack = {"resource": {"aws_s3_bucket": {BUCKET.logical_id: {"//": skip}, "other": {"//": {"metadata": {}}}}}}
    assert read_skips({BUCKET.stack: stack}) == {BUCKET: "why"}


@pytest.mark.parametrize(("planned", "count"), [([], 0), (["dns"], 0), (["dns", "edge"], 1)])
def test_reason_for_plans_concerns_stacks_that_were_planned(planned: list[str], count: int) -> None:
    skip = {"checkov": {"skip": [{"id": "CKV2_AWS_23", "comment": "why", "framework": "terraform_plan"}]}}
    stack = {"resource": {"aws_route53_record": {"a": {"//": skip}}}}
    assert len(read_skips({"edge": stack}, planned=planned)) == count


def test_checkov_is_given_no_terraform_block() -> None:
    assert for_checkov({"terraform": {"required_version": ">= 1.11.0"}, "resource": {}}) == {"resource": {}}
