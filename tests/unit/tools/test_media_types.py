"""The table of media types: the one that IANA registered wins an extension, and what is stored is what mime-db's version gave."""

from typing import Any

from tools.setup.media_types import TARGET, VERSION, table


def test_registered_type_goes_before_vendors_and_private_ones() -> None:
    database: dict[str, dict[str, Any]] = {
        "application/x-a": {"source": "apache", "extensions": ["a"]},
        "image/a": {"source": "iana", "extensions": ["a"]},
        "application/vnd.a": {"source": "iana", "extensions": ["a", "b"]},
        "text/none": {"source": "iana"},
    }
    assert table(database).splitlines()[1:] == ["a\timage/a", "b\tapplication/vnd.a"]


def test_stored_table_says_whose_it_is_and_has_a_type_for_each_extension() -> None:
    first, *lines = TARGET.read_text(encoding="utf-8").splitlines()
    assert f"mime-db {VERSION}" in first
    assert all(line.count("\t") == 1 and "/" in line.split("\t")[1] for line in lines)
    assert len(lines) > 1000
