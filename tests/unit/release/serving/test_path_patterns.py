"""The glob dialect: a table, a second implementation that reads the words of the docstring one by one, and refusals."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.release.serving.path_patterns import LONGEST_PATTERN, PathPattern, PatternError


@pytest.mark.parametrize(
    ("pattern", "path", "is_meant"),
    [
        ("*.css", "a.css", True),
        ("*.css", "deep/er/a.css", True),
        ("*.css", "a.css.br", False),
        ("*.css", "a.CSS", False),
        ("/*.css", "a.css", True),
        ("/*.css", "deep/a.css", False),
        ("/robots.txt", "robots.txt", True),
        ("/robots.txt", "en/robots.txt", False),
        ("robots.txt", "en/robots.txt", True),
        ("docs/*", "docs/a", True),
        ("docs/*", "docs/a/b", False),
        ("docs/*", "en/docs/a", False),
        ("docs/**", "docs/a/b", True),
        ("docs/**", "docs", False),
        ("docs/**/a", "docs/a", True),
        ("docs/**/a", "docs/x/y/a", True),
        ("docs/**/a", "docs/xa", False),
        ("**/a", "a", True),
        ("**", "any/thing", True),
        ("?.js", "ä.js", True),
        ("?.js", ".js", False),
        ("[a-c].js", "b.js", True),
        ("[a-c].js", "d.js", False),
        ("[!a-c].js", "d.js", True),
        ("[!a-c].js", "b.js", False),
        ("a[!b]c", "a/c", False),
        ("[*].js", "*.js", True),
        ("[*].js", "a.js", False),
        ("[]].js", "].js", True),
        ("[^].js", "^.js", True),
        ("[a-].js", "-.js", True),
        ("*.{css,js}", "a/b.js", True),
        ("*.{css,js}", "a/b.json", False),
        ("{a*,b}.js", "axy.js", True),
        ("a.b", "axb", False),
        ("caf\u00e9", "cafe\u0301", True),
        ("a b+c%", "a b+c%", True),
    ],
)
def test_pattern_means_a_path(pattern: str, path: str, is_meant: bool) -> None:
    assert PathPattern(pattern).matches(path) is is_meant


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("", "1 to 512 characters"),
        ("a" * (LONGEST_PATTERN + 1), "1 to 512 characters"),
        ("a\nb", "control characters"),
        ("a\\*", "write / between folders"),
        ("!*.css", "write a later rule"),
        ("docs/", "write docs/**"),
        ("a//b", "empty names"),
        ("../a", "no .."),
        ("./a", "no . and"),
        ("a**", "** stands alone"),
        ("[a", "[ has no partner"),
        ("a]", "] has no partner"),
        ("{a", "{ has no partner"),
        ("{a,{b,c}}", "has no partner"),
        ("{a/b,c}", "has no partner"),
        ("[!]", "name at least one"),
        ("[z-a]", "write the lower end first"),
    ],
)
def test_pattern_rejects(pattern: str, named: str) -> None:
    with pytest.raises(PatternError, match=re.escape(named)):
        PathPattern(pattern)


NAMES = st.text("ab.", min_size=1, max_size=4).filter(lambda name: name not in (".", ".."))
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
GLOB_NAMES = st.one_of(
    st.just("**"),
    st.lists(st.sampled_from(["a", "b", ".", "*", "?", "[ab]", "[!a]", "{a,bb}"]), min_size=1, max_size=4)
    .map("".join)
    .filter(lambda name: "**" not in name and name not in (".", "..")),
)
PATTERNS = st.lists(GLOB_NAMES, min_size=1, max_size=4).map("/".join)


def meant(pattern: str, path: str) -> bool:
    names = pattern.split("/") if "/" in pattern else ["**", *([] if pattern == "**" else [pattern])]
    return below(names, path.split("/"))


def below(names: list[str], path: list[str]) -> bool:
    if not names:
        return not path
    if names == ["**"]:
        return bool(path)
    if names[0] == "**":
        return any(below(names[1:], path[start:]) for start in range(len(path) + 1))
    return bool(path) and name_meant(names[0], path[0]) and below(names[1:], path[1:])


def name_meant(glob: str, name: str) -> bool:
    if not glob:
        return not name
    if glob[0] == "*":
        return any(name_meant(glob[1:], name[start:]) for start in range(len(name) + 1))
    if glob[0] == "{":
        texts, rest = glob[1:].split("}", 1)
        return any(name_meant(text + rest, name) for text in texts.split(","))
    if not name:
        return False
    if glob[0] == "[":
        signs, rest = glob[1:].split("]", 1)
        return ((name[0] in signs.removeprefix("!")) is not signs.startswith("!")) and name_meant(rest, name[1:])
    return glob[0] in ("?", name[0]) and name_meant(glob[1:], name[1:])


@given(PATTERNS, PATHS)
def test_pattern_agrees_with_the_words(pattern: str, path: str) -> None:
    assert PathPattern(pattern).matches(path) == meant(pattern, path)


@given(st.text(st.characters(exclude_characters="*?[]{}\\/!", exclude_categories=("C", "Z")), min_size=1, max_size=20))
def test_pattern_without_signs_means_its_own_path(name: str) -> None:
    if unicodedata.normalize("NFC", name) not in (".", ".."):
        assert PathPattern(name).matches(f"folder/{name}")


@given(st.text(max_size=30))
def test_any_text_is_a_pattern_or_refused_by_name(text: str) -> None:
    try:
        PathPattern(text).matches("a/b")
    except PatternError as error:
        assert str(error)
