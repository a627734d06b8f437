"""Worlds and fakes that tests of several rooms share: fake stores, loopback servers, deployments, virtual time.

Nothing here asserts; what one test module alone needs stays in that module.
"""
