"""docs/examples/own_stack.py is a team's own stack: it synthesizes, is sound and lints clean, and the real provider takes it."""

import importlib.util
import json
import os
import re
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from scripts.errors import WrongUsageError
from scripts.lint.model import Configuration
from scripts.lint.reading import read_document
from scripts.lint.rules import ALL_RULES
from scripts.lint.waivers import judge
from scripts.terraform.cli import Terraform, from_this_machine
from scripts.terraform.deploy import stack_order
from scripts.terraform.synthesis import chosen_program, stack_folders, synthesize
from tests.worlds import stack_properties

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "own_stack.py"
PAGE = ROOT / "docs" / "CONSTRUCTS.md"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("own_stack", EXAMPLE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(example: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found: Path = example.write(tmp_path_factory.mktemp("own"))
    return found


@pytest.fixture(scope="module")
def stack(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "cdk.tf.json").read_bytes())
    return document


@pytest.mark.parametrize("rule", [rule for rule in stack_properties.RULES if rule is not stack_properties.untagged])
def test_own_stack_is_sound(stack: dict[str, Any], rule: Any) -> None:
    assert rule({"shop": stack}) == []


def test_own_stack_lints_clean(stack: dict[str, Any]) -> None:
    judgement = judge(Configuration([read_document("shop", stack)]), ALL_RULES)
    assert [(one.rule.id, one.finding.address) for one in judgement.violations] == []


def test_own_stack_names_an_output_folder_that_it_cannot_make(
    example: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert example.main([str(tmp_path / "file")]) == 3
    assert capsys.readouterr().err == (
        f"{tmp_path / 'file' / 'stacks'}: Not a directory; name a folder that can be written to\n"
    )


@pytest.mark.slow
def test_own_stack_is_valid_for_the_real_provider(folder: Path, tmp_path: Path) -> None:
    terraform = from_this_machine(tmp_path, {})
    terraform.init(folder)
    assert _validate(terraform, folder) == {"valid": True, "error_count": 0}


def _validate(terraform: Terraform, folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [str(terraform.binary), f"-chdir={folder}", "validate", "-json"],
        env={**os.environ, **terraform.environment},
        capture_output=True,
        text=True,
    )
    answer = json.loads(done.stdout[done.stdout.index("{") :])
    assert answer["error_count"] == 0, answer["diagnostics"]
    return {key: answer[key] for key in ("valid", "error_count")}


def test_page_shows_what_the_example_says() -> None:
    """The page's Python is a part of the example, so it runs; line breaks are the formatter's."""
    example = "".join(EXAMPLE.read_text(encoding="utf-8").split())
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        assert "".join(block.split()) in example


def test_page_lists_every_construct_that_needs_no_site_file() -> None:
    page = PAGE.read_text(encoding="utf-8")
    used = set(re.findall(r"constructs_lib\.(\w+) import [A-Z][a-z]", EXAMPLE.read_text(encoding="utf-8"))) - {
        "site_file"
    }
    assert all(f"`{module}.py`" in page for module in used)


BESIDE = ROOT / "docs" / "examples" / "site_and_shop.py"
SITE_FILE = ROOT / "config" / "prod.example.toml"


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stacks that a command makes by a team's program."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAILOVER_PROGRAM", str(BESIDE))
        return synthesize(SITE_FILE, tmp_path_factory.mktemp("beside"))


def test_a_teams_program_makes_the_sites_stacks_and_its_own(beside: Path) -> None:
    golden = {path.stem for path in (ROOT / "tests" / "synth" / "golden" / "prod.example").glob("*.json")}
    assert {folder.name for folder in stack_folders(beside)} == golden | {"shop"}
    assert stack_order(beside)[-1] == ["shop"], "it is applied, and last"


def test_a_teams_stack_has_the_sites_state_provider_and_tags(beside: Path) -> None:
    shop = json.loads((beside / "shop" / "cdk.tf.json").read_bytes())
    backend = shop["terraform"]["backend"]["s3"]
    assert (backend["key"], backend["use_lockfile"]) == ("failover-site/prod/shop.tfstate", True)
    (provider,) = shop["provider"]["aws"]
    assert provider["default_tags"][0]["tags"]["Stack"] == "shop"
    assert (beside / "shop" / ".terraform.lock.hcl").read_bytes() == (
        beside / "edge" / ".terraform.lock.hcl"
    ).read_bytes()


def test_program_that_is_no_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FAILOVER_PROGRAM", str(tmp_path / "absent.py"))
    with pytest.raises(WrongUsageError, match=r"FAILOVER_PROGRAM=.*absent\.py is no file"):
        synthesize(SITE_FILE, tmp_path)


@pytest.mark.parametrize("value", ["", None])
def test_program_is_main_unless_one_is_named(value: str | None) -> None:
    assert chosen_program({} if value is None else {"FAILOVER_PROGRAM": value}) == ROOT / "main.py"
