"""Why a built folder cannot be published, as one refusal that names everything."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from scripts.errors import WrongUsageError
from scripts.release.digests import ScannedFile, followed
from scripts.release.serving.clean_urls import FIXED_PREFIXES, problem_of_fixed
from scripts.release.serving.file_rules import ContentRules
from scripts.release.serving.redirects import problems_in_release

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_LONGEST_KEY_BYTES = 1024
# One PUT: https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html
_LARGEST_FILE_BYTES = 5 * 1024**3
_WELL_KNOWN = ".well-known"
"""The one hidden name that viewers ask for: https://www.rfc-editor.org/rfc/rfc8615"""
# https://github.com/middleapi/standard-server/pull/93 (what live endpoints were seen to do)
_ENCODED = re.compile("%[0-9A-Fa-f]{2}")
# https://www.w3.org/TR/xml/#charsets
_NO_XML = "[\\x01-\\x08\\x0b\\x0c\\x0e-\\x1f\\ufffe\\uffff]"
_PREFIX = "releases/0123456789abcdef/"
# What a name has that is refused, and few others have: the rest of ten thousand names need no closer look. A byte that is not
# UTF-8 is a lone surrogate in Python: https://peps.python.org/pep-0383/
_SUSPICIOUS = re.compile(
    rf"(?:^|/)\.|\?|%|[\ud800-\udfff]|{_NO_XML}|^(?:{'|'.join(prefix[1:] for prefix in FIXED_PREFIXES)})"
)


def refuse_problems(folder: Path, entries: Mapping[str, ScannedFile | os.DirEntry[str]], rules: ContentRules) -> None:
    """Refuses a folder for its names, files and links, and for redirects that hide one of its files or lead to none.

    Args:
        folder: the built site.
        entries: name -> file; links are as the folder has them.
        rules: the site file's.

    Raises:
        WrongUsageError: names all of them.
    """
    by_name = {name: _problem_of_name(name) for name in entries}
    stored = {name: rules.style.stored_path(name) for name in entries}
    sound = ((name, entry) for name, entry in entries.items() if not by_name[name])
    problems = [problem for name, entry in sound for problem in _problems(folder, name, stored[name], entry)]
    # One line for a folder, not one a file.
    problems += dict.fromkeys(problem for problem in by_name.values() if problem)
    problems += [
        f"{name}: its address would be that of {path}, because of clean_urls: rename one of them"
        for name, path in stored.items()
        if path != name and path in entries
    ]
    problems += problems_in_release(rules.redirects, stored.values(), rules.style)
    problems += [problem] if (problem := rules.problem_of_fallback(entries)) is not None else []
    if "index.html" not in entries and not any(redirect.key_path == "/" for redirect in rules.redirects):
        problems.append("index.html is missing, and no redirect starts at /: the site would answer 404 there")
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise WrongUsageError(printable(f"{folder} cannot be published:\n{listed}"))


def _problem_of_name(name: str) -> str | None:
    """Returns why nothing of this name is published; the same text for all files of a refused folder."""
    if _SUSPICIOUS.search(name) is None:
        return None
    parts = name.split("/")
    hidden = [index for index, part in enumerate(parts) if part.startswith(".") and part != _WELL_KNOWN]
    if hidden:
        top = "/".join(parts[: hidden[0] + 1])
        return f"{top}: a hidden file or folder, often with secrets in it; only {_WELL_KNOWN} is published: take it out"
    if (problem := problem_of_fixed(name)) is not None:
        return problem
    if "?" in name or _ENCODED.search(name):
        return (
            f"{name}: a name with a ? or with % and two hex digits; API Gateway decodes addresses, and the regional endpoint "
            "could not tell them apart: rename it"
        )
    if printable(name) != name:
        return f"{name}: its name is not UTF-8, and S3's keys are: rename it"
    if re.search(_NO_XML, name):
        return (
            f"{name!r}: a name with a character that XML cannot hold, and S3 is told in XML what to delete: rename it"
        )
    return None


def printable(text: str) -> str:
    """Returns `text` with an escape for each byte of a file name that is not UTF-8: no terminal takes them as they are."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _problems(folder: Path, name: str, stored: str, entry: ScannedFile | os.DirEntry[str]) -> list[str]:
    if not isinstance(entry, ScannedFile) and (problem := _problem_of_link(folder, name, entry)):
        return [problem]
    file = followed(name, entry)
    if not file.is_regular:
        return [f"{name}: neither a file nor a folder: remove it"]
    longest = len(f"{_PREFIX}{stored}".encode())
    problems = []
    if longest > _LONGEST_KEY_BYTES:
        problems.append(f"{name}: its key has {longest} bytes, S3 allows {_LONGEST_KEY_BYTES}: shorten the path")
    if file.size_bytes > _LARGEST_FILE_BYTES:
        problems.append(f"{name}: {file.size_bytes} bytes, one PUT holds 5 GiB: split it")
    return problems


def _problem_of_link(folder: Path, name: str, entry: os.DirEntry[str]) -> str | None:
    try:
        target = Path(entry.path).resolve(strict=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: Python up to 3.12 says so when a link leads to itself
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return f"{name}: {reason}: remove the link or restore what it points at"
    if not target.is_relative_to(folder.resolve()):
        return f"{name}: a link to {target}, outside the folder: copy the file in"
    if target.is_dir():
        return f"{name}: a link to the folder {target}, and S3 has no links: copy the folder there, or remove the link"
    return None
