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


def test_only_the_clock_module_of_the_commands_imports_time() -> None:
    users = [path.name for path in (ROOT / "scripts").rglob("*.py") if "time" in imported(path)]
    assert users == ["clock.py"]
