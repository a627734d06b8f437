"""Where the AWS provider is found, in which order, and the configuration written for Terraform."""

from pathlib import Path

import pytest

from scripts.terraform.provider_source import (
    Origin,
    ProviderNotFoundError,
    ProviderSource,
    cli_configuration,
    find_provider,
    hint,
    terraform_config_files,
    terraform_environment,
)
from scripts.terraform.toolchain import Product
from tests.worlds import fake_machine


def test_setting_wins_over_every_other_mirror(tmp_path: Path) -> None:
    fake_machine.unpacked_provider(tmp_path / "home/.terraform.d/plugins", "6.1.0")
    mirror = fake_machine.unpacked_provider(tmp_path / "mine", "5.100.0")
    source = find_provider(fake_machine.host(tmp_path, FAILOVER_PROVIDER_MIRROR=str(mirror)))
    assert (source.kind, source.path, source.version) == (Origin.SETTING, mirror, "5.100.0")


@pytest.mark.parametrize(
    ("version", "platform"), [("4.67.0", "linux_amd64"), ("7.0.0", "linux_amd64"), ("5.100.0", "windows_386")]
)
def test_setting_rejects_a_mirror_without_a_fitting_provider(tmp_path: Path, version: str, platform: str) -> None:
    fake_machine.unpacked_provider(tmp_path / "opt/good", "5.100.0")
    wrong = fake_machine.unpacked_provider(tmp_path / "wrong", version, platform)
    with pytest.raises(ProviderNotFoundError, match=r"wrong holds .*needed is hashicorp/aws >= 5\.100, < 7") as caught:
        find_provider(fake_machine.host(tmp_path, FAILOVER_PROVIDER_MIRROR=str(wrong)))
    assert caught.value.exit_code == 3


def test_setting_rejects_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProviderNotFoundError, match="holds no hashicorp/aws for linux_amd64"):
        find_provider(fake_machine.host(tmp_path, FAILOVER_PROVIDER_MIRROR="/nowhere"))


def test_terraforms_own_installation_settings_are_left_alone(tmp_path: Path) -> None:
    fake_machine.unpacked_provider(tmp_path / "opt/mirror", "5.100.0")
    machine = fake_machine.host(tmp_path)
    rc = machine.home / ".terraformrc"
    rc.write_text("provider_installation {\n  direct {}\n}\n", encoding="utf-8")
    source = find_provider(machine)
    assert (source.kind, source.path) == (Origin.TERRAFORM_CONFIGURATION, rc)
    assert "TF_CLI_CONFIG_FILE" not in terraform_environment(source, tmp_path / "build", machine)


def test_commented_installation_settings_count_for_nothing(tmp_path: Path) -> None:
    machine = fake_machine.host(tmp_path)
    (machine.home / ".terraformrc").write_text(
        "# provider_installation {\n/* provider_installation { */\n", encoding="utf-8"
    )
    assert find_provider(machine).kind is Origin.REGISTRY


def test_config_file_variable_replaces_the_home_folders_even_when_it_names_nothing(tmp_path: Path) -> None:
    machine = fake_machine.host(tmp_path, TF_CLI_CONFIG_FILE=str(tmp_path / "missing.rc"))
    (machine.home / ".terraformrc").write_text("provider_installation {}", encoding="utf-8")
    assert terraform_config_files(machine) == []


@pytest.mark.parametrize(
    "folder",
    [
        "cwd/terraform.d/plugins",
        "home/.terraform.d/plugins",
        "home/.local/share/terraform/plugins",
        "usr/local/share/terraform/plugins",
        "usr/share/terraform/plugins",
    ],
)
def test_implied_mirrors_are_found(tmp_path: Path, folder: str) -> None:
    mirror = fake_machine.unpacked_provider(tmp_path / folder, "5.100.0")
    source = find_provider(fake_machine.host(tmp_path))
    assert (source.kind, source.path) == (Origin.IMPLIED_MIRROR, mirror)


def test_xdg_data_dirs_name_implied_mirrors(tmp_path: Path) -> None:
    mirror = fake_machine.unpacked_provider(tmp_path / "data/terraform/plugins", "5.100.0")
    source = find_provider(fake_machine.host(tmp_path, XDG_DATA_DIRS=f"/x:{tmp_path / 'data'}"))
    assert source.path == mirror


