"""Gives every role of the stacks the boundary that the deploy role must put on what it makes."""

from cdktf import App, TerraformStack
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from cdktf_cdktf_provider_aws.iam_role import IamRole

from constructs_lib import naming
from constructs_lib.site_file.models import SiteFile


def bound_roles(app: App, *, site: SiteFile, access: TerraformStack) -> None:
    """Bounds the roles of all stacks but those that an administrator applies.

    By name and not by reference, so that no plan reads the state of the access stack; IAM wants the policy to be there first.
    """
    for stack in app.node.children:
        if isinstance(stack, TerraformStack) and stack.node.id not in naming.ADMINISTRATORS_STACKS:
            _bound(stack, naming.permissions_boundary(site.prefix), access)


def _bound(stack: TerraformStack, boundary: str, access: TerraformStack) -> None:
    roles = [construct for construct in stack.node.find_all() if isinstance(construct, IamRole)]
    if not roles:
        return
    stack.add_dependency(access)
    account = DataAwsCallerIdentity(stack, "boundary_account", provider=roles[0].provider)
    for role in roles:
        role.permissions_boundary = f"arn:aws:iam::{account.account_id}:policy/{boundary}"
