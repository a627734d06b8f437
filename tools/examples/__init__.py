"""Checks over every example site file in `config/`: lint, checkov, apply and destroy, the rights that its work needs.

What a user of the product runs belongs into the `failover` command.
"""
