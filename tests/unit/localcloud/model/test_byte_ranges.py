"""What a Range header asks for (RFC 9110 section 14.1.2)."""

import pytest

from localcloud.model.byte_ranges import byte_range


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("bytes=0-3", (0, 3)),
        (" bytes=4- ", (4, 9)),
        ("bytes=-3", (7, 9)),
        ("bytes=0-" + "9" * 5000, (0, 9)),
        ("bytes=" + "9" * 5000 + "-", (int("9" * 19), 9)),
        ("bytes=-" + "9" * 5000, (0, 9)),
        ("bytes=" + "0" * 5000 + "2-" + "0" * 5000 + "3", (2, 3)),
        ("bytes=" + "0" * 5000 + "-", (0, 9)),
        ("bytes=-", None),
        ("bytes=٣-٤", None),
        ("bytes=0-1,3-4", None),
        ("lines=0-1", None),
        (None, None),
    ],
)
def test_range_is_read_whatever_its_length(header: str | None, found: tuple[int, int] | None) -> None:
    assert byte_range(header, 10) == found
