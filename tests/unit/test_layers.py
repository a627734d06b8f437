"""Who may import whom: constructs know no command and no emulator, commands no construct, the emulator neither."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FORBIDDEN = {
    "constructs_lib": {"scripts", "localcloud", "boto3", "moto"},
    "scripts": {"constructs_lib", "localcloud", "cdktf", "cdktf_cdktf_provider_aws", "moto"},
    "localcloud": {"constructs_lib", "scripts", "cdktf", "cdktf_cdktf_provider_aws"},
}
# The Lambda's own code: it ships alone and may use what its runtime has.
SHIPPED = ROOT / "constructs_lib" / "functions"


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("package", FORBIDDEN)
def test_package_keeps_to_its_layer(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        if not path.is_relative_to(SHIPPED):
            assert not imported(path) & FORBIDDEN[package], path


def test_no_construct_reads_what_another_one_keeps_to_itself() -> None:
    for path in (ROOT / "constructs_lib").rglob("*.py"):
        private = {
            node.attr
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Attribute)
            and node.attr.startswith("_")
            and not node.attr.startswith("__")
            and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
        }
        assert private == set(), path


# What a team may use alone, in a stack without a site file: docs/CONSTRUCTS.md.
@pytest.mark.parametrize(
    "module",
    [
        "bucket_replication",
        "certificates",
        "content_bucket",
        "edge_policies",
        "firewall",
        "health_checks",
        "hosted_zone",
        "query_log",
        "records",
        "regional_distribution",
        "regional_endpoint",
        "router",
        "zone_signing",
    ],
)
def test_construct_needs_no_whole_site_file(module: str) -> None:
    source = (ROOT / "constructs_lib" / f"{module}.py").read_text(encoding="utf-8")
    names = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    assert "SiteFile" not in names


def test_only_the_clock_module_of_the_commands_imports_time() -> None:
    users = [path.name for path in (ROOT / "scripts").rglob("*.py") if "time" in imported(path)]
    assert users == ["clock.py"]
