"""`failover init`: writes a file that synthesizes, and nothing when it is refused."""

import sys
from pathlib import Path

import pytest

from scripts import cli


def init(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    monkeypatch.setattr(sys, "argv", ["failover", "init", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return end.value.code


def test_file_is_written_with_its_cost_and_recovery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "prod.toml"
    assert init(monkeypatch, str(path), "--domain", "example.org", "--email", "oncall@example.org") == 0
    output = capsys.readouterr().out
    assert path.read_text(encoding="utf-8").count("example.org") > 1
    assert "USD a month" in output
    assert "in 95 of 100 outages within 148.5 s" in output
    assert "opt-in" not in output


def test_region_that_is_off_in_an_account_gets_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "prod.toml"
    assert init(monkeypatch, str(path), "--domain", "example.org", "--secondary", "eu-south-1") == 0
    assert "aws account enable-region --region-name eu-south-1" in capsys.readouterr().out


def test_file_of_one_region_synthesizes_and_says_what_nothing_covers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "prod.toml"
    assert init(monkeypatch, str(path), "--domain", "example.org", "--secondary", "", "--email", "") == 0
    output = capsys.readouterr().out
    assert "www.example.org in eu-central-1.\n" in output
    assert "layer 1: never; layer 3: " in output
    assert path.read_text(encoding="utf-8").count("\n[[region]]") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--domain", "example.org", "--primary", "mars-north-1"], "mars-north-1"),
        (["--domain", 'exam"ple.org'], "quote"),
        ([], "--domain"),
    ],
)
def test_refused_answer_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    path = tmp_path / "prod.toml"
    assert init(monkeypatch, str(path), *arguments) == 2
    assert said in capsys.readouterr().err
    assert not path.exists()


def test_file_that_is_there_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "prod.toml"
    path.write_text("mine")
    assert init(monkeypatch, str(path), "--domain", "example.org") == 2
    assert path.read_text() == "mine"
