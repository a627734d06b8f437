"""`failover schema`: the site file's JSON Schema, for editors."""

from __future__ import annotations


def schema() -> None:
    """Print the site file's JSON Schema, with which an editor completes and checks its keys.

    Example: failover schema > site-file.schema.json, then `#:schema ./site-file.schema.json` as the site file's first line.
    """
    from scripts.terraform.synthesis import site_file_schema  # one process more; `--help` should not load it

    print(site_file_schema(), end="")
