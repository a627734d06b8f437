"""Makes a fresh clone ready: the environment, Node, the provider, npm tools, the lock files.

Run by the Makefile; nothing of the product imports it.
"""
