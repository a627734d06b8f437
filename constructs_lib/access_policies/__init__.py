"""What GitHub's roles may do, as dictionaries. Pure functions; nothing here knows a construct.

Four roles, because four jobs need different things: `plan` reads settings and states, `deploy` changes the site's stacks,
`content` publishes releases, `drill` breaks and mends on purpose. What none of them may: touch these roles, their boundary, the
OIDC provider or the audit trail. Those are an administrator's, as are deletions of buckets and of the hosted zone.
"""

from constructs_lib.access_policies.boundary import permissions_boundary
from constructs_lib.access_policies.daily_work import content, drill
from constructs_lib.access_policies.deployment import deploy
from constructs_lib.access_policies.deployment_database import deploy_database
from constructs_lib.access_policies.deployment_limits import deploy_limits
from constructs_lib.access_policies.planning import plan
from constructs_lib.access_policies.scope import Scope
from constructs_lib.access_policies.trust import GITHUB_AUDIENCE, GITHUB_ISSUER, github_trust

__all__ = [
    "GITHUB_AUDIENCE",
    "GITHUB_ISSUER",
    "Scope",
    "content",
    "deploy",
    "deploy_database",
    "deploy_limits",
    "drill",
    "github_trust",
    "permissions_boundary",
    "plan",
]
