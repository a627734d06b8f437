"""The comment of twelve kinds of change, each held against its golden text; read them as a reviewer would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scripts.review.comment import MAXIMUM_CHARACTERS, Review, comment
from scripts.review.findings import Delta
from scripts.review.plans import read_plans
from scripts.review.site_file import changed_keys

GOLDEN = Path(__file__).parent / "golden"
OBJECTIVES = {"value": {"monthly_cost_usd": 4.0}}
TRAFFIC = {
    "page_views_per_month": 1000,
    "requests_per_page_view": 10.0,
    "bytes_per_page_view": 100_000,
    "site_bytes": 1_000_000,
}
SITE = {"site": {"project": "shop", "environment": "prod"}, "health_check": {"request_interval_seconds": 30}}


def stacks(interval: int = 30, **edge: Any) -> dict[str, dict[str, Any]]:
    check = {"type": "HTTP", "request_interval": interval, "failure_threshold": 3, "regions": ["a", "b", "c"]}
    outputs = {"objectives": OBJECTIVES, "traffic": {"value": TRAFFIC}}
    return {
        "dns": {"resource": {"aws_route53_zone": {"zone": {"name": "example.com"}}}},
        "edge": {"output": outputs, "resource": {"aws_route53_health_check": {"path": check}, **edge}},
    }


def changed(
    address: str,
    actions: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    change = {"actions": actions.split(), "before": before, "after": after, "after_unknown": {}, **more}
    return {"address": address, "type": address.split(".")[0], "mode": "managed", "change": change}


def plan(*changes: dict[str, Any], outputs: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "planned_values": {},
        "resource_changes": list(changes),
        "output_changes": {name: {"actions": ["update"]} for name in outputs},
    }


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **each} for each in statements]})


def review(
    folder: Path,
    plans: Mapping[str, dict[str, Any] | str],
    *,
    after: dict[str, dict[str, Any]] | None = None,
    **more: Any,
) -> str:
    """Writes the plans (a text is the log of one that failed) beside the stacks, and returns the comment."""
    after = after or stacks()
    for name, stack in after.items():
        (folder / name).mkdir()
        (folder / name / "cdk.tf.json").write_text(json.dumps(stack))
        made = plans.get(name, plan())
        if isinstance(made, str):
            (folder / name / "plan.log").write_text(made)
        else:
            (folder / name / "plan.json").write_text(json.dumps(made))
    given = {"before": stacks(), "commit": "0123abc", "run_url": "https://ci.example/1", **more}
    return comment(Review(plans=read_plans(folder), after=after, **given))


READS = {"Sid": "Read", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
KINDS: dict[str, dict[str, Any]] = {
    "nothing": {"plans": {}},
    "created": {"plans": {"dns": plan(changed("aws_route53_record.caa", "create", None, {"name": "example.com"}))}},
    "distribution-updated": {
        "plans": {
            "edge": plan(
                changed(
                    "aws_cloudfront_distribution.primary",
                    "update",
                    {
                        "origin": [{"connection_attempts": 3, "connection_timeout": 10}],
                        "comment": "site",
                        "aliases": ["a", "b"],
                    },
                    {
                        "origin": [{"connection_attempts": 1, "connection_timeout": 2}],
                        "comment": "site",
                        "aliases": ["b", "c"],
                    },
                )
            )
        }
    },
    "router-code": {
        "plans": {
            "edge": plan(
                changed(
                    "aws_cloudfront_function.router",
                    "update",
                    {"code": "function handler(event) {\n  return event.request;\n}\n", "publish": True},
                    {
                        "code": "function handler(event) {\n  event.request.uri += 'index.html';\n  return event.request;\n}\n",
                        "publish": True,
                    },
                )
            )
        }
    },
    "rights-widened": {
        "plans": {
            "edge": plan(
                changed(
                    "aws_iam_role_policy.replication",
                    "update",
                    {"policy": policy(READS)},
                    {"policy": policy(READS, {"Action": ["s3:PutObject", "s3:GetObject"], "Resource": "*"})},
                )
            )
        }
    },
    "public-bucket": {
        "plans": {
            "edge": plan(
                changed(
                    "aws_s3_bucket_policy.content",
                    "update",
                    {"policy": policy({**READS, "Principal": {"Service": "cloudfront.amazonaws.com"}})},
                    {"policy": policy({**READS, "Principal": "*"})},
                ),
                changed(
                    "aws_s3_bucket_public_access_block.content",
                    "update",
                    {"block_public_policy": True},
                    {"block_public_policy": False},
                ),
            )
        }
    },
    "replaced": {
        "plans": {
            "edge": plan(
                changed(
                    "aws_route53_health_check.path",
                    "delete create",
                    {"request_interval": 30},
                    {"request_interval": 10},
                    replace_paths=[["request_interval"]],
                ),
                changed(
                    "aws_route53_health_check.region",
                    "create delete",
                    {"type": "HTTP"},
                    {"type": "HTTPS"},
                    replace_paths=[["type"]],
                ),
            )
        },
        "after": stacks(interval=10),
        "keys": changed_keys(SITE, {**SITE, "health_check": {"request_interval_seconds": 10}}),
    },
    "deleted": {"plans": {"edge": plan(changed("aws_route53_record.secondary_aaaa", "delete", {"name": "www"}, None))}},
    "plan-missing": {"plans": {"edge": "Error: No value for required variable\n"}, "failed": ["plans"]},
    "renamed": {
        "plans": {},
        "keys": changed_keys(SITE, {**SITE, "site": {"project": "shop", "environment": "production"}}),
    },
    "findings-and-waivers": {
        "plans": {},
        "lint": Delta(
            new=("error FW021 `aws_route53_record.a`: both are CloudFront",),
            gone=("note FW121 `aws_route53_health_check.p`: 10 s",),
        ),
        "waivers": Delta(new=("CKV_AWS_18 at `aws_s3_bucket.b` (edge): logs cost",), gone=()),
    },
    "output-read-later": {
        "plans": {"dns": plan(outputs=("zone_id",))},
        "after": stacks(
            x={"y": {"zone_id": "${data.terraform_remote_state.cross-stack-reference-input-dns.outputs.zone_id}"}}
        ),
        "before": {},
        "notes": ["config/prod.toml is new: main does not have it"],
    },
}


@pytest.mark.parametrize("kind", KINDS)
def test_comment_reads_as_its_golden_text(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    text = review(tmp_path, **KINDS[kind])
    path = GOLDEN / f"{kind}.md"
    if request.config.getoption("--update-snapshots"):
        path.write_text(text + "\n", encoding="utf-8")
    assert text + "\n" == path.read_text(encoding="utf-8")


def test_golden_texts_are_those_of_the_kinds() -> None:
    assert {path.stem for path in GOLDEN.glob("*.md")} == set(KINDS)


def test_missing_plan_is_never_no_change(tmp_path: Path) -> None:
    text = review(tmp_path, {"edge": "boom"})
    assert "could not be reviewed completely" in text
    assert "not known" in text
    assert text.index("What failed") < text.index("#### Stacks")


def test_secret_values_are_not_shown(tmp_path: Path) -> None:
    secret = changed(
        "aws_db_instance.writer",
        "update",
        {"password": "old-secret"},
        {"password": "new-secret"},
        after_sensitive={"password": True},
    )
    text = review(tmp_path, {"edge": plan(secret)})
    assert "secret" not in text.replace("(sensitive)", "")
    assert "`password`" in text


def test_value_that_only_the_apply_knows_says_so(tmp_path: Path) -> None:
    change = changed(
        "aws_route53_record.a", "update", {"health_check_id": "1"}, {}, after_unknown={"health_check_id": True}
    )
    assert "known after the apply" in review(tmp_path, {"edge": plan(change)})


def test_comment_fits_into_one_whatever_is_planned(tmp_path: Path) -> None:
    many = [
        changed(f"aws_route53_record.r{number}", "update", {"name": "x" * 200}, {"name": "y" * 200})
        for number in range(2000)
    ]
    text = review(tmp_path, {"edge": plan(*many)})
    assert len(text) <= MAXIMUM_CHARACTERS
    assert "Shortened here" in text
    assert text.count("<details>") == text.count("</details>")
    assert text.rstrip().endswith("[the run](https://ci.example/1).")
