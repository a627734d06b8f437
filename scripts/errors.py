"""Everything the `failover` command refuses or gives up on.

    OpsError                    exit code 3 unless a branch says otherwise
    ├── WrongUsageError         the command line asks for something that does not exist (exit code 2)
    ├── MissingOutputError      a Terraform output or a file another command writes is not there
    │   ├── UnknownReleaseError     no region has the release (exit code 2 where the command line named it)
    │   └── StacksError             the folder of synthesized stacks is not what the command needs (exit code 2)
    ├── AwsError                AWS (or localcloud in its place) refused or failed an operation
    │   └── RegionUnavailableError  a region's S3 does not answer, or answers only with 5xx
    ├── UnsafePlanError         the plan vetoes itself (exit code 1)
    │   └── UnreadableManifestError  a region's manifest of a release says nothing
    ├── SupersededError         somebody else switched the site meanwhile; the message says to what (exit code 1)
    ├── ProbeRefusedError       a release was switched to and did not answer; rolled back where possible (exit code 1)
    ├── InterruptedPublishError  Ctrl-C ended a publish; the message says whether it had switched (exit code 130)
    ├── DrillAbortedError       a drill ended before it measured anything; its fault is undone
    │   ├── InterruptedDrillError  by Ctrl-C or another signal (exit code 130)
    │   └── NotSteadyError      the site was not healthy from the primary to begin with
    ├── TerraformError          Terraform refused or failed (in terraform_cli)
    └── EnvironmentFailureError this machine lacks something: a tool, a port, the sole right to run
        ├── ToolMissingError        Terraform, Node or npm (in toolchain)
        ├── ProviderNotFoundError   FAILOVER_PROVIDER_MIRROR is wrong (in provider_source)
        └── LocalcloudGoneError nothing answers at localcloud's control API

A message names the setting or resource, the value got, what is allowed and the next step; raise with `from`.
"""

from __future__ import annotations

_WAIT = "Run it again when it does; `failover status` works meanwhile"


class OpsError(Exception):
    """A command cannot do what was asked; the message is for the operator."""

    exit_code = 3


class WrongUsageError(OpsError):
    """The command line asks for something that does not exist."""

    exit_code = 2


class MissingOutputError(OpsError):
    """A Terraform output, or a file that another command writes, is not there."""


class StacksError(MissingOutputError):
    """The folder of synthesized stacks is not there, or what it holds is not what the command needs."""

    exit_code = 2


class UnknownReleaseError(MissingOutputError):
    """No region has a manifest of the release; a command whose argument named it ends as wrong usage.

    Args:
        release_id: the release.
    """

    def __init__(self, release_id: str) -> None:
        super().__init__(
            f"release {release_id} has no manifest in any region: `failover releases` lists those that have"
        )


class AwsError(OpsError):
    """An AWS operation failed.

    Args:
        operation: the API's own name, such as "UpdateKeys".
        resource: what it was done to: an ARN, an id, or a bucket and key.
        code: AWS's error code, such as "ConflictException", or the HTTP status.
        detail: AWS's message, and the next step if there is one.
    """

    def __init__(self, *, operation: str, resource: str, code: str, detail: str = "") -> None:
        self.operation = operation
        self.resource = resource
        self.code = code
        self.detail = detail
        super().__init__(f"{operation} on {resource} failed: {code}" + (f": {detail}" if detail else ""))

    def retold(self, detail: str) -> AwsError:
        """Return the same failure with what it means where it came up, and the next step, as its detail."""
        return AwsError(operation=self.operation, resource=self.resource, code=self.code, detail=detail)


class RegionUnavailableError(AwsError):
    """A region's S3 did not answer, or answered every try with a 5xx.

    Args:
        region: the region that is not there.
        operation: as for AwsError.
        resource: as for AwsError.
        code: as for AwsError.
        detail: as for AwsError, without a next step.
        way_out: the next step. Default: to wait, because only some commands can do without the region.
    """

    def __init__(
        self, *, region: str, operation: str, resource: str, code: str, detail: str = "", way_out: str = _WAIT
    ) -> None:
        silent = f"S3 in {region} does not answer. {way_out}"
        super().__init__(
            operation=operation,
            resource=resource,
            code=code,
            detail=f"{detail.rstrip('.')}. {silent}" if detail else silent,
        )
        self.region = region
        self.detail = detail


class UnsafePlanError(OpsError):
    """The plan would delete or change too much, or break a rule that keeps the site up."""

    exit_code = 1


class UnreadableManifestError(UnsafePlanError):
    """What lies in place of a release's manifest in a region is none of this version."""


class SupersededError(OpsError):
    """Somebody else switched the site after this command did, or instead of it; what is live is his."""

    exit_code = 1


class ProbeRefusedError(OpsError):
    """The site did not serve the release after the switch; the message says what it served and what was done."""

    exit_code = 1


class InterruptedPublishError(OpsError):
    """Ctrl-C ended a publish; the message says what viewers get now."""

    exit_code = 130


class DrillAbortedError(OpsError):
    """The drill ended before it could measure; whatever it broke has been undone unless the message says otherwise."""


class InterruptedDrillError(DrillAbortedError):
    """A signal ended the drill; the message says that nothing is broken any more (exit code 130)."""

    exit_code = 130


class NotSteadyError(DrillAbortedError):
    """The site was not healthy from its primary region, so breaking it would prove nothing."""


class EnvironmentFailureError(OpsError):
    """This machine lacks something: a tool, a free port, a running localcloud, the sole right to run."""


class LocalcloudGoneError(EnvironmentFailureError):
    """Nothing listens at localcloud's control API: it has ended, and its faults with it."""
