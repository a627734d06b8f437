"""Another region in a site file: what changes, what stays, what is refused."""

import tomllib
from pathlib import Path

import pytest

from scripts.errors import WrongUsageError
from scripts.regions.site_file_change import parsed, read_site_file

FILE = Path("site.toml")
TEXT = """# Whose site this is.

[site] # kept
hostname = "eu-central-1.example.com"

[[region]]
name = 'eu-central-1' # the nearest
role = "primary"
weight = 80

[[region]]
name = "us-east-1"
role = "secondary"

[[endpoint]]
name = "cloud"
near_region = "eu-central-1"

[features]
kms = true
api = false
"""


def test_new_region_gets_the_place_of_the_old_one() -> None:
    changed = parsed(FILE, TEXT).with_region("eu-central-1", "eu-west-1")
    assert changed.regions == ["eu-west-1", "us-east-1"]
    assert changed.document["region"][0] == {"name": "eu-west-1", "role": "primary", "weight": 80}


def test_nothing_else_changes_and_comments_stay() -> None:
    """A host name that begins like the region, and an endpoint near it, are not the region."""
    text = parsed(FILE, TEXT).with_region("eu-central-1", "eu-west-1").text
    differing = [pair for pair in zip(TEXT.splitlines(), text.splitlines(), strict=True) if pair[0] != pair[1]]
    assert [after for _, after in differing] == ['name = "eu-west-1" # the nearest']


def test_change_and_change_back_say_the_same() -> None:
    there = parsed(FILE, TEXT).with_region("eu-central-1", "eu-west-1")
    assert there.with_region("eu-west-1", "eu-central-1").document == tomllib.loads(TEXT)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("eu-north-1", "eu-west-1", "eu-north-1 is not a region of site.toml: it has eu-central-1, us-east-1"),
        ("eu-central-1", "us-east-1", "us-east-1 is a region of site.toml already"),
    ],
)
def test_region_that_is_not_there_or_is_there_already_is_refused(old: str, new: str, said: str) -> None:
    with pytest.raises(WrongUsageError, match=said):
        parsed(FILE, TEXT).with_region(old, new)


@pytest.mark.parametrize("content", [b"[site\n", b"\xff\xfe"])
def test_file_that_is_no_toml_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(content)
    with pytest.raises(WrongUsageError, match="name the site file that is deployed"):
        read_site_file(path)


def test_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUsageError, match="No such file"):
        read_site_file(tmp_path / "none.toml")


def test_features_and_entry_are_read_as_they_take_effect() -> None:
    site = parsed(FILE, TEXT)
    assert [site.has_feature(name) for name in ("kms", "api", "database")] == [True, False, False]
    assert site.entry == "cloudfront"
    assert parsed(FILE, '[routing]\nentry = "regional"\n').entry == "regional"
