"""Checks GitHub's roles against the AWS calls that the work makes: `make access`.

What the roles may do is decided in `constructs_lib/access_policies`; here it is only held against recorded calls.
"""
