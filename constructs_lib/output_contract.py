"""The outputs of the stacks: a contract with the `failover` command, with the operators and with a team's own Terraform.

An output is declared here, with what it means, and a stack gives it its value with `outputs.add_output`; docs/OUTPUTS.md is made
of this table. Commands never import it: they meet the outputs as JSON. The `cross-stack-output-...` beside them are cdktf's own
wires between our stacks, and no contract.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from constructs_lib import naming

PEOPLE = "operators"
"""The reader of an output that no program of this repository reads."""


class Stability(StrEnum):
    """What may happen to an output in a later version."""

    STABLE = "stable"
    """Name, type and meaning stay; an object may gain keys. Anything else is a CHANGELOG entry under Changed."""
    MIRROR = "follows the site file"
    """A section of the site file: it gains and loses keys with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One output.

    Attributes:
        name: its name in Terraform.
        type: its type, in Terraform's type constraints
            (https://developer.hashicorp.com/terraform/language/expressions/type-constraints).
        meaning: what it holds; the description in Terraform.
        readers: files of this repository that read it, or PEOPLE.
        only_with: the key of the site file without which it is not there; empty: always.
        stability: what may happen to it.
    """

    name: str
    type: str
    meaning: str
    readers: tuple[str, ...] = (PEOPLE,)
    only_with: str = ""
    stability: Stability = Stability.STABLE


_DEPLOYMENT = "scripts/terraform/outputs.py"
_COST = "scripts/cost/estimate.py"
_EXTENSION_COST = "scripts/cost/extensions.py"

REGION_STACKS = "region-<name>"
API_REGION_STACKS = "api-<name>"
DATABASE_STACKS = "database-<name>"
ATTACHMENT_STACKS = "attachment-<name>"
KEYS_STACKS = "keys-<name>"
PROBER_STACKS = "prober-<name>"
OUTPUTS: Mapping[str, tuple[Output, ...]] = {
    naming.DNS_STACK: (
        Output(name="hosted_zone_id", type="string", meaning="Id of the hosted zone, made here or looked up"),
        Output(
            name="name_servers", type="list(string)", meaning="The zone's four name servers, to enter at the registrar"
        ),
        Output(name="domain_name", type="string", meaning="The zone's name, without a trailing dot"),
        Output(
            name="ds_record",
            type="string",
            meaning="The DS record to enter at the registrar once the zone is signed, in the presentation format of RFC 4034",
            only_with="features.dnssec",
        ),
        Output(
            name="query_log_group",
            type="string",
            meaning="CloudWatch log group, in us-east-1, of the queries that Route 53 answers",
            only_with="features.query_log",
        ),
    ),
    REGION_STACKS: (
        Output(name="region", type="string", meaning="The stack's AWS region"),
        Output(
            name="role", type="string", meaning="primary or secondary: the region's part when everything is healthy"
        ),
        Output(name="bucket_name", type="string", meaning="Name of the region's content bucket"),
        Output(name="bucket_arn", type="string", meaning="ARN of the region's content bucket"),
        Output(
            name="regional_endpoint_domain_name",
            type="string",
            meaning="What alias records to the regional endpoint point at: d-... of execute-api in the region",
            readers=(_DEPLOYMENT,),
        ),
        Output(
            name="regional_endpoint_function_name",
            type="string",
            meaning="Name of the Lambda function that serves the active release from the bucket",
        ),
        Output(
            name="log_bucket_name",
            type="string",
            meaning="Bucket of the region's access logs",
            only_with="features.access_logs",
        ),
    ),
    naming.EDGE_STACK: (
        Output(name="hostname", type="string", meaning="The public name", readers=(_DEPLOYMENT,)),
        Output(
            name="hosted_zone_id",
            type="string",
            meaning="Id of the zone that holds the public name",
            readers=(_DEPLOYMENT,),
        ),
        Output(
            name="key_value_store_arn",
            type="string",
            meaning="CloudFront KeyValueStore that says which release is active and which regions are drained",
            readers=(_DEPLOYMENT,),
        ),
        Output(
            name="health_check_ids",
            type="map(string)",
            meaning="Route 53 health checks: path (not with a regional entry) and each region's name -> id",
            readers=(_DEPLOYMENT,),
        ),
        Output(
            name="distributions",
            type="map(object({id = string, arn = string, domain_name = string, hostname = string}))",
            meaning="Region -> its CloudFront distribution and its own name on it; empty with a regional entry",
            readers=(_DEPLOYMENT,),
        ),
        Output(
            name="buckets", type="map(string)", meaning="Region -> name of its content bucket", readers=(_DEPLOYMENT,)
        ),
        Output(name="roles", type="map(string)", meaning="Region -> primary or secondary", readers=(_DEPLOYMENT,)),
        Output(
            name="routing",
            type="object({entry = string, policy = string})",
            meaning="What stands behind the public name, in the site file's words",
            readers=(_DEPLOYMENT,),
        ),
        Output(
            name="takes_name",
            type="bool",
            meaning="Whether the public name is this site's; false while another distribution still serves it",
            readers=(_DEPLOYMENT,),
        ),
        Output(
            name="standby_endpoint",
            type="map(string)",
            meaning="What alias records to the regional endpoint of the secondary region lead to: domain_name, hosted_zone_id",
        ),
        Output(
            name="standby_health_check_id",
            type="string",
            meaning="Health check of the regional endpoint that has a last exit behind it; empty without one",
            readers=(_DEPLOYMENT,),
        ),
        Output(
            name="external_endpoints",
            type="map(object({addresses = map(string), health_check_ids = map(string), content = map(string)}))",
            meaning="Endpoint -> its address and health check by record type, and where releases are published for it",
            readers=(_DEPLOYMENT,),
        ),
        Output(
            name="parity_regions",
            type="list(string)",
            meaning="Regions whose parity check publishes what it found: all with features.parity, else none",
            readers=(_DEPLOYMENT,),
        ),
        Output(
            name="objectives",
            type="object({rto_seconds = number, rpo_seconds = number, availability_ratio = number, monthly_cost_usd = number})",
            meaning="The site file's [objectives], defaults filled in: what drills and the cost command judge by",
            readers=(_DEPLOYMENT, _COST),
            stability=Stability.MIRROR,
        ),
        Output(
            name="traffic",
            type="object({page_views_per_month = number, requests_per_page_view = number, bytes_per_page_view = number, "
            "site_bytes = number})",
            meaning="The site file's [traffic], defaults filled in: what the cost command assumes",
            readers=(_COST,),
            stability=Stability.MIRROR,
        ),
        Output(
            name="content",
            type="any",
            meaning="The site file's [content], defaults filled in: how files are published (docs/CONTENT.md)",
            readers=(_DEPLOYMENT,),
            stability=Stability.MIRROR,
        ),
        Output(
            name="content_security_policy",
            type="string",
            meaning="The header that CloudFront and the regional endpoints send: what a publish compares its pages with",
            readers=(_DEPLOYMENT,),
            stability=Stability.MIRROR,
        ),
        Output(
            name="state",
            type="object({backend = string, bucket = optional(string), region = optional(string), "
            "replica_region = optional(string)})",
            meaning="The site file's [state]: which bucket bootstrap makes and hardens",
            readers=("scripts/commands/bootstrap.py",),
            stability=Stability.MIRROR,
        ),
    ),
    ATTACHMENT_STACKS: (Output(name="region", type="string", meaning="The stack's AWS region"),),
    naming.MONITORING_STACK: (
        Output(
            name="alarm_topic_arns",
            type="map(string)",
            meaning="Region -> SNS topic that alarms publish to: CloudWatch's JSON, for machines",
            readers=(_DEPLOYMENT,),
        ),
        Output(
            name="alert_topic_arns",
            type="map(string)",
            meaning="Region -> SNS topic of worded alerts, for people; another region's where this one may hold no data",
        ),
        Output(
            name="alert_regions",
            type="list(string)",
            meaning="Regions where the alert formatter runs: the SSM parameter that it reads must be in each of them",
        ),
        Output(
            name="alarm_names",
            type="list(string)",
            meaning="Every alarm that tells somebody, of whatever region",
            readers=(_DEPLOYMENT,),
        ),
        Output(name="dashboard_names", type="list(string)", meaning="CloudWatch dashboards, the overview first"),
        Output(
            name="event_log_groups",
            type="map(string)",
            meaning="Region -> CloudWatch log group of the failover event timeline there",
        ),
        Output(
            name="custom_metrics_namespace",
            type="string",
            meaning="CloudWatch namespace that a prober of your own publishes to",
        ),
    ),
    naming.API_TABLE_STACK: (
        Output(name="table_name", type="string", meaning="Name of the API's global table, the same in every region"),
        Output(name="regions", type="list(string)", meaning="Regions that hold a replica of the table"),
    ),
    API_REGION_STACKS: (
        Output(name="region", type="string", meaning="The stack's AWS region"),
        Output(name="api_id", type="string", meaning="Id of the region's HTTP API, the dimension of its metrics"),
        Output(name="function_name", type="string", meaning="Name of the Lambda function behind the API"),
    ),
    naming.API_STACK: (
        Output(name="hostname", type="string", meaning="The API's name"),
        Output(name="regional_hostnames", type="map(string)", meaning="Region -> the name that leads to its API alone"),
        Output(name="health_check_ids", type="map(string)", meaning="Region -> Route 53 health check of its API"),
        Output(name="policy", type="string", meaning="Routing policy of the API's name, in the site file's words"),
        Output(
            name="expected_use",
            type="object({requests_per_month = number, write_ratio = number, table_bytes = number})",
            meaning="What the cost command assumes of the site file's [api], defaults filled in",
            readers=(_EXTENSION_COST,),
            stability=Stability.MIRROR,
        ),
    ),
    DATABASE_STACKS: (
        Output(name="region", type="string", meaning="The stack's AWS region"),
        Output(
            name="role",
            type="string",
            meaning="writer or replica, as the site file has it; a promotion is not seen here",
            readers=("scripts/terraform/deploy.py",),
        ),
        Output(name="identifier", type="string", meaning="Identifier of the RDS instance, the same in every region"),
        Output(name="arn", type="string", meaning="ARN of the RDS instance"),
        Output(name="endpoint", type="string", meaning="Host name and port of the instance"),
        Output(name="vpc_id", type="string", meaning="VPC of the instance, to peer with"),
        Output(name="security_group_id", type="string", meaning="Security group of the instance"),
        Output(
            name="expected_use",
            type="object({written_gigabytes_per_month = number})",
            meaning="What the cost command assumes of the site file's [database]",
            readers=(_EXTENSION_COST,),
            stability=Stability.MIRROR,
        ),
    ),
    PROBER_STACKS: (
        Output(name="region", type="string", meaning="The stack's AWS region"),
        Output(name="function_name", type="string", meaning="Name of the Lambda function that looks at the site"),
    ),
    KEYS_STACKS: (Output(name="key_arn", type="string", meaning="KMS key that encrypts the content of the region"),),
    naming.ACCESS_STACK: (
        Output(
            name="role_arns",
            type="map(string)",
            meaning="Job (plan, deploy, content, drill) -> IAM role that GitHub Actions takes for it: the repository's variables",
        ),
        Output(name="boundary_arn", type="string", meaning="IAM policy that bounds every role of the other stacks"),
    ),
    naming.AUDIT_STACK: (
        Output(name="trail_arn", type="string", meaning="The CloudTrail trail of management events"),
        Output(name="bucket_name", type="string", meaning="Locked bucket that holds the trail's files"),
        Output(name="region", type="string", meaning="The region of trail and bucket"),
    ),
}
"""Stack -> its outputs; the stacks of all regions share one entry."""


def outputs_of(stack: str) -> dict[str, Output]:
    """Returns the outputs of a stack by name.

    Args:
        stack: the stack's name, such as `edge` or `region-eu-central-1`.
    """
    shared = {
        naming.region_stack(""): REGION_STACKS,
        naming.api_region_stack(""): API_REGION_STACKS,
        naming.database_stack(""): DATABASE_STACKS,
        naming.attachment_stack(""): ATTACHMENT_STACKS,
        naming.keys_stack(""): KEYS_STACKS,
        naming.prober_stack(""): PROBER_STACKS,
    }
    prefix = next((prefix for prefix in shared if stack.startswith(prefix) and stack not in OUTPUTS), None)
    return {output.name: output for output in OUTPUTS[stack if prefix is None else shared[prefix]]}
