"""What works on the project itself: set-up, checks over the examples, benches, the pages that are written from code.

Nothing in the product imports it, and no user of the `failover` command needs it.
"""
