"""AWS Budgets: cost budgets with their notifications and subscribers, as far as Terraform's provider asks.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Budgets.html . No costs arise on
localcloud, so no notification is ever sent.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC
from typing import ClassVar

from localcloud.gateway.clock import utc_now
from localcloud.gateway.errors import ServiceError, UnsupportedResource
from localcloud.gateway.identifiers import ACCOUNT_ID
from localcloud.gateway.wire import JsonObject, Request, Response

TARGET_PREFIX = "AWSBudgetServiceGateway."
END_OF_TIME_EPOCH_SECONDS = 3706473600
"""2087-06-15, "the default end date": API_budgets_TimePeriod"""
DEFAULT_COST_TYPES = {
    "IncludeTax": True,
    "IncludeSubscription": True,
    "UseBlended": False,
    "IncludeRefund": True,
    "IncludeCredit": True,
    "IncludeUpfront": True,
    "IncludeRecurring": True,
    "IncludeOtherSubscription": True,
    "IncludeSupport": True,
    "IncludeDiscount": True,
    "UseAmortized": False,
}
"""API_budgets_CostTypes: "the default value is ..." of each"""
MODELLED_TYPES = {"COST"}
MAXIMUM_NOTIFICATIONS = 10
"""https://docs.aws.amazon.com/cost-management/latest/userguide/management-limits.html"""
MAXIMUM_SUBSCRIBERS = 11
"""API_budgets_NotificationWithSubscribers: one SNS topic and ten e-mail addresses"""


@dataclass(slots=True, kw_only=True)
class _Notification:
    settings: JsonObject
    subscribers: list[JsonObject]


@dataclass(slots=True, kw_only=True)
class _Budget:
    document: JsonObject
    notifications: list[_Notification] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)


class BudgetsService:
    """Budgets of the account."""

    STATE: ClassVar[tuple[str, ...]] = ("_budgets",)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._budgets: dict[str, _Budget] = {}
        self._operations: dict[str, Callable[[JsonObject], JsonObject]] = {
            "CreateBudget": self._create,
            "DescribeBudget": lambda body: {"Budget": self._found(body).document},
            "DescribeBudgets": lambda _: {"Budgets": [budget.document for budget in self._budgets.values()]},
            "UpdateBudget": self._update,
            "DeleteBudget": self._delete,
            "CreateNotification": self._create_notification,
            "DeleteNotification": self._delete_notification,
            "DescribeNotificationsForBudget": self._describe_notifications,
            "DescribeSubscribersForNotification": self._describe_subscribers,
            "ListTagsForResource": self._list_tags,
            "TagResource": self._tag,
            "UntagResource": self._untag,
        }

    def handle(self, request: Request, _region: str) -> Response:
        """Answer one request."""
        operation = (request.header("X-Amz-Target") or "").removeprefix(TARGET_PREFIX)
        try:
            if operation not in self._operations:
                raise UnsupportedResource(f"budgets {operation}")
            with self._lock:
                return _json(self._operations[operation](request.json()), status=200)
        except ServiceError as error:
            return _json({"__type": error.code, "message": error.message}, status=error.status)

    def _create(self, body: JsonObject) -> JsonObject:
        sent = body["Budget"]
        if sent["BudgetName"] in self._budgets:
            message = f"Error creating budget: {sent['BudgetName']} - the budget already exists."
            raise ServiceError(400, "DuplicateRecordException", message)
        notifications = [
            _notification(entry["Notification"], entry.get("Subscribers") or [])
            for entry in body.get("NotificationsWithSubscribers") or []
        ]
        _check_count("notifications", len(notifications), MAXIMUM_NOTIFICATIONS)
        tags = {tag["Key"]: tag["Value"] for tag in body.get("ResourceTags") or []}
        budget = _Budget(document=_with_defaults(sent), notifications=notifications, tags=tags)
        self._budgets[sent["BudgetName"]] = budget
        return {}

    def _update(self, body: JsonObject) -> JsonObject:
        sent = body["NewBudget"]
        self._found({"BudgetName": sent["BudgetName"]}).document = _with_defaults(sent)
        return {}

    def _delete(self, body: JsonObject) -> JsonObject:
        self._found(body)
        del self._budgets[body["BudgetName"]]
        return {}

    def _found(self, body: JsonObject) -> _Budget:
        try:
            return self._budgets[body["BudgetName"]]
        except KeyError as error:
            message = f"Unable to get budget: {body['BudgetName']} - the budget doesn't exist."
            raise ServiceError(400, "NotFoundException", message) from error

    def _create_notification(self, body: JsonObject) -> JsonObject:
        budget, sent = self._found(body), _notification(body["Notification"], body.get("Subscribers") or [])
        if any(_is_same(known.settings, sent.settings) for known in budget.notifications):
            raise ServiceError(400, "DuplicateRecordException", "The notification already exists.")
        _check_count("notifications", len(budget.notifications) + 1, MAXIMUM_NOTIFICATIONS)
        budget.notifications.append(sent)
        return {}

    def _delete_notification(self, body: JsonObject) -> JsonObject:
        self._found(body).notifications.remove(self._found_notification(body))
        return {}

    def _describe_notifications(self, body: JsonObject) -> JsonObject:
        return {"Notifications": [notification.settings for notification in self._found(body).notifications]}

    def _describe_subscribers(self, body: JsonObject) -> JsonObject:
        return {"Subscribers": self._found_notification(body).subscribers}

    def _found_notification(self, body: JsonObject) -> _Notification:
        for notification in self._found(body).notifications:
            if _is_same(notification.settings, body["Notification"]):
                return notification
        raise ServiceError(400, "NotFoundException", "Unable to get notification - the notification doesn't exist.")

    def _of_arn(self, body: JsonObject) -> _Budget:
        """Return the budget of `arn:aws:budgets::<account>:budget/<name>`."""
        prefix = f"arn:aws:budgets::{ACCOUNT_ID}:budget/"
        return self._found({"BudgetName": body["ResourceARN"].removeprefix(prefix)})

    def _list_tags(self, body: JsonObject) -> JsonObject:
        return {"ResourceTags": [{"Key": key, "Value": value} for key, value in self._of_arn(body).tags.items()]}

    def _tag(self, body: JsonObject) -> JsonObject:
        self._of_arn(body).tags.update({tag["Key"]: tag["Value"] for tag in body["ResourceTags"]})
        return {}

    def _untag(self, body: JsonObject) -> JsonObject:
        tags = self._of_arn(body).tags
        for key in body["ResourceTagKeys"]:
            tags.pop(key, None)
        return {}


