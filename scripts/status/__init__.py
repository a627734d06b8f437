"""What users get at this moment: entries asked over the network, health checks and alarms as AWS reports them, and what follows.

Nothing here changes anything. What the buckets hold belongs into `release`; measuring over time belongs into `drill`.
"""
