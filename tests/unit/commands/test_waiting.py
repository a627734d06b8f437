"""What a command says while a region is silent."""

import time

import pytest

from scripts.commands.shared.waiting import waiting_for


def test_silence_is_told_with_its_end_and_answers_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    with waiting_for("S3 in eu-central-1", every_seconds=0.01):
        deadline = time.monotonic() + 10
        while "so far" not in (told := capsys.readouterr().err) and time.monotonic() < deadline:
            time.sleep(0.01)
    assert told.startswith("asking S3 in eu-central-1: 0 s so far, 20 s at most\n")


def test_wait_that_is_short_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with waiting_for("S3 in eu-central-1"):
        pass
    assert capsys.readouterr().err == ""


def test_error_of_the_block_ends_the_telling() -> None:
    with pytest.raises(ValueError, match="of the block"), waiting_for("S3", every_seconds=0.01):
        raise ValueError("of the block")
