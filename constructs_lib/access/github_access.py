"""Roles for GitHub Actions: OIDC provider, permissions boundary, and a role per job."""

from cdktf_cdktf_provider_aws.iam_openid_connect_provider import IamOpenidConnectProvider
from cdktf_cdktf_provider_aws.iam_policy import IamPolicy
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib import naming, policies
from constructs_lib.access_policies import daily_work, deployment, deployment_database, deployment_limits, planning
from constructs_lib.access_policies.boundary import permissions_boundary
from constructs_lib.access_policies.scope import Scope
from constructs_lib.access_policies.trust import GITHUB_AUDIENCE, GITHUB_ISSUER, github_trust
from constructs_lib.checkov_skips import skip
from constructs_lib.policies import PolicyDocument
from constructs_lib.site_file.security import Github

# Long enough for an apply of all stacks; the shortest that IAM allows: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
_SESSION_SECONDS = 3600


_READS_SETTINGS = (
    "It reads settings, whose ids (certificates, distributions, keys) are not known beforehand, and lists, which have no "
    "resource. It reads no content, no log and no secret"
)
_UNBOUNDED: dict[str, dict[str, str]] = {
    "plan": {"CKV_AWS_355": f"{_READS_SETTINGS}, and writes nothing."},
    "deploy": {
        "CKV_AWS_355": f"{_READS_SETTINGS}.",
        "CKV_AWS_290": (
            "What AWS lets nobody narrow to a resource: making things in CloudFront and Route 53, subscriptions of a topic, "
            "log delivery (Service Authorization Reference). `make access` shows that the work needs them."
        ),
    },
}


class GithubAccess(Construct):
    """What a workflow of one repository may do in this account, without a key that could leak.

    Attributes:
        role_arns: job (plan, deploy, content, drill, takedown) -> ARN of its role.
        boundary_arn: ARN of the policy that bounds every role of the other stacks.
    """

    def __init__(self, scope: Construct, id_: str, *, github: Github, reach: Scope, provider: AwsProvider) -> None:
        super().__init__(scope, id_)
        self._github = github
        self._prefix = reach.prefix
        self._provider = provider
        self._provider_arn = self._issuer_arn()
        boundary = IamPolicy(
            self,
            "boundary",
            name=naming.permissions_boundary(reach.prefix),
            description="The most that any role of the site's stacks can do",
            policy=policies.to_json(permissions_boundary(reach)),
            provider=provider,
        )
        jobs: dict[str, tuple[list[str], PolicyDocument]] = {
            "plan": (["pull_request", f"ref:refs/heads/{github.branch}"], planning.plan(reach)),
            "deploy": ([f"environment:{github.deploy_environment}"], deployment.deploy(reach)),
            "content": ([f"environment:{github.content_environment}"], daily_work.content(reach)),
            "drill": ([f"environment:{github.drill_environment}"], daily_work.drill(reach)),
            "takedown": ([f"environment:{github.takedown_environment}"], daily_work.takedown(reach)),
        }
        roles = {job: self._role(job, suffixes, policy) for job, (suffixes, policy) in jobs.items()}
        self.role_arns = {job: role.arn for job, role in roles.items()}
        deploy = roles["deploy"]
        self._add_beside(
            deploy, "limits", "What the deploy role must never do", policy=deployment_limits.deploy_limits(reach)
        )
        if reach.has_database:
            needs = "What the deploy role needs for the database beside its own policy"
            self._add_beside(deploy, "database", needs, policy=deployment_database.deploy_database(reach))
        self.boundary_arn = boundary.arn

    def _issuer_arn(self) -> str:
        """Returns the account's provider for GitHub; AWS checks its certificate by its own list of authorities.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc_verify-thumbprint.html
        """
        if self._github.oidc_provider_arn is not None:
            return self._github.oidc_provider_arn
        return IamOpenidConnectProvider(
            self,
            "oidc_provider",
            url=f"https://{GITHUB_ISSUER}",
            client_id_list=[GITHUB_AUDIENCE],
            provider=self._provider,
        ).arn

    def _add_beside(self, deploy: IamRole, part: str, description: str, *, policy: PolicyDocument) -> None:
        """Gives the deploy role a policy beside its own."""
        made = IamPolicy(
            self,
            f"deploy_{part}",
            name=naming.ci_deploy_policy(self._prefix, part),
            description=description,
            policy=policies.to_json(policy),
            provider=self._provider,
        )
        IamRolePolicyAttachment(
            self, f"deploy_{part}_attached", role=deploy.name, policy_arn=made.arn, provider=self._provider
        )

    def _role(self, job: str, suffixes: list[str], policy: PolicyDocument) -> IamRole:
        trust = github_trust(self._provider_arn, subjects=self._github.subjects, suffixes=suffixes)
        role = IamRole(
            self,
            f"{job}_role",
            name=naming.ci_role(self._prefix, job),
            description=f"GitHub Actions: {job}",
            assume_role_policy=policies.to_json(trust),
            max_session_duration=_SESSION_SECONDS,
            provider=self._provider,
        )
        inline = IamRolePolicy(
            self, f"{job}_policy", role=role.id, policy=policies.to_json(policy), provider=self._provider
        )
        if job in _UNBOUNDED:
            skip(inline, {}, in_plan_only=_UNBOUNDED[job])
        return role