@pytest.mark.parametrize("folder", ["opt", "opt/any-name", "srv/terraform/mirror", "home/tools/tf", "var/lib/a"])
def test_system_folders_are_searched(tmp_path: Path, folder: str) -> None:
    mirror = fake_machine.unpacked_provider(tmp_path / folder, "5.100.0")
    source = find_provider(fake_machine.host(tmp_path))
    assert (source.kind, source.path) == (Origin.SYSTEM_FOLDER, mirror)


@pytest.mark.parametrize("folder", ["opt/a/b/c/d/e", "opt/node_modules/x"])
def test_search_stops_at_its_depth_and_at_folders_of_other_tools(tmp_path: Path, folder: str) -> None:
    fake_machine.unpacked_provider(tmp_path / folder, "5.100.0")
    assert find_provider(fake_machine.host(tmp_path)) == ProviderSource(kind=Origin.REGISTRY)


def test_search_goes_on_past_a_mirror_that_does_not_fit(tmp_path: Path) -> None:
    fake_machine.unpacked_provider(tmp_path / "opt/a", "4.0.0")
    good = fake_machine.unpacked_provider(tmp_path / "srv/b", "6.25.0")
    assert find_provider(fake_machine.host(tmp_path)).path == good


def test_newest_fitting_version_of_a_mirror_is_reported(tmp_path: Path) -> None:
    for version in ("5.100.0", "6.9.1", "6.10.0", "7.0.0", "6.11.0-beta1"):
        fake_machine.unpacked_provider(tmp_path / "opt/m", version)
    assert find_provider(fake_machine.host(tmp_path)).version == "6.10.0"


def test_packed_mirror_is_found_and_gets_a_plugin_cache(tmp_path: Path) -> None:
    fake_machine.packed_provider(tmp_path / "opt/m", "5.100.0")
    machine = fake_machine.host(tmp_path)
    source = find_provider(machine)
    variables = terraform_environment(source, tmp_path / "build", machine)
    assert source.is_packed
    assert Path(variables["TF_PLUGIN_CACHE_DIR"]).is_dir()


def test_unpacked_mirror_is_linked_without_a_cache(tmp_path: Path) -> None:
    mirror = fake_machine.unpacked_provider(tmp_path / "opt/m", "5.100.0")
    machine = fake_machine.host(tmp_path)
    variables = terraform_environment(find_provider(machine), tmp_path / "build", machine)
    assert "TF_PLUGIN_CACHE_DIR" not in variables
    assert Path(variables["TF_CLI_CONFIG_FILE"]).read_text(encoding="utf-8") == cli_configuration(mirror)


def test_own_plugin_cache_is_kept(tmp_path: Path) -> None:
    machine = fake_machine.host(tmp_path, TF_PLUGIN_CACHE_DIR="/cache")
    assert "TF_PLUGIN_CACHE_DIR" not in terraform_environment(find_provider(machine), tmp_path / "build", machine)


def test_generated_configuration_keeps_the_users_other_settings(tmp_path: Path) -> None:
    fake_machine.unpacked_provider(tmp_path / "opt/m", "5.100.0")
    machine = fake_machine.host(tmp_path)
    (machine.home / ".terraformrc").write_text("disable_checkpoint = true", encoding="utf-8")
    variables = terraform_environment(find_provider(machine), tmp_path / "build", machine)
    text = Path(variables["TF_CLI_CONFIG_FILE"]).read_text(encoding="utf-8")
    assert text.startswith("disable_checkpoint = true\nprovider_installation {")
    assert Path(variables["TF_CLI_CONFIG_FILE"]).stat().st_mode & 0o777 == 0o600  # a registry's token may be among them


def test_configuration_quotes_the_path() -> None:
    assert r'path    = "/a \"b\" $${c}"' in cli_configuration(Path('/a "b" ${c}'))


