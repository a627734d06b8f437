"""A team's first hour: a site file of its own, and whether this machine, the account and the domain are ready for it.

Writes one file and otherwise only looks; deploying and publishing belong into `terraform` and `release`.
"""
