"""Waivers in comments of HCL: `# failover:ignore FW123 reason`, above a block, in it, or behind its first line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tree_sitter import Node


_WAIVER = re.compile(r"failover:ignore\b[ \t]*(?P<ids>(?:FW\d+[ \t,]*)*)(?P<reason>[^\n]*)")
_MARK = b"failover:ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A waiver as it is written: the rules it names, "" when it names none, and the reason, "" without one."""

    rule_ids: tuple[str, ...]
    reason: str
    line: int


class Commented(Protocol):
    """A block that may be waived."""

    line: int
    last_line: int
    comments: tuple[Comment, ...]


def comments_of(root: Node, text: bytes, blocks: Sequence[Commented]) -> tuple[Comment, ...]:
    """Gives each waiver of a file to its block, the innermost around it or else the next below; returns what has none."""
    if _MARK not in text:
        return ()
    loose = []
    for comment, end in _waivers(root, text):
        block = _block_of(comment.line, end, blocks, text)
        if block is None:
            loose.append(comment)
        else:
            block.comments += (comment,)
    return tuple(loose)


def _waivers(root: Node, text: bytes) -> Iterator[tuple[Comment, int]]:
    """Yields (waiver, last line of its comment); what stands in a string is none."""
    for match in re.finditer(_MARK, text):
        node = root.descendant_for_byte_range(match.start(), match.end())
        if node is not None and node.type == "comment":
            line = text.count(b"\n", 0, match.start()) + 1
            written = _WAIVER.search(text[match.start() : node.end_byte].decode("utf-8", "replace"))
            ids = tuple(re.findall(r"FW\d+", written["ids"])) if written else ()
            reason = written["reason"].removesuffix("*/").strip(" \t:-") if written else ""
            yield Comment(rule_ids=ids or ("",), reason=reason, line=line), node.end_point[0] + 1


def _block_of(line: int, end: int, blocks: Sequence[Commented], text: bytes) -> Commented | None:
    lines = text.split(b"\n")
    around = [block for block in blocks if block.line <= line <= block.last_line]
    if around:
        return max(around, key=lambda block: block.line)
    below = next((number for number in range(end + 1, len(lines) + 1) if not _is_between(lines[number - 1])), 0)
    return next((block for block in blocks if block.line == below), None)


def _is_between(line: bytes) -> bool:
    return line.strip().startswith((b"#", b"//", b"/*", b"*")) or not line.strip()
