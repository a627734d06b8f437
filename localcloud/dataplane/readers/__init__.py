"""Readers of the control plane: one module a service, each turning AWS's answers into the configuration.

A resource that is not modelled is logged and refused by itself; it never hides the others.
"""
