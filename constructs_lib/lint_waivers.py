"""Why a resource is a trap on purpose, written beside the construct that it concerns.

`failover lint` and the end of every synth look for traps that plan cleanly and then do not fail over (docs/LINT_RULES.md). What
is meant is waived on its resource, with the reason, in the resource's `//`, which Terraform ignores
(https://developer.hashicorp.com/terraform/language/syntax/json#comment-properties). A waiver that waives nothing fails the lint.
"""

from collections.abc import Mapping

from cdktf import TerraformResource


def waive(resource: TerraformResource, reasons: Mapping[str, str]) -> None:
    """Accepts rules' findings on one resource.

    Args:
        resource: the resource that the finding names.
        reasons: rule id such as "FW311" -> why it is meant here.
    """
    waivers = [{"id": id_, "comment": reason} for id_, reason in reasons.items()]
    resource.add_override("//.failover_lint.waive", waivers)
