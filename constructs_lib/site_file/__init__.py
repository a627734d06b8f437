"""The site file: one TOML per environment, read into frozen models.

Keys, types, defaults and their refusals belong here; what is built from them does not.
"""
