"""`make policies`: parliament reads every policy of every example site file, and finds what IAM would not do as written.

It knows each action's resources and condition keys: a right on a resource that the action does not take, a misspelled key, a
condition of the wrong type. What Terraform fills in at apply is filled in here with a value of its kind. `make access` holds the
same policies against the calls that are really made.

Exit codes: 0 nothing but what is explained, 1 findings, 3 something is missing on this machine.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypedDict

from scripts.cost.estimate import load_stacks
from scripts.errors import EnvironmentFailureError, OpsError
from scripts.terraform.synthesis import synthesize
from tools.setup.locked_packages import LockedPackages, install

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).with_name("parliament")
PARLIAMENT = LockedPackages(name="parliament", folder=FOLDER, target=FOLDER / ".venv", make="make policies")
ACCOUNT = "123456789012"


class Finding(TypedDict):
    """What parliament says of a policy; `details` are the things that it says it of."""

    policy: str
    issue: str
    title: str
    details: list[str]


_ID = "11111111-2222-3333-4444-555555555555"
_ARNS = {
    "aws_cloudfront_distribution": f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1EXAMPLE",
    "aws_cloudwatch_event_rule": f"arn:aws:events:eu-central-1:{ACCOUNT}:rule/example",
    "aws_cloudwatch_log_group": f"arn:aws:logs:eu-central-1:{ACCOUNT}:log-group:example",
    "aws_cloudwatch_metric_alarm": f"arn:aws:cloudwatch:eu-central-1:{ACCOUNT}:alarm:example",
    "aws_dynamodb_table": f"arn:aws:dynamodb:eu-central-1:{ACCOUNT}:table/example",
    "aws_iam_openid_connect_provider": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com",
    "aws_iam_role": f"arn:aws:iam::{ACCOUNT}:role/example",
    "aws_kms_key": f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/{_ID}",
    "aws_kms_replica_key": f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/{_ID}",
    "aws_lambda_function": f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:example",
    "aws_s3_bucket": "arn:aws:s3:::example",
    "aws_sns_topic": f"arn:aws:sns:eu-central-1:{ACCOUNT}:example",
    "aws_sqs_queue": f"arn:aws:sqs:eu-central-1:{ACCOUNT}:example",
}
"""Resource type -> an ARN of its kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What parliament finds and is no fault here.

    Attributes:
        issue: its name for it.
        policy: a pattern of the policies' addresses.
        about: a pattern of what it is about.
        why: the reason.
    """

    issue: str
    policy: str = ""
    about: str = ""
    why: str

    def takes(self, found: Finding) -> bool:
        """Returns whether it explains a finding whole."""
        return (
            found["issue"] == self.issue
            and re.search(self.policy, found["policy"]) is not None
            and all(re.search(self.about, each) for each in found["details"])
        )


EXPLAINED = (
    Explained(
        issue="RESOURCE_STAR",
        why="an action that takes no resource, or a key's own policy, where * is that key: "
        "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html",
    ),
    Explained(
        issue="UNKNOWN_FEDERATION_SOURCE",
        policy=r"github_\w+\.assume_role_policy$",
        about=r":oidc-provider/token\.actions\.githubusercontent\.com$",
        why="parliament knows SAML and three providers of Amazon's time; this is GitHub's",
    ),
    Explained(
        issue="UNKNOWN_CONDITION_FOR_ACTION",
        policy=r"github_\w+\.assume_role_policy$",
        about=r"token\.actions\.githubusercontent\.com:(aud|sub)",
        why="claims of GitHub's token, which AWS documents: "
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html",
    ),
    Explained(
        issue="RESOURCE_POLICY_PRIVILEGE_ESCALATION",
        policy=r"github_deploy_",
        why="the role's other policy, deploy-limits, denies what a bucket's own policy could grant it, as "
        "tests/unit/access_policies shows; parliament reads one policy at a time",
    ),
    Explained(
        issue="MISMATCHED_TYPE_BUT_USABLE",
        about="StringEquals requires a value of type String but given Arn",
        why="the ARN is wanted letter by letter",
    ),
    Explained(
        issue="UNKNOWN_CONDITION_FOR_ACTION",
        policy=r"replication_pause_",
        about=r"s3:IsReplicationPauseRequest for action s3:GetReplicationConfiguration",
        why="the policy is AWS's own for the experiment, with BoolIfExists: "
        "https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html",
    ),
    Explained(
        issue="RESOURCE_MISMATCH",
        policy=r"github_deploy_database",
        about=r"^rds:CreateDBInstanceReadReplica wants arn:\*:rds:\*:\*:cluster:\*$",
        why="the source is an instance, never a Multi-AZ cluster",
    ),
)


def main(arguments: Sequence[str]) -> int:
    """Check the site files; return the exit code."""
    parser = argparse.ArgumentParser(prog="make policies", description=__doc__)
    parser.add_argument("site_files", nargs="*", type=Path, help="default: every config/*.toml")
    options = parser.parse_args(arguments)
    try:
        install(PARLIAMENT)
        bad = [_check(path) for path in options.site_files or sorted(ROOT.glob("config/*.toml"))]
    except OpsError as error:
        print(f"policies: {error}", file=sys.stderr)
        return error.exit_code
    return 1 if any(bad) else 0


def _check(site_file: Path) -> int:
    """Prints what is found in a site file's policies; returns how much is not explained."""
    with TemporaryDirectory() as folder:
        policies = dict(policies_of(load_stacks(synthesize(site_file, Path(folder)))))
    found = [each for each in judge(policies) if not any(one.takes(each) for one in EXPLAINED)]
    for each in found:
        print(f"{site_file.name}: {each['policy']}: {each['issue']} {each['title']}: {'; '.join(each['details'])}")
    print(f"{site_file.name}: {len(policies)} policies, {len(found)} findings", flush=True)
    return len(found)


