"""An experiment that pauses replication from one region, so that a team sees whether anybody would notice."""

from collections.abc import Mapping

from cdktf_cdktf_provider_aws.fis_experiment_template import (
    FisExperimentTemplate,
    FisExperimentTemplateAction,
    FisExperimentTemplateActionParameter,
    FisExperimentTemplateActionTarget,
    FisExperimentTemplateStopCondition,
    FisExperimentTemplateTarget,
    FisExperimentTemplateTargetResourceTag,
)
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from constructs_lib import naming, policies
from constructs_lib.content import protection_policies
from constructs_lib.content.content_bucket import ContentBucket
from constructs_lib.monitoring.alerting import Place

# Longer than the 15 minutes that the backlog alarm waits; 0.10 USD a minute: https://aws.amazon.com/fis/pricing/
PAUSE_MINUTES = 30
_TARGET = "content_bucket"


class ReplicationPause(Construct):
    """A template of AWS FIS; it does nothing, and costs nothing, until somebody starts an experiment from it.

    Action aws:s3:bucket-pause-replication, which finds its buckets by tag only
    (https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html#bucket-pause-replication). It ends by itself, or
    when the alarm of the source's region goes off.

    Attributes:
        template_id: what `aws fis start-experiment` takes.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        place: Place,
        source: ContentBucket,
        destinations: Mapping[str, ContentBucket],
        stop_alarm_arn: str,
    ) -> None:
        """Adds the template and its role.

        Args:
            scope: parent.
            id_: construct id.
            name: name of the role, and the template's tag Name.
            place: the source's region, where the template lives.
            source: the bucket from which nothing is copied meanwhile.
            destinations: region -> the bucket to which nothing is copied.
            stop_alarm_arn: an alarm of the same region that ends the experiment.
        """
        super().__init__(scope, id_)
        role = IamRole(
            self,
            "role",
            name=name,
            assume_role_policy=policies.to_json(
                protection_policies.fault_injection(place.account_id, region=place.region)
            ),
            provider=place.provider,
        )
        policy = IamRolePolicy(
            self,
            "policy",
            role=role.id,
            policy=policies.to_json(
                protection_policies.replication_pause(source.arn, destination_regions=list(destinations))
            ),
            provider=place.provider,
        )
        template = FisExperimentTemplate(
            self,
            "template",
            description=f"Pauses replication from {place.region} for {PAUSE_MINUTES} minutes",
            role_arn=role.arn,
            action=[_pause(region, bucket) for region, bucket in destinations.items()],
            target=[
                FisExperimentTemplateTarget(
                    name=_TARGET,
                    resource_type="aws:s3:bucket",
                    selection_mode="ALL",
                    resource_tag=[
                        FisExperimentTemplateTargetResourceTag(key=naming.REPLICATION_PAUSE_TAG, value=source.name)
                    ],
                )
            ],
            stop_condition=[FisExperimentTemplateStopCondition(source="aws:cloudwatch:alarm", value=stop_alarm_arn)],
            tags={"Name": name},
            depends_on=[policy],
            provider=place.provider,
        )
        self.template_id = template.id


def _pause(region: str, destination: ContentBucket) -> FisExperimentTemplateAction:
    parameters = {
        "duration": f"PT{PAUSE_MINUTES}M",
        "region": region,
        "destinationBuckets": destination.name,
        "prefixes": naming.RELEASES_PREFIX,
    }
    return FisExperimentTemplateAction(
        name=f"pause-to-{region}",
        action_id="aws:s3:bucket-pause-replication",
        parameter=[FisExperimentTemplateActionParameter(key=key, value=value) for key, value in parameters.items()],
        target=FisExperimentTemplateActionTarget(key="Buckets", value=_TARGET),
    )
