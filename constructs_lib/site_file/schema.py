"""The site file as a JSON Schema, for editors and for the page of all keys: https://json-schema.org/draft/2020-12."""

from __future__ import annotations

from typing import Any

from constructs_lib.site_file.models import SiteFile


def json_schema() -> dict[str, Any]:
    """Returns the schema of a site file's TOML. Rules that need two keys are not in it: the synthesis has those."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **SiteFile.model_json_schema()}