def test_other_providers_are_taken_from_the_mirror_when_it_holds_them_and_else_as_always(tmp_path: Path) -> None:
    mirror = fake_machine.unpacked_provider(tmp_path / "opt/m", "5.100.0")
    platform = fake_machine.host(tmp_path).platform
    (mirror / "registry.terraform.io/hashicorp/random/3.7.2" / platform).mkdir(parents=True)
    (mirror / "registry.terraform.io/acme/shop").mkdir(parents=True)
    (mirror / f"registry.terraform.io/acme/shop/terraform-provider-shop_1.0.0_{platform}.zip").write_bytes(b"")
    (mirror / "registry.terraform.io/hashicorp/archive/2.0.0/another_platform").mkdir(parents=True)
    machine = fake_machine.host(tmp_path)
    variables = terraform_environment(find_provider(machine), tmp_path / "build", machine)
    text = Path(variables["TF_CLI_CONFIG_FILE"]).read_text(encoding="utf-8")
    held = [f"registry.terraform.io/{each}" for each in ("hashicorp/aws", "acme/shop", "hashicorp/random")]
    listed = ", ".join(f'"{each}"' for each in held)
    assert f"include = [{listed}]" in text
    assert f"direct {{\n    exclude = [{listed}]\n  }}" in text


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("list of available versions for provider hashicorp/random: could not connect", "hashicorp/random"),
        ("no available releases for provider registry.terraform.io/acme/shop", "registry.terraform.io/acme/shop"),
        ("versions for provider hashicorp/aws: could not connect", ""),
        ("Failed to install provider", ""),
    ],
)
def test_hint_names_another_provider_that_is_missing(message: str, named: str) -> None:
    text = hint(ProviderSource(kind=Origin.REGISTRY), {}, message)
    assert (f"needs the provider {named}, which" in text) == bool(named)
    assert "terraform providers mirror FOLDER" in text


def test_hint_names_every_place_that_was_searched() -> None:
    text = hint(ProviderSource(kind=Origin.REGISTRY), {})
    assert all(
        place in text for place in ("FAILOVER_PROVIDER_MIRROR", ".terraformrc", "/opt", "terraform providers mirror")
    )


def test_opentofu_takes_its_own_registrys_folder_of_a_mirror_and_no_other(tmp_path: Path) -> None:
    mirror = fake_machine.unpacked_provider(tmp_path / "opt/mirror", "6.1.0")
    machine = fake_machine.host(tmp_path)
    assert find_provider(machine, Product.OPENTOFU) == ProviderSource(kind=Origin.REGISTRY, product=Product.OPENTOFU)
    fake_machine.unpacked_provider(mirror, "5.100.0", registry="registry.opentofu.org")
    source = find_provider(machine, Product.OPENTOFU)
    assert (source.path, source.version) == (mirror, "5.100.0")
    variables = terraform_environment(source, tmp_path / "build", machine)
    text = Path(variables["TF_CLI_CONFIG_FILE"]).read_text(encoding="utf-8")
    assert text == cli_configuration(mirror, product=Product.OPENTOFU)
    assert text.count('"registry.opentofu.org/hashicorp/aws"') == 2
    assert "registry.terraform.io" not in text


def test_mirror_of_terraforms_alone_is_refused_for_opentofu_with_the_command_that_makes_one(tmp_path: Path) -> None:
    mirror = fake_machine.unpacked_provider(tmp_path / "mine", "5.100.0")
    machine = fake_machine.host(tmp_path, FAILOVER_PROVIDER_MIRROR=str(mirror))
    with pytest.raises(
        ProviderNotFoundError,
        match=r"holds no hashicorp/aws .*contains registry\.opentofu\.org \(`tofu providers mirror",
    ):
        find_provider(machine, Product.OPENTOFU)


@pytest.mark.parametrize(
    ("files", "read"),
    [
        ((".tofurc", ".terraformrc"), "home/.tofurc"),
        ((".terraformrc",), "home/.terraformrc"),
        ((), "configuration/opentofu/tofurc"),
    ],
)
def test_opentofu_reads_its_own_configuration_first(tmp_path: Path, files: tuple[str, ...], read: str) -> None:
    machine = fake_machine.host(tmp_path, XDG_CONFIG_HOME=str(tmp_path / "configuration"))
    for path in (*(machine.home / name for name in files), tmp_path / "configuration/opentofu/tofurc"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("disable_checkpoint = true", encoding="utf-8")
    assert terraform_config_files(machine, Product.OPENTOFU) == [tmp_path / read]


def test_opentofus_own_implied_mirror_is_found(tmp_path: Path) -> None:
    mirror = fake_machine.unpacked_provider(
        tmp_path / "data/opentofu/plugins", "5.100.0", registry="registry.opentofu.org"
    )
    machine = fake_machine.host(tmp_path, XDG_DATA_HOME=str(tmp_path / "data"))
    assert find_provider(machine, Product.OPENTOFU).path == mirror
    (machine.home / ".terraform.d").mkdir()  # it keeps to what Terraform left behind
    assert find_provider(machine, Product.OPENTOFU).path is None


def test_hint_for_opentofu_names_what_it_reads() -> None:
    text = hint(ProviderSource(kind=Origin.REGISTRY, product=Product.OPENTOFU), {})
    assert all(place in text for place in (".tofurc", "registry.opentofu.org", "`tofu providers mirror FOLDER`"))
    assert "erraform" not in text
