"""The glob dialect of the site file's `[[content.rule]]`: which files of a site a pattern means.

A pattern is compared with the whole path of a file, relative to the site's root, letter case and all, after Unicode's NFC.

    *          any characters of one name, also none; never a /
    ?          one character of a name
    **         as a whole name between slashes: any folders, also none; at the end: everything below
    [a-z] [!a] one character out of a set, or out of all others; [*] means the asterisk itself
    {css,js}   one of several texts

A pattern without a slash means files of that name in any folder; `/robots.txt` means the one at the root alone.
The words and meanings are those of gitattributes (https://git-scm.com/docs/gitattributes), with braces added.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

LONGEST_PATTERN = 512
"""Characters; our own limit. A path of S3 has at most 1,024 bytes."""

_TOKEN = re.compile(
    r"(?P<star>\*)|(?P<any>\?)|\[(?P<set>!?\]?[^\]/]*)\]|\{(?P<texts>[^{}/]*)\}|(?P<stray>[\[\]{}])|(?P<text>[^*?\[\]{}]+)"
)


class PatternError(ValueError):
    """A pattern is not of the dialect; the message says what is allowed and what to write."""


@dataclass(frozen=True, slots=True)
class PathPattern:
    """One pattern.

    Args:
        text: the pattern as it stands in the site file.

    Raises:
        PatternError: not of the dialect.
    """

    text: str
    _expression: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_expression", _compile(unicodedata.normalize("NFC", self.text)))

    @property
    def expression(self) -> str:
        """The pattern as a regular expression of the whole path."""
        return self._expression.pattern

    def matches(self, path: str) -> bool:
        """Returns whether the pattern means the file at `path`, relative and with `/`."""
        return self._expression.fullmatch(unicodedata.normalize("NFC", path)) is not None


def any_of(patterns: Iterable[PathPattern]) -> Callable[[str], bool]:
    """Returns a function that says whether one of the patterns means a path: ten thousand files in some milliseconds."""
    joined = "|".join(f"(?:{pattern.expression})" for pattern in patterns) or "(?!)"
    expression = re.compile(joined, re.DOTALL)

    def means(path: str) -> bool:
        return expression.fullmatch(path if path.isascii() else unicodedata.normalize("NFC", path)) is not None

    return means


def _compile(pattern: str) -> re.Pattern[str]:
    _check(pattern)
    names = pattern.removeprefix("/").split("/")
    if "/" not in pattern:
        names = ["**", *names]
    parts = [_folders(names, index) if name == "**" else _name(name) for index, name in enumerate(names)]
    joined = "".join(part if name == "**" else f"{part}/" for name, part in zip(names, parts, strict=True))
    return re.compile(joined.removesuffix("/"), re.DOTALL)


def _check(pattern: str) -> None:
    if not pattern or len(pattern) > LONGEST_PATTERN:
        raise PatternError(f"a pattern has 1 to {LONGEST_PATTERN} characters: write one such as *.css or /downloads/**")
    if not pattern.isprintable():
        raise PatternError("a pattern has no control characters: take them out")
    if "\\" in pattern:
        raise PatternError("a pattern has no \\: write / between folders, and [*] for an asterisk")
    if pattern.startswith("!"):
        raise PatternError("a pattern cannot be turned round with !: write a later rule for the exceptions")
    if pattern.endswith("/"):
        raise PatternError(f"a pattern means files: write {pattern}** for everything below the folder")
    for name in pattern.removeprefix("/").split("/"):
        if name in ("", ".", ".."):
            raise PatternError("a path has no empty names, no . and no ..: take them out")
        if "**" in name and name != "**":
            raise PatternError("** stands alone between slashes: write * inside a name")


def _folders(names: list[str], index: int) -> str:
    return ".+" if index == len(names) - 1 else "(?:[^/]+/)*"


def _name(name: str) -> str:
    return "".join(_token(match) for match in _TOKEN.finditer(name))


def _token(match: re.Match[str]) -> str:
    groups = match.groupdict()
    if groups["star"]:
        return "[^/]*"
    if groups["any"]:
        return "[^/]"
    if groups["set"] is not None:
        return _set(groups["set"])
    if groups["texts"] is not None:
        return "(?:" + "|".join(_name(text) for text in groups["texts"].split(",")) + ")"
    if groups["stray"]:
        raise PatternError(
            f"{groups['stray']} has no partner in its name: write [{groups['stray']}] for the sign itself"
        )
    return re.escape(groups["text"])


def _set(text: str) -> str:
    is_other = text.startswith("!")
    signs = text.removeprefix("!")
    if not signs:
        raise PatternError("[] and [!] mean no character: name at least one")
    for low, high in re.findall(r"(.)-(.)", signs, re.DOTALL):
        if low > high:
            raise PatternError(f"[{text}] goes backwards: write the lower end first, [{high}-{low}]")
    inside = "".join(sign if sign == "-" else re.escape(sign) for sign in signs)
    inside = inside if not inside.startswith("-") else f"\\{inside}"
    inside = inside if not inside.endswith("-") or inside == "\\-" else f"{inside[:-1]}\\-"
    return f"(?!/)[{'^' if is_other else ''}{inside}]"
