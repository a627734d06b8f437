"""Where a stack keeps its state.

S3 with `use_lockfile` (DynamoDB locks are deprecated: https://developer.hashicorp.com/terraform/language/backend/s3), in a
region that serves nothing. Local state is for rehearsals and lies beside the output folder, so that a new synth keeps it.
"""

from cdktf import LocalBackend, S3Backend, S3BackendAssumeRoleConfig, TerraformStack

from constructs_lib.site_file.models import SiteFile, StateBackend


def state_prefix(site: SiteFile) -> str:
    """Returns the start of the key of every state of the site."""
    return f"{site.site.project}/{site.site.environment}/"


def add_state_backend(stack: TerraformStack, *, site: SiteFile) -> None:
    """Gives the stack its backend; other stacks read its outputs from the same place."""
    state = site.state
    if state.backend is StateBackend.LOCAL:
        # Terraform runs in <outdir>/stacks/<name>; the same path is right for every stack that reads this one.
        LocalBackend(stack, path=f"../../../terraform.{stack.node.id}.tfstate")
        return
    assert state.bucket is not None and state.region is not None  # noqa: S101  (State requires both)
    S3Backend(
        stack,
        bucket=state.bucket,
        region=state.region,
        key=f"{state_prefix(site)}{stack.node.id}.tfstate",
        encrypt=True,
        assume_role=_assume_role(site),
    )
    # cdktf 0.21 does not know the argument; Terraform has it since 1.10.
    stack.add_override("terraform.backend.s3.use_lockfile", True)


def _assume_role(site: SiteFile) -> S3BackendAssumeRoleConfig | None:
    """Returns the role for the state bucket; reading another stack's state takes the same one."""
    account = site.accounts.state
    if account is None:
        return None
    return S3BackendAssumeRoleConfig(role_arn=account.role_arn, external_id=account.external_id)
