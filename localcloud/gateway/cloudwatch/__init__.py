"""CloudWatch and what hangs on it: metrics, alarms and their actions, EventBridge rules, deliveries. The API itself is moto's."""
