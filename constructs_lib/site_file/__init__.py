"""The site file: one TOML per environment, read into frozen models."""

from constructs_lib.errors import ConfigError, Problem
from constructs_lib.site_file.loader import load_site_file
from constructs_lib.site_file.models import (
    Entry,
    HealthCheck,
    Policy,
    Region,
    Role,
    SiteFile,
    State,
    StateBackend,
)

__all__ = [
    "ConfigError",
    "Entry",
    "HealthCheck",
    "Policy",
    "Problem",
    "Region",
    "Role",
    "SiteFile",
    "State",
    "StateBackend",
    "load_site_file",
]
