"""The router function as it is deployed, against what AWS documents of CloudFront Functions.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html
"""

import re
from pathlib import Path

import pytest

from constructs_lib.edge.router_policy import router_sources
from constructs_lib.edge.router_source import LARGEST_FUNCTION_BYTES, SOURCE, render
from constructs_lib.site_file.loader import load_site_file
from constructs_lib.site_file.models import Entry
from localcloud.dataplane.edge.function_syntax import unsupported_syntax

CONFIG = Path(__file__).parents[2] / "config"
LISTED_METHODS = {
    # strings
    "endsWith", "includes", "indexOf", "lastIndexOf", "replace", "split", "startsWith", "substring", "toLowerCase", "trim",
    # regular expressions
    "test",
    # arrays
    "filter", "find", "join", "map", "some",
    # JSON, Math
    "parse", "cos", "sin", "random",
    # crypto
    "createHash", "digest", "update",
    # CloudFront's own: key value store, origins, query string
    "kvs", "get", "createRequestOriginGroup", "updateRequestOrigin", "rawQueryString",
}  # fmt: skip


def deployed() -> dict[str, str]:
    """Returns site file and region -> source."""
    found: dict[str, str] = {}
    for path in sorted(CONFIG.glob("*.toml")):
        site = load_site_file(path)
        if site.routing.entry is not Entry.CLOUDFRONT:
            continue
        found |= {f"{path.stem} {own}": source for own, source in router_sources(site).items()}
    return found


DEPLOYED = deployed()


@pytest.mark.parametrize("which", DEPLOYED)
def test_router_keeps_to_the_size_limit(which: str) -> None:
    assert LARGEST_FUNCTION_BYTES == 10_240
    assert len(DEPLOYED[which].encode()) <= LARGEST_FUNCTION_BYTES


def test_router_that_grew_too_large_is_refused_at_synth() -> None:
    with pytest.raises(ValueError, match="CloudFront takes at most 10240"):
        render(own="eu-central-1", other="us-east-1", policy={"kind": "x" * LARGEST_FUNCTION_BYTES})


@pytest.mark.parametrize("which", DEPLOYED)
def test_router_uses_the_syntax_that_the_runtime_lists(which: str) -> None:
    assert unsupported_syntax(DEPLOYED[which]) is None


def test_router_calls_the_methods_that_the_runtime_lists() -> None:
    code = re.sub(r"^\s*//.*$", "", SOURCE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert set(re.findall(r"\.(\w+)\(", code)) <= LISTED_METHODS


def test_router_imports_the_modules_that_the_runtime_has() -> None:
    code = SOURCE.read_text(encoding="utf-8")
    assert set(re.findall(r"^import \w+ from '(\w+)'", code, re.MULTILINE)) == {"cloudfront", "crypto"}


def test_deployed_router_is_the_source_without_its_comments() -> None:
    code = next(iter(DEPLOYED.values())).splitlines()
    assert [line for line in code if line.lstrip().startswith("//")] == code[:1]
    source = SOURCE.read_text(encoding="utf-8").splitlines()
    wanted = [line for line in source if line.strip() and not line.lstrip().startswith("//")]
    assert [line for line in code[1:] if "CONFIG = " not in line] == [
        line for line in wanted if "CONFIG = " not in line
    ]
