"""The deployment's monitoring is destroyed: after the other files of the deployment, which look at it."""

from typing import Any

import boto3
import pytest

from tests.worlds.deployment_world import DeploymentWorld

pytestmark = [pytest.mark.local, pytest.mark.slow]


def test_destroyed_monitoring_leaves_nothing(deployment: DeploymentWorld) -> None:
    assert len(monitoring_left(deployment)) > 20
    for stack in ("monitoring", "attachment-eu-central-1", "attachment-us-east-1"):
        deployment.terraform.destroy(deployment.stacks / stack)
    assert monitoring_left(deployment) == []


def monitoring_left(deployment: DeploymentWorld) -> list[str]:
    """Returns the names of everything that only the monitoring and the attachment stacks make."""
    token = deployment.endpoints.environment["AWS_SESSION_TOKEN"]
    session: Any = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", aws_session_token=token)
    found: list[str] = []
    for region in ("us-east-1", "eu-central-1"):

        def ask(service: str, operation: str, region: str = region, **arguments: Any) -> Any:
            client = session.client(service, region_name=region, endpoint_url=deployment.endpoints.gateway_url)
            try:
                return getattr(client, operation)(**arguments)
            finally:
                client.close()

        alarms = ask("cloudwatch", "describe_alarms", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        found += [alarm["AlarmName"] for kind in ("MetricAlarms", "CompositeAlarms") for alarm in alarms[kind]]
        found += [item["DashboardName"] for item in ask("cloudwatch", "list_dashboards")["DashboardEntries"]]
        found += [item["TopicArn"] for item in ask("sns", "list_topics")["Topics"]]
        found += [item["SubscriptionArn"] for item in ask("sns", "list_subscriptions")["Subscriptions"]]
        rules = [item["Name"] for item in ask("events", "list_rules")["Rules"]]
        found += [name for name in rules if "-parity-" not in name]
        found += [item["policyName"] for item in ask("logs", "describe_resource_policies")["resourcePolicies"]]
        names = [item["FunctionName"] for item in ask("lambda", "list_functions")["Functions"]]
        found += [name for name in names if "-endpoint-" not in name and "-parity-" not in name]
    budgets = ask("budgets", "describe_budgets", AccountId="123456789012")["Budgets"]
    return found + [budget["BudgetName"] for budget in budgets]
