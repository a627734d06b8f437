"""How far a configuration was applied, and why not farther."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from scripts.errors import EnvironmentFailureError
from scripts.rehearse.applying import Applied, apply
from scripts.rehearse.result import Missing
from scripts.terraform.cli import Terraform, TerraformError

ONE, TWO = "aws_s3_bucket.one", 'module.site.aws_s3_bucket_logging.two["a"]'


class FakeTerraform:
    """Makes what each apply in turn is said to make; every apply that leaves something logs its errors."""

    def __init__(
        self, log: Path, applies: list[list[str]], errors: list[Mapping[str, str]], *, init_failure: str = ""
    ) -> None:
        self.init_failure = init_failure
        self.log, self.left, self.errors = log, iter(applies), errors
        self.made: list[str] = []
        log.write_text(json.dumps({"diagnostic": {"severity": "error", "summary": "of another run"}}) + "\n")
        self.plans = 0

    def init(self, *_: object) -> None:
        if self.init_failure:
            raise TerraformError(self.init_failure)

    def plan_to(self, *_: object) -> dict[str, Any]:
        self.plans += 1
        changes = [{"address": each, "mode": "managed", "change": {"actions": ["create"]}} for each in (ONE, TWO)]
        return {"resource_changes": changes}

    def apply(self, *_: object, **__: object) -> None:
        self.made += next(self.left)
        if len(self.made) < 2:
            lines = [json.dumps({"type": "diagnostic", "diagnostic": {"severity": "error", **e}}) for e in self.errors]
            with self.log.open("a") as log:
                log.writelines(f"{line}\n" for line in lines)
            raise TerraformError("it failed")

    def pull(self, *_: object) -> dict[str, Any]:
        return {"resources": list(map(_in_state, self.made))}


def _in_state(address: str) -> dict[str, Any]:
    if address == ONE:
        return {"mode": "managed", "type": "aws_s3_bucket", "name": "one", "instances": [{}]}
    instances = [{"index_key": "a"}]
    return {
        "mode": "managed",
        "module": "module.site",
        "type": "aws_s3_bucket_logging",
        "name": "two",
        "instances": instances,
    }


def applied(tmp_path: Path, applies: list[list[str]], *errors: Mapping[str, str], changes: bool = False) -> Applied:
    fake = FakeTerraform(tmp_path / "log", applies, list(errors))
    found = apply(cast("Terraform", fake), tmp_path, fake.log, lambda _: None, lambda _: changes)
    assert fake.plans == 1 + changes
    return found


@pytest.mark.parametrize(
    ("summary", "why"),
    [
        ("operation error S3: PutBucketLogging, https response error StatusCode: 400", Missing.REFUSED),
        ("opening S3 object source (index.html): no such file or directory", Missing.FAILED),
        ("localcloud does not model this", Missing.NOT_MODELLED),
    ],
)
def test_resource_that_is_missing_has_its_reason(tmp_path: Path, summary: str, why: Missing) -> None:
    found = applied(tmp_path, [[ONE], []], {"summary": summary, "address": TWO})
    assert [(each.address, each.why, each.type) for each in found.left_out] == [(TWO, why, "aws_s3_bucket_logging")]


def test_fault_of_the_provider_is_told_at_its_resource(tmp_path: Path) -> None:
    detail = f"When expanding the plan for {TWO} to include new values learned so far during apply, provider P produced"
    found = applied(tmp_path, [[ONE], []], {"summary": "Provider produced inconsistent final plan", "detail": detail})
    assert [each.why for each in found.left_out] == [Missing.FAILED]
    assert found.notes == ()


def test_error_of_no_resource_is_a_note(tmp_path: Path) -> None:
    found = applied(tmp_path, [[ONE], []], {"summary": "Something else"})
    assert [each.why for each in found.left_out] == [Missing.NOT_REACHED]
    assert found.notes == ("Something else",)


def test_resource_that_only_a_second_apply_makes_is_made_and_told(tmp_path: Path) -> None:
    found = applied(tmp_path, [[ONE], [TWO]], {"summary": "api error InvalidTarget", "address": TWO})
    assert (set(found.made), found.left_out) == ({ONE, TWO}, ())
    assert [TWO in note and "depends_on" in note for note in found.notes] == [True]


def test_configuration_that_was_supplied_is_planned_again(tmp_path: Path) -> None:
    assert applied(tmp_path, [[ONE, TWO]], changes=True).notes == ()


@pytest.mark.parametrize(
    ("message", "advice"),
    [
        ("Unreadable module directory", "upper and lower case"),
        ("Failed to download module", "relative source"),
        ("Error accessing remote module registry", "relative source"),
        ("Something else", "else\nNothing was applied"),
    ],
)
def test_init_that_fails_says_what_to_do(tmp_path: Path, message: str, advice: str) -> None:
    fake = FakeTerraform(tmp_path / "log", [], [], init_failure=message)
    with pytest.raises(EnvironmentFailureError, match=advice):
        apply(cast("Terraform", fake), tmp_path, fake.log, lambda _: None, lambda _: False)
