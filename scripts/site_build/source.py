"""Reading the source folder: which files it has, and which names are refused.

Names become NFC, the form in which browsers and people type them; a folder that a Mac wrote may hold NFD.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from scripts.errors import WrongUsageError
from scripts.release.serving.clean_urls import problem_of_fixed
from scripts.release.serving.path_patterns import PathPattern, any_of
from scripts.site_build.findings import Finding

_WELL_KNOWN = ".well-known"
_LONGEST_NAME_BYTES = 255 - len(".0123456789abcdef.br")
"""What file systems allow (NAME_MAX of limits.h), less what the build adds to a name."""
_LONGEST_PATH_BYTES = 1024 - len("releases/0123456789abcdef/") - len(".0123456789abcdef.br")
"""What a key of S3 allows: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""
# Characters that S3's guidelines (same page) say to avoid or to handle with care, and that break one of our two ways to serve.
_REFUSED = {
    "+": "S3 reads + in an address as a space, so that viewers would get an error",
    "%": "it reads as the start of an encoded byte",
    "?": "it ends the path of an address",
    "#": "it ends the path of an address",
    "\\": "it is a slash to some systems",
}


def read_source(folder: Path, ignored: Sequence[PathPattern] = ()) -> tuple[dict[str, bytes], list[Finding]]:
    """Reads every file whose name, and whose folders' names, do not start with `.` or are `.well-known`.

    Args:
        folder: the source.
        ignored: files that are left out besides.

    Returns:
        NFC path -> content, sorted by path; and what is wrong with names and links.

    Raises:
        WrongUsageError: no such folder.
    """
    if not folder.is_dir():
        raise WrongUsageError(f"{folder} is not a folder: give the folder of the site's source")
    is_ignored = any_of(ignored)
    files: dict[str, bytes] = {}
    findings = []
    for path in sorted(folder.rglob("*"), key=lambda found: found.as_posix()):
        name = unicodedata.normalize("NFC", path.relative_to(folder).as_posix())
        if _is_hidden(name) or is_ignored(name) or (path.is_dir() and not path.is_symlink()):
            continue
        problem = problem_of_name(name) or _problem_of_file(folder, path)
        if problem is None and name in files:
            problem = "two files whose names differ in Unicode's form alone: remove one"
        if problem is None:
            files[name] = path.read_bytes()
        else:
            findings.append(Finding(path=_printable(name), message=problem))
    return dict(sorted(files.items())), findings + names_differing_by_case(files)


def problem_of_name(name: str) -> str | None:
    """Returns why no file may have this path; what is allowed is everything else, spaces and all of Unicode."""
    for sign, reason in _REFUSED.items():
        if sign in name:
            return f"{sign} in a name: {reason}; rename it"
    if not name.isprintable():
        return "a control character or a byte that is not UTF-8 in its name: rename it"
    if any(part != part.strip() for part in name.split("/")):
        return "a name that starts or ends with a space, which gets lost when it is copied: rename it"
    if any(len(part.encode()) > _LONGEST_NAME_BYTES for part in name.split("/")):
        return f"a name of more than {_LONGEST_NAME_BYTES} bytes: shorten it"
    if len(name.encode()) > _LONGEST_PATH_BYTES:
        return f"a path of {len(name.encode())} bytes, and {_LONGEST_PATH_BYTES} are allowed: shorten it"
    return problem_of_fixed(name)


def names_differing_by_case(names: Iterable[str]) -> list[Finding]:
    """Returns files of which a checkout on macOS or Windows would hold only one."""
    by_folded = defaultdict(list)
    for name in names:
        by_folded[name.casefold()].append(name)
    return [
        Finding(
            path=same[1], message=f"differs from {same[0]} by letter case alone, and macOS holds only one: rename one"
        )
        for same in by_folded.values()
        if len(same) > 1
    ]


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") and part != _WELL_KNOWN for part in name.split("/"))


def _problem_of_file(folder: Path, path: Path) -> str | None:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return "a link that leads nowhere: remove it or restore its target"
    if not target.is_relative_to(folder.resolve()):
        return "a link out of the folder: copy the file in"
    return None if target.is_file() else "neither a file nor a folder: remove it"


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
