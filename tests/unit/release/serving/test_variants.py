"""Which extensions of a release the routers may answer with a precompressed variant."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.release.serving.file_rules import ContentRules, describe
from scripts.release.serving.variants import LARGEST_LIST_CHARACTERS, Variants, complete_variants


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    path: str
    content_type: str
    content_encoding: str | None
    size_bytes: int = 1


def files(*paths: str) -> list[File]:
    found = [describe(path, ContentRules(), paths) for path in paths]
    return [
        File(path=file.path, content_type=file.content_type, content_encoding=file.content_encoding) for file in found
    ]


@pytest.mark.parametrize(
    ("paths", "complete"),
    [
        ((), Variants()),
        (("a.css",), Variants()),
        (("a.css", "a.css.br"), Variants(br="css")),
        (("a.css", "a.css.br", "b.css"), Variants()),
        (("a.css", "a.css.br", "a.css.gz", "b.js", "b.js.gz"), Variants(br="css", gzip="css js")),
        (("a.css", "a.css.br", "index.html"), Variants(br="css")),
        (("a.css", "a.css.br", "b.CSS"), Variants(br="css")),
        (("a.css.br",), Variants()),
        (("a.tar", "a.tar.gz"), Variants()),
        (("LICENSE", "LICENSE.br"), Variants()),
    ],
)
def test_extension_is_complete_when_every_file_has_the_variant(paths: tuple[str, ...], complete: Variants) -> None:
    assert complete_variants(files(*paths)) == complete


NAMES = st.sampled_from(["a.css", "b.css", "c.js", "d", "e.svg", "f.CSS", "g.css/h", "i.j.css"])


@given(st.sets(NAMES), st.sets(st.tuples(NAMES, st.sampled_from([".br", ".gz"]))))
def test_path_that_a_router_makes_is_always_there(bases: set[str], made: set[tuple[str, str]]) -> None:
    paths = bases | {name + suffix for name, suffix in made}
    complete = complete_variants(files(*paths))
    for path in bases:
        assert paths.issuperset(complete.paths_of(path))


def test_file_with_the_name_of_a_variant_and_other_headers_is_none() -> None:
    plain = File(path="a.css", content_type="text/css", content_encoding=None)
    for other in ({"content_encoding": None}, {"content_encoding": "gzip"}, {"content_type": "text/plain"}):
        beside = File(**{"path": "a.css.br", "content_type": "text/css", "content_encoding": "br", **other})  # type: ignore[arg-type]
        assert complete_variants([plain, beside]) == Variants(br="")


def test_largest_extensions_stay_when_the_lists_grow_too_long() -> None:
    names = [f"a.extension-{number:02}" for number in range(12)]
    made = [
        File(path=name + suffix, content_type="text/css", content_encoding=encoding, size_bytes=number)
        for number, name in enumerate(names)
        for suffix, encoding in (("", None), (".br", "br"), (".gz", "gzip"))
    ]
    complete = complete_variants(made)
    assert len(complete.br) + len(complete.gzip) <= LARGEST_LIST_CHARACTERS
    assert "extension-11" in complete.br and "extension-00" not in complete.br
