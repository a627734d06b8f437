"""localcloud: an AWS control plane and data plane on loopback, for rehearsing failover without an account.

The package knows AWS APIs and nothing of this project's constructs or commands. `localcloud.gateway` answers
the control plane, `localcloud.dataplane` serves DNS, HTTPS and health checks from what the control plane holds,
`localcloud.model` holds the decisions as pure functions.
"""
