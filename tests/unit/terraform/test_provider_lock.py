"""The committed lock file in the stacks: whose provider it holds, and where it is left out."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.terraform import toolchain
from scripts.terraform.provider_lock import NAME, SETTING, is_locked, lock_stacks
from scripts.terraform.toolchain import Host, Product
from tests.worlds import fake_machine
from tests.worlds.fake_terraform import Fake


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    folder = tmp_path / "stacks" / "edge"
    folder.mkdir(parents=True)
    required = {"aws": {"source": "hashicorp/aws", "version": ">= 5.100.0, < 7.0.0"}}
    (folder / "cdk.tf.json").write_text(json.dumps({"terraform": {"required_providers": required}}), encoding="utf-8")
    return folder


@pytest.fixture
def tofu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = fake_machine.tofu(tmp_path)
    monkeypatch.setenv(toolchain.SETTING, str(path))
    toolchain.terraform.cache_clear()
    yield path
    toolchain.terraform.cache_clear()


def lock_file(folder: Path, product: Product) -> Path:
    path = folder / f"{product.command}.hcl"
    path.write_text(
        f"# platforms: {Host.current().platform}\n"
        f'provider "{product.registry}/hashicorp/aws" {{\n  version = "5.100.0"\n  constraints = "x"\n}}\n',
        encoding="utf-8",
    )
    return path


def test_stack_gets_terraforms_lock(tmp_path: Path, stack: Path) -> None:
    assert lock_stacks([stack], {SETTING: str(lock_file(tmp_path, Product.TERRAFORM))}) is None
    assert 'constraints = ">= 5.100.0, < 7.0.0"' in (stack / NAME).read_text(encoding="utf-8")
    assert is_locked(stack, Product.TERRAFORM)
    assert not is_locked(stack, Product.OPENTOFU)


def test_stack_for_opentofu_gets_no_checksums_of_terraforms_registry(tmp_path: Path, stack: Path, tofu: Path) -> None:
    (stack / NAME).write_text("of an earlier synth", encoding="utf-8")
    settings = {SETTING: str(lock_file(tmp_path, Product.TERRAFORM)), toolchain.SETTING: str(tofu)}
    said = lock_stacks([stack], settings)
    assert said is not None
    assert said.endswith("run make provider-lock TERRAFORM_BINARY_NAME=tofu")
    assert not (stack / NAME).exists()


def test_stack_for_opentofu_gets_its_own_lock(tmp_path: Path, stack: Path, tofu: Path) -> None:
    settings = {SETTING: str(lock_file(tmp_path, Product.OPENTOFU)), toolchain.SETTING: str(tofu)}
    assert lock_stacks([stack], settings) is None
    assert is_locked(stack, Product.OPENTOFU)


@pytest.mark.parametrize(("product", "is_kept"), [(Product.TERRAFORM, True), (Product.OPENTOFU, False)])
def test_init_holds_terraform_to_the_lock_and_lets_opentofu_write_its_own(
    tmp_path: Path, product: Product, is_kept: bool
) -> None:
    fake = Fake(tmp_path)
    lock_file(tmp_path, Product.TERRAFORM).rename(fake.stack / NAME)
    terraform = fake.terraform()
    terraform.product = product
    terraform.init(fake.stack)
    assert ("-lockfile=readonly" in fake.arguments.read_text(encoding="utf-8")) is is_kept
