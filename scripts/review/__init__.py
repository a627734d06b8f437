"""What a pull request would change, for its reviewer: the site file's keys, resources in words, rights, cost, recovery, findings.

Compares plans and synthesized stacks; it asks neither AWS nor Terraform, and decides nothing: the reviewer does.
"""
