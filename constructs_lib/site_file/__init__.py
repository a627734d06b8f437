"""The site file: one TOML per environment, read into frozen models."""
