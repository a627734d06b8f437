"""AWS Budgets, as its API reference states it."""

from typing import Any

from tests.worlds.gateway_world import GatewayWorld, refused

ACCOUNT = "123456789012"
NOTIFICATION = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 100.0}
SUBSCRIBER = {"SubscriptionType": "EMAIL", "Address": "oncall@example.test"}


def make(world: GatewayWorld, **changes: Any) -> str:
    name = world.unique("budget")
    budget = {
        "BudgetName": name,
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": "3.30", "Unit": "USD"},
    }
    world.client("budgets").create_budget(
        AccountId=ACCOUNT,
        Budget={**budget, **changes},
        NotificationsWithSubscribers=[{"Notification": NOTIFICATION, "Subscribers": [SUBSCRIBER]}],
    )
    return name


def test_budget_has_the_documented_defaults(gateway_world: GatewayWorld) -> None:
    # https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Budget.html
    name = make(gateway_world)
    budget = gateway_world.client("budgets").describe_budget(AccountId=ACCOUNT, BudgetName=name)["Budget"]
    assert budget["CostTypes"]["IncludeTax"] is True
    assert budget["CostTypes"]["UseBlended"] is False
    assert budget["TimePeriod"]["Start"].day == 1
    assert budget["TimePeriod"]["End"].year == 2087


def test_notification_keeps_its_subscribers(gateway_world: GatewayWorld) -> None:
    name, client = make(gateway_world), gateway_world.client("budgets")
    (found,) = client.describe_notifications_for_budget(AccountId=ACCOUNT, BudgetName=name)["Notifications"]
    assert found["ThresholdType"] == "PERCENTAGE"  # the default: API_budgets_Notification
    answer = client.describe_subscribers_for_notification(AccountId=ACCOUNT, BudgetName=name, Notification=found)
    assert answer["Subscribers"] == [SUBSCRIBER]


def test_budget_name_is_taken_once(gateway_world: GatewayWorld) -> None:
    name = make(gateway_world)
    refused("DuplicateRecordException", lambda: make(gateway_world, BudgetName=name), 400)


def test_deleted_budget_is_not_found(gateway_world: GatewayWorld) -> None:
    name, client = make(gateway_world), gateway_world.client("budgets")
    client.delete_budget(AccountId=ACCOUNT, BudgetName=name)
    refused("NotFoundException", lambda: client.describe_budget(AccountId=ACCOUNT, BudgetName=name), 400)


def test_usage_budget_is_a_loud_501(gateway_world: GatewayWorld) -> None:
    refused("NotImplemented", lambda: make(gateway_world, BudgetType="USAGE"), 501)


def test_budget_action_is_a_loud_501(gateway_world: GatewayWorld) -> None:
    client = gateway_world.client("budgets")
    refused("NotImplemented", lambda: client.describe_budget_actions_for_account(AccountId=ACCOUNT), 501)