def _json(document: JsonObject, *, status: int) -> Response:
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    return Response(status=status, headers=headers, body=json.dumps(document).encode())


def _with_defaults(sent: JsonObject) -> JsonObject:
    """Return a budget with the defaults that API_budgets_Budget states."""
    if sent["BudgetType"] not in MODELLED_TYPES:
        raise UnsupportedResource(f"budgets of type {sent['BudgetType']}")
    if "AutoAdjustData" in sent or "PlannedBudgetLimits" in sent:
        raise UnsupportedResource("budgets that adjust or plan their limit")
    period = sent.get("TimePeriod") or {}
    return {
        **sent,
        "CostTypes": {**DEFAULT_COST_TYPES, **(sent.get("CostTypes") or {})},
        "CostFilters": sent.get("CostFilters") or {},
        "TimePeriod": {
            "Start": period.get("Start", _start_of_month()),
            "End": period.get("End", END_OF_TIME_EPOCH_SECONDS),
        },
        "CalculatedSpend": {"ActualSpend": {"Amount": "0.0", "Unit": "USD"}},
        "LastUpdatedTime": utc_now().timestamp(),
    }


def _start_of_month() -> float:
    """Return the default of Start for a monthly budget, the first day of the month: API_budgets_TimePeriod."""
    return utc_now().astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()


def _notification(settings: JsonObject, subscribers: list[JsonObject]) -> _Notification:
    _check_count("subscribers", len(subscribers), MAXIMUM_SUBSCRIBERS)
    # https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Notification.html
    return _Notification(settings={"ThresholdType": "PERCENTAGE", **settings}, subscribers=subscribers)


def _check_count(what: str, count: int, maximum: int) -> None:
    if count > maximum:
        raise ServiceError(400, "CreationLimitExceededException", f"{count} {what}; at most {maximum} are allowed")


def _is_same(one: JsonObject, other: JsonObject) -> bool:
    """Whether two notifications are one: the API knows them by all their settings but the state."""
    names = ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")
    return all(
        {"ThresholdType": "PERCENTAGE", **one}.get(name) == {"ThresholdType": "PERCENTAGE", **other}.get(name)
        for name in names
    )
