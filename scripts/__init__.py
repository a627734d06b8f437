"""The `failover` command, one module a verb.

Knows Terraform outputs and AWS; never `constructs_lib` or `localcloud`.
"""
