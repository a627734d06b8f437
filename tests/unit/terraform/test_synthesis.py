"""A synthesized stack's configuration as the commands read it."""

from pathlib import Path

import pytest

from scripts.errors import StacksError
from scripts.terraform.synthesis import read_stack


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(None, "is not there", id="nothing"),
        pytest.param("", "is no JSON", id="an empty file"),
        pytest.param("{", "is no JSON", id="half a file"),
        pytest.param("\xff\xfe", "is no JSON", id="no UTF-8"),
        pytest.param("[]", "is no Terraform JSON", id="a list"),
        pytest.param('{"resource": "none"}', "is no Terraform JSON", id="resources that are a text"),
        pytest.param('{"terraform": null}', "is no Terraform JSON", id="a section of nothing"),
    ],
)
def test_stack_that_cannot_be_read_is_named_with_what_to_do(tmp_path: Path, content: str | None, problem: str) -> None:
    if content is not None:
        (tmp_path / "cdk.tf.json").write_text(content, encoding="latin-1")
    with pytest.raises(StacksError) as refused:
        read_stack(tmp_path)
    assert f"{tmp_path / 'cdk.tf.json'} {problem}" in str(refused.value)
    assert "synthesize the site again" in str(refused.value)


def test_stack_is_read_with_the_sections_that_it_has(tmp_path: Path) -> None:
    (tmp_path / "cdk.tf.json").write_text('{"output": {"a": {"value": 1}}}', encoding="utf-8")
    assert read_stack(tmp_path) == {"output": {"a": {"value": 1}}}