def policies_of(stacks: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yields each policy of the stacks, by stack and address, as IAM would get it.

    Raises:
        EnvironmentFailureError: a policy names a resource of a type that `_ARNS` lacks.
    """
    for stack, document in stacks.items():
        for address, text in _documents(document.get("resource", {}), ()):
            yield f"{stack} {address}", _with_resource(json.loads(filled_in(text)), address)


def filled_in(text: str) -> str:
    """Returns a policy with a value of its kind for each reference of Terraform's.

    Raises:
        EnvironmentFailureError: no value is known for one.
    """
    return re.sub(r"\$\{([^{}]*)\}", lambda found: _value(found[1]), text)


def judge(policies: Mapping[str, str]) -> list[Finding]:
    """Returns parliament's findings.

    Raises:
        EnvironmentFailureError: it is not installed or broke down.
    """
    done = subprocess.run(
        [str(PARLIAMENT.program("python")), "-I", str(FOLDER / "judge.py")], input=json.dumps(policies),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise EnvironmentFailureError(f"parliament failed (exit code {done.returncode}):\n{done.stderr.strip()}")
    found: list[Finding] = json.loads(done.stdout)
    return found


def _documents(value: object, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _documents(each, (*path, key))
    elif isinstance(value, list):
        for each in value:
            yield from _documents(each, path)
    elif isinstance(value, str) and '"Statement"' in value:
        yield ".".join(path), value


def _value(reference: str) -> str:
    if reference.endswith("account_id"):
        return ACCOUNT
    kinds = sorted((kind for kind in _ARNS if kind in reference), key=len)
    if reference.endswith("arn") and kinds:
        return _ARNS[kinds[-1]]
    if reference.endswith("id"):
        return _ID
    raise EnvironmentFailureError(f"a policy names {reference}: add an ARN of its kind to _ARNS")


def _with_resource(policy: dict[str, Any], address: str) -> str:
    """Returns the policy as text; a trust policy has no Resource, because it is the role's own, and parliament wants one."""
    if address.endswith("assume_role_policy"):
        for statement in policy["Statement"]:
            statement["Resource"] = f"arn:aws:iam::{ACCOUNT}:role/example"
    return json.dumps(policy)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
