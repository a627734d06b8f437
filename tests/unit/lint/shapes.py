"""The same configuration as `terraform show -json` would print it: as a plan before the first apply, and as a state."""

import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

_META = {"provider", "depends_on", "count", "for_each"}
_USE = re.compile(r"(?P<address>[a-z0-9]+_[a-z0-9_]+\.[\w-]+|each\.value)\.(?P<attribute>\w+)")
_REFERENCE = re.compile(r"\$\{(?P<address>[a-z0-9_]+\.[\w-]+)\.(?P<attribute>\w+)\}")


def resources(configuration: Json) -> Iterator[tuple[str, str, Json]]:
    for type_, named in configuration["resource"].items():
        for name, body in named.items():
            yield type_, name, body


def as_plan(configuration: Json) -> Json:
    planned, configured, changes = [], [], []
    for type_, name, body in resources(configuration):
        address = f"{type_}.{name}"
        plain = {key: value for key, value in body.items() if key not in _META}
        known, unknown, expressions = _split(plain)
        planned.append({"address": address, "mode": "managed", "type": type_, "name": name, "values": known})
        changes.append({"address": address, "change": {"actions": ["create"], "after_unknown": unknown}})
        configured.append(
            {
                "address": address,
                "provider_config_key": body.get("provider", "aws"),
                "expressions": expressions,
                "depends_on": body.get("depends_on", []),
                "for_each_expression": _split(body["for_each"])[2] if "for_each" in body else {},
            }
        )
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {
            "provider_config": _providers(configuration),
            "root_module": {"resources": configured},
        },
    }


def _providers(configuration: Json) -> Json:
    required = configuration.get("terraform", {}).get("required_providers", {}).get("aws", {})
    found = {}
    for provider in configuration["provider"]["aws"]:
        key = f"aws.{provider['alias']}" if "alias" in provider else "aws"
        found[key] = {"expressions": {"region": {"constant_value": provider["region"]}}}
        if "version" in required:
            found[key]["version_constraint"] = required["version"]
    return found


def _split(value: Any) -> tuple[Any, Any, Any]:
    """Returns what the plan knows, its after_unknown, and the configuration's expressions."""
    if isinstance(value, str) and "${" in value:
        names = [
            name
            for match in _USE.finditer(value)
            for name in (f"{match['address']}.{match['attribute']}", match["address"])
        ]
        return None, True, {"references": names}
    if isinstance(value, dict):
        # Nested blocks are lists in a provider's values, also those of which there is one.
        parts = {
            key: _split([item] if isinstance(item, dict) and key != "tags" else item) for key, item in value.items()
        }
        known = {key: part[0] for key, part in parts.items() if part[1] is not True}
        return known, {key: part[1] for key, part in parts.items()}, {key: part[2] for key, part in parts.items()}
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        split = [_split(item) for item in value]
        return [one[0] for one in split], [one[1] for one in split], [one[2] for one in split]
    if isinstance(value, list) and any("${" in item for item in value if isinstance(item, str)):
        # So prints Terraform of configuration in JSON: the expressions are in constant_value as well.
        references = [reference for item in value for reference in _split(item)[2].get("references", [])]
        return None, True, {"constant_value": value, "references": references}
    return value, False, {"constant_value": value}


def as_state(configuration: Json) -> Json:
    computed = {
        f"{type_}.{name}": _computed(type_, name, body, configuration) for type_, name, body in resources(configuration)
    }
    entries = []
    for type_, name, body in resources(configuration):
        address = f"{type_}.{name}"
        plain = {key: value for key, value in body.items() if key not in _META}
        values = {**computed[address], **_resolve(plain, computed)}
        entries.append({"address": address, "mode": "managed", "type": type_, "name": name, "values": values})
    return {"format_version": "1.0", "values": {"root_module": {"resources": entries}}}


def _computed(type_: str, name: str, body: Json, configuration: Json) -> Json:
    aliases = {provider.get("alias"): provider["region"] for provider in configuration["provider"]["aws"]}
    region = aliases[body.get("provider", "aws").partition(".")[2] or None]
    if type_ == "aws_s3_bucket":
        bucket = body["bucket"]
        return {
            "id": bucket,
            "arn": f"arn:aws:s3:::{bucket}",
            "region": region,
            "bucket_regional_domain_name": f"{bucket}.s3.{region}.amazonaws.com",
        }
    service = "acm" if type_ == "aws_acm_certificate" else "service"
    made = {"id": f"id-{type_}-{name}", "arn": f"arn:aws:{service}:{region}:1:{type_}/{name}"}
    if type_ == "aws_cloudfront_distribution":
        made["domain_name"] = f"{name}.cloudfront.net"
    if type_ == "aws_route53_zone":
        made["zone_id"] = made["id"]
    return {**made, **{key: value for key, value in body.items() if isinstance(value, str) and key in ("alarm_name",)}}


def _resolve(value: Any, computed: dict[str, Json]) -> Any:
    if isinstance(value, str):
        match = _REFERENCE.fullmatch(value)
        if not match:
            return value
        known = computed.get(match["address"], {"id": "made-elsewhere"})
        return known.get(match["attribute"], known["id"])
    if isinstance(value, dict):
        return {
            key: [_resolve(item, computed)] if isinstance(item, dict) and key != "tags" else _resolve(item, computed)
            for key, item in value.items()
        }
    return [_resolve(item, computed) for item in value] if isinstance(value, list) else value
