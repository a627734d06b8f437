"""The commands that the pages show: those that a reader copies from a block, and those that a sentence or a table names.

What counts as a page and as a command is said here; what is done about each command, in documented_commands.py.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
_FOLDERS = (("docs", "**/*.md"), ("docs/examples", "*.py"), (".github", "**/*.md"))
PAGES = (
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *(path for folder, pattern in _FOLDERS for path in sorted((ROOT / folder).glob(pattern))),
)
NEEDS_AWS = re.compile(r"\bneeds? AWS\b")
"""The mark, at the end of a command's line, in the paragraph before its block, or in its own paragraph."""
_WHOLE_PAGE = re.compile(r"\bon this page needs? AWS\b")
_OURS = "failover|make|python|pytest|pip|pipx"
"""What counts wherever code has it with an argument."""
_OTHERS = "aws|terraform|tofu|cdktf|cdktn|curl|dig|psql|rsync|git|gh|docker|uv|npm|cp|mkdir|echo"
"""What counts in a block, and in a sentence with an argument: `terraform apply` and `aws s3 sync` are names."""
_PREFIX = r"(?:[A-Z_]+=\S* +)*(?:\.venv/bin/)?"
_COMMAND = re.compile(rf"(?:[A-Z]+=\$\()?{_PREFIX}(?:{_OURS}|{_OTHERS}) +\S")
_WITHIN = re.compile(rf"(?:^|(?<=[\s(/]))(?:{_OURS}) +[a-z./\"-][^&|;`]*")
_NAMED = re.compile(rf"{_PREFIX}(?:(?:{_OURS}) +\S|(?!aws \S+ \S+$)(?:{_OTHERS}) +\S+ +\S)")
_CODE = re.compile(r"(?<!`)`([^`\n]+)`")
_COMMENT = re.compile(r" +# .*$")
_LANGUAGES_OF_COMMANDS = ("", "sh", "bash", "console")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCommand:
    """A command on a page.

    Attributes:
        page: the page's path from the repository.
        text: on one line, with one space between words, without a comment and the path of its environment.
        is_whole: it is a line of a block, which a reader copies.
        needs_aws: its page says so.
    """

    page: str
    text: str
    is_whole: bool
    needs_aws: bool


def shown_commands() -> list[ShownCommand]:
    """Returns every command of every page, in the pages' order."""
    return [command for page in PAGES for command in commands_of(page.read_text(encoding="utf-8"), page)]


def commands_of(text: str, page: Path = ROOT / "page.md") -> Iterator[ShownCommand]:
    """Yields the commands of one page."""
    of_page = str(page.relative_to(ROOT))
    is_marked = bool(_WHOLE_PAGE.search(text))
    before = ""
    for is_block, lines in _parts(text):
        whole = "\n".join(lines)
        for line in lines:
            for found, is_whole in _of_block_line(line) if is_block else _of_prose(line):
                marked = is_marked or bool(NEEDS_AWS.search(line if is_block else whole))
                marked = marked or (is_block and bool(NEEDS_AWS.search(before)))
                yield ShownCommand(page=of_page, text=_tidy(found), is_whole=is_whole, needs_aws=marked)
        before = before if is_block else whole


def _of_block_line(line: str) -> Iterator[tuple[str, bool]]:
    code = _COMMENT.sub("", line).strip()
    yield from _of_prose(line.partition(" # ")[2])
    if _COMMAND.match(code):
        yield code, True
    elif not code.startswith("#"):
        yield from ((found, False) for found in _WITHIN.findall(code))


def _of_prose(line: str) -> Iterator[tuple[str, bool]]:
    for code in _CODE.findall(line):
        if _NAMED.match(code):
            yield code, False


def _tidy(code: str) -> str:
    """Returns a command as it is compared; a quote without its other one, or a bracket, is of the file that it stands in."""
    text = re.sub(r" +", " ", code.replace(".venv/bin/", "")).strip()
    return text if text.count('"') % 2 == 0 and text.count("'") % 2 == 0 else text.rstrip("\"'], ")


def _parts(text: str) -> Iterator[tuple[bool, list[str]]]:
    """Yields the paragraphs and the blocks of a page; an item of a list is a paragraph of its own, a row of a table too."""
    part: list[str] = []
    is_block = False
    language: str | None = None
    for line in re.sub(r" *\\\n *", " ", text).split("\n"):
        if line.lstrip().startswith("```"):
            yield is_block, part
            language = None if language is not None else line.strip().removeprefix("```")
            part, is_block = [], language in _LANGUAGES_OF_COMMANDS
        elif language is not None:
            part.append(line if language in _LANGUAGES_OF_COMMANDS else "")
        else:
            is_code = line.startswith("    ") and (is_block or not part)
            if not line.strip() or is_code != is_block or (not is_code and re.match(r" *(?:[-|]|\d+\.) ", line)):
                if any(each.strip() for each in part):
                    yield is_block, part
                part = []
            if line.strip():
                part.append(line)
                is_block = is_code
    yield is_block, part
