"""The site file's [content] as the commands read it: what is accepted, and what each refusal says."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.errors import WrongUsageError
from scripts.release.serving.clean_urls import CleanUrls, TrailingSlash, UrlStyle
from scripts.release.serving.content_settings import parse_content
from scripts.release.serving.file_rules import ContentRules
from scripts.release.serving.redirects import Redirect

Document = dict[str, object]


def refusal(document: Document) -> str:
    with pytest.raises(WrongUsageError) as caught:
        parse_content(document)
    return str(caught.value)


def test_nothing_means_the_defaults() -> None:
    assert parse_content({}) == ContentRules()


def test_everything_is_read() -> None:
    rules = parse_content(
        {
            "clean_urls": "file",
            "trailing_slash": "remove",
            "precompress": False,
            "largest_page_bytes": 1,
            "largest_asset_bytes": 2,
            "rule": [
                {
                    "pattern": "*.bin",
                    "content_type": 'text/plain; charset="utf-8"',
                    "cache_control": "public, max-age=60, immutable",
                    "content_encoding": "gzip",
                    "fingerprinted": True,
                    "largest_bytes": 3,
                }
            ],
            "redirect": [{"from": "/a", "to": "/b", "status": 308}],
        }
    )
    assert rules.style == UrlStyle(clean_urls=CleanUrls.FILE, trailing_slash=TrailingSlash.REMOVE)
    assert (rules.precompress, rules.largest_page_bytes, rules.largest_asset_bytes) == (False, 1, 2)
    assert rules.redirects == (Redirect(source="/a", target="/b", status=308),)
    assert rules.rules[0].settings.largest_bytes == 3


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({"clean_url": "folder"}, 'content.clean_url ("folder"): an unknown key'),
        ({"clean_url": "folder"}, "did you mean clean_urls?"),
        ({"clean_urls": "yes"}, 'content.clean_urls ("yes"): one of folder, file, off'),
        ({"clean_urls": []}, "content.clean_urls ([]): one of"),
        ({"clean_urls": "off", "trailing_slash": "add"}, '"any" with clean_urls = "off"'),
        ({"precompress": 1}, "content.precompress (1): true or false"),
        ({"largest_page_bytes": 0}, "content.largest_page_bytes (0): a whole number of bytes above 0"),
        ({"largest_page_bytes": True}, "content.largest_page_bytes (true): a whole number"),
        ({"rule": {}}, "write [[content.rule]]"),
        ({"rule": [{"content_type": "a/b"}]}, "content.rule[0].pattern (not set): a text such as *.css"),
        ({"rule": [{"pattern": "*.css"}]}, 'content.rule[0] ("*.css"): a rule gives at least one of'),
        ({"rule": [{"pattern": "a\\b", "fingerprinted": True}]}, "write / between folders"),
        ({"rule": [{"pattern": "*", "content_type": "html"}]}, "type/subtype"),
        ({"rule": [{"pattern": "*", "content_type": "a/b\nx: y"}]}, "type/subtype"),
        ({"rule": [{"pattern": "*", "content_type": 1}]}, "content.rule[0].content_type (1): a text in quotes"),
        ({"rule": [{"pattern": "*", "content_encoding": "deflate"}]}, '("deflate"): one of br, gzip'),
        ({"rule": [{"pattern": "*", "cache_control": "max_age=3"}]}, "did you mean max-age?"),
        ({"rule": [{"pattern": "*", "cache_control": "max-age"}]}, "write max-age=300"),
        ({"rule": [{"pattern": "*", "cache_control": "max-age=-1"}]}, "write max-age=300"),
        ({"rule": [{"pattern": "*", "cache_control": ""}]}, "an empty one is no directive"),
        ({"rule": [{"pattern": "*", "cache_control": "immutable=1"}]}, "immutable is no directive"),
        ({"redirect": [{"from": "/a"}]}, "give to as text"),
        ({"redirect": [{"from": "/a", "to": "/b", "status": "301"}]}, "status as a number such as 301"),
        ({"redirect": [{"from": "/a", "to": "/b", "code": 301}]}, "content.redirect[0].code (301): an unknown key"),
        ({"redirect": [{"from": "/a", "to": "/b", "status": 303}]}, "one of 301, 302, 307, 308"),
    ],
)
def test_content_rejects(document: Document, named: str) -> None:
    assert named in refusal(document)


def test_all_problems_are_in_one_report() -> None:
    report = refusal({"x": 1, "clean_urls": 2, "rule": [{"pattern": ""}], "redirect": [{"from": "a", "to": "b"}]})
    assert len(re.findall(r"^  \S", report, re.MULTILINE)) == 5


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
KEYS = (
    "clean_urls",
    "trailing_slash",
    "precompress",
    "largest_page_bytes",
    "largest_asset_bytes",
    "rule",
    "redirect",
    "x",
)
TABLES = st.lists(
    st.dictionaries(st.sampled_from(["pattern", "content_type", "from", "to", "status"]), JSON), max_size=2
)


@given(st.dictionaries(st.sampled_from(KEYS), JSON | TABLES))
def test_any_document_is_read_or_refused(document: Document) -> None:
    try:
        parse_content(document)
    except WrongUsageError as error:
        assert "[content]" in str(error)
