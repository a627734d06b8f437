"""The Range header, as S3 and CloudFront read it (RFC 9110 section 14)."""

import re

_RANGE = re.compile(r"bytes=(?P<first>[0-9]*)-(?P<last>[0-9]*)")
# More digits than any object's size has; Python refuses to read more than 4,300 of them.
_LONGEST_NUMBER = 19


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the first and last byte asked for, or None for the whole object.

    First is after last when no byte of the range exists, which is a 416. Several ranges and other units get the whole.
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or match.groups() == ("", ""):
        return None
    if not match["first"]:
        return max(0, size - _number(match["last"])), size - 1
    return _number(match["first"]), min(_number(match["last"]), size - 1) if match["last"] else size - 1


def _number(digits: str) -> int:
    """Return what the digits say, of a very long number only that it is beyond every size."""
    return int(digits) if len(digits) <= _LONGEST_NUMBER else int(digits.lstrip("0")[:_LONGEST_NUMBER] or 0)
