"""The scheduled comparison of both regions' buckets: its function, its rights.

The comparison that the `failover` command makes is its own and lives with the command.
"""
