"""Which plans `make checkov` reads."""

import json
from pathlib import Path

import pytest

from scripts.errors import EnvironmentFailureError
from tools.examples.checkov_scan import main, read_plans


def test_plans_that_are_there_are_read_by_stack(tmp_path: Path) -> None:
    for stack in ("dns", "edge"):
        (tmp_path / stack).mkdir()
        (tmp_path / stack / "plan.json").write_text(json.dumps({"of": stack}), encoding="utf-8")
    (tmp_path / "audit").mkdir()
    assert read_plans(tmp_path, tmp_path) == {"dns": {"of": "dns"}, "edge": {"of": "edge"}}


@pytest.mark.parametrize(("content", "problem"), [(None, "holds no"), ("not JSON", "is no JSON")])
def test_folder_without_plans_is_refused(tmp_path: Path, content: str | None, problem: str) -> None:
    if content is not None:
        (tmp_path / "dns").mkdir()
        (tmp_path / "dns" / "plan.json").write_text(content, encoding="utf-8")
    with pytest.raises(EnvironmentFailureError, match=problem):
        read_plans(tmp_path, tmp_path)


@pytest.mark.parametrize("arguments", [[], ["a.toml", "b.toml"], ["a.toml", "--plan"]])
def test_plans_belong_to_one_site_file(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([*arguments, "--plans", "stacks"])
    assert "--plans wants one site file" in capsys.readouterr().err
