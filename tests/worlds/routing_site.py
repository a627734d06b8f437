"""A site file of two regions whose entry, policy and targets a test fills in."""

from pathlib import Path

SITE = """
[site]
domain_name = "example.com"
hostname = "www.example.com"
environment = "test"
project = "failover-site"
[[region]]
name = "eu-central-1"
role = "primary"
{first}
[[region]]
name = "us-east-1"
role = "secondary"
{second}
{more}
[routing]
entry = "{entry}"
policy = "{policy}"
[health_check]
region_check_protocol = "{protocol}"
{health_check}
[state]
backend = "local"
"""


def site_text(entry: str, policy: str, **parts: str) -> str:
    """Returns the file's text; parts: first, second (keys of a region), more (tables), health_check, protocol."""
    protocol = "https" if entry == "regional" else "http"
    texts = {"first": "", "second": "", "more": "", "health_check": "", "protocol": protocol, **parts}
    return SITE.format(entry=entry, policy=policy, **texts)


def write_site(folder: Path, entry: str, policy: str, **parts: str) -> Path:
    """Writes the file with the text that `site_text` returns."""
    path = folder / "site.toml"
    path.write_text(site_text(entry, policy, **parts), encoding="utf-8")
    return path
