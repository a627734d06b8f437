"""Why a resource does not do what a checkov check asks for, written beside the construct that it concerns.

checkov reads no comments in Terraform JSON (3.3.30: `terraform_json/runner.py` passes no skips, and a plan has no comments at
all), so the reasons go into the resource's `//`, which Terraform ignores
(https://developer.hashicorp.com/terraform/language/syntax/json#comment-properties), and `make checkov` reads them there. It also
fails on a skip whose check would pass: a reason that no longer applies goes.
"""

from collections.abc import Mapping

from cdktf import TerraformResource


def skip(
    resource: TerraformResource, reasons: Mapping[str, str], *, in_plan_only: Mapping[str, str] | None = None
) -> None:
    """Notes on one resource which checks it does not follow.

    Args:
        resource: the resource that checkov would name.
        reasons: check id such as "CKV_AWS_18" -> why its advice does not hold here.
        in_plan_only: the same for checks that only a plan fails, where references to other stacks are values already.
    """
    skips = [{"id": id_, "comment": reason} for id_, reason in reasons.items()]
    skips += [
        {"id": id_, "comment": reason, "framework": "terraform_plan"} for id_, reason in (in_plan_only or {}).items()
    ]
    resource.add_override("//.checkov.skip", skips)
