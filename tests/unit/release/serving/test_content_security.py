"""What pages need of the Content-Security-Policy, whether a policy allows it, and the policy that does."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.site_file.security import CONTENT_SECURITY_POLICY, Headers
from scripts.release import page_policy
from scripts.release.folder import read_folder
from scripts.release.page_policy import policy_notes, read_texts
from scripts.release.serving.content_security import (
    LARGEST_POLICY_CHARACTERS,
    USUAL_POLICY,
    Need,
    needs_of_page,
    needs_of_script,
    needs_of_style_sheet,
    refused,
    widened,
)


def hash_of(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def words(needs: set[Need]) -> set[tuple[str, str]]:
    return {(need.directive, need.source) for need in needs}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("<script>a()</script>", {("script-src", hash_of("a()"))}),
        ("<SCRIPT type=module>\na()</SCRIPT>", {("script-src", hash_of("\na()"))}),
        ('<script type="application/json">{}</script><script src="/a.js"></script><script> </script>', set()),
        ("<style>a{}</style>", {("style-src", "'unsafe-inline'")}),
        ('<p style="color:red">', {("style-src", "'unsafe-inline'")}),
        ('<a onclick="x()">', {("script-src", "'unsafe-inline'")}),
        ('<a href="javascript:x()">', {("script-src", "'unsafe-inline'")}),
        ('<img src="data:image/png;base64,x">', {("img-src", "data:")}),
        ('<img srcset="https://a.example/1 1x, //B.example/2 2x">',
         {("img-src", "https://a.example"), ("img-src", "https://b.example")}),
        ('<iframe src="https://www.youtube-nocookie.com/embed/x">', {("frame-src", "https://www.youtube-nocookie.com")}),
        ('<video src="https://a.example/v.mp4" poster="https://b.example/p.png">',
         {("media-src", "https://a.example"), ("img-src", "https://b.example")}),
        ('<link rel="stylesheet" href="https://a.example/x.css">', {("style-src", "https://a.example")}),
        ('<link rel="canonical" href="https://a.example/">', set()),
        ('<a href="https://a.example/">x</a><img src="/a.png"><script src="a.js"></script>', set()),
        ('<form action="https://a.example/">', {("form-action", "https://a.example")}),
        ("<!-- <script>a()</script> -->", set()),
    ],
)  # fmt: skip
def test_page_needs(text: str, wanted: set[tuple[str, str]]) -> None:
    assert words(needs_of_page(text)) == wanted


@pytest.mark.parametrize(
    ("reader", "text", "wanted"),
    [
        (needs_of_style_sheet, "a { b: url(data:image/svg+xml,x) }", {("img-src", "data:")}),
        (needs_of_style_sheet, "a { b: url('data:font/woff2;base64,x') }", {("font-src", "data:")}),
        (needs_of_style_sheet, "a { b: url(https://a.example/f.woff2) }", {("font-src", "https://a.example")}),
        (needs_of_style_sheet, '@import "https://a.example/x.css";', {("style-src", "https://a.example")}),
        (needs_of_style_sheet, "a { b: url(i.png) }", set()),
        (needs_of_script, 'fetch("https://api.example/v1")', {("connect-src", "https://api.example")}),
        (needs_of_script, 'x.open("GET", "https://api.example/v1")', {("connect-src", "https://api.example")}),
        (needs_of_script, "new WebSocket(`wss://a.example/x`)", {("connect-src", "wss://a.example")}),
        (needs_of_script, "WebAssembly.instantiate(x)", {("script-src", "'wasm-unsafe-eval'")}),
        (needs_of_script, "new Worker(URL.createObjectURL(b))", {("worker-src", "blob:")}),
        (needs_of_script, "eval(x)", {("script-src", "'unsafe-eval'")}),
        (needs_of_script, "x.eval(x); retrieval(x); fetch('/v1'); new Worker('/w.js')", set()),
    ],
)
def test_style_sheet_or_script_needs(
    reader: Callable[[str], set[Need]], text: str, wanted: set[tuple[str, str]]
) -> None:
    assert words(reader(text)) == wanted


@pytest.mark.parametrize(
    ("policy", "directive", "source", "is_allowed"),
    [
        (USUAL_POLICY, "script-src", hash_of("a"), False),
        (USUAL_POLICY, "frame-ancestors", "https://a.example", False),
        (USUAL_POLICY, "object-src", "https://a.example", False),
        (f"script-src {hash_of('a')}", "script-src", hash_of("a"), True),
        ("script-src 'unsafe-inline'", "script-src", hash_of("a"), True),
        (f"script-src 'unsafe-inline' {hash_of('b')}", "script-src", hash_of("a"), False),
        (f"script-src 'unsafe-inline' {hash_of('b')}", "script-src", "'unsafe-inline'", False),
        ("script-src 'unsafe-eval'", "script-src", "'wasm-unsafe-eval'", True),
        ("default-src 'self' data:", "img-src", "data:", True),
        ("default-src *", "img-src", "data:", False),
        ("default-src *", "img-src", "https://a.example", True),
        ("default-src https:", "connect-src", "https://a.example", True),
        ("default-src https:", "connect-src", "wss://a.example", False),
        ("img-src *.example.com", "img-src", "https://a.b.example.com", True),
        ("img-src *.example.com", "img-src", "https://example.com", False),
        ("img-src https://a.example/path/", "img-src", "https://a.example", True),
        ("img-src http://a.example", "img-src", "https://a.example", False),
        ("script-src 'self' blob:", "worker-src", "blob:", True),
        ("default-src 'self'", "form-action", "https://a.example", True),
        ("frame-src 'self'", "img-src", "data:", True),
    ],
)
def test_policy_allows(policy: str, directive: str, source: str, is_allowed: bool) -> None:
    assert (refused(policy, [Need(directive=directive, source=source)]) == []) == is_allowed


INLINE, WASM = "'unsafe-inline'", "'wasm-unsafe-eval'"
DIRECTIVES = st.sampled_from(["script-src", "style-src", "img-src", "worker-src", "frame-src", "object-src"])
SOURCES = st.sampled_from(["https://a.example", "data:", "blob:", INLINE, WASM, hash_of("a"), hash_of("b")])
NEEDS = st.builds(Need, directive=DIRECTIVES, source=SOURCES)
HASHED = f"script-src 'self' {hash_of('x')}; default-src 'self'"
POLICIES = st.sampled_from([USUAL_POLICY, "default-src 'none'", HASHED, "img-src *"])


@given(st.lists(NEEDS, max_size=6), POLICIES)
def test_wider_policy_allows_what_was_refused(needs: list[Need], policy: str) -> None:
    """But for a page with both, a script by its hash and an event handler: a hash switches 'unsafe-inline' off."""
    missing = refused(policy, needs)
    left = refused(widened(policy, missing), needs)
    assert all(need.source == "'unsafe-inline'" for need in left)


def test_too_many_hashes_become_unsafe_inline() -> None:
    needs = [Need(directive="script-src", source=hash_of(str(number))) for number in range(60)]
    policy = widened(USUAL_POLICY, needs)
    assert policy.endswith("script-src 'self' 'unsafe-inline'")
    assert refused(policy, needs) == []


def test_site_file_takes_what_is_proposed_and_no_more_than_cloudfront_does() -> None:
    assert CONTENT_SECURITY_POLICY == USUAL_POLICY == Headers().content_security_policy
    needs = [Need(directive="script-src", source=hash_of(str(number))) for number in range(20)]
    policy = widened(USUAL_POLICY, needs)
    assert len(policy) <= LARGEST_POLICY_CHARACTERS
    assert Headers(content_security_policy=policy).content_security_policy == policy


def test_notes_name_pages_by_kind_and_end_with_the_policy() -> None:
    texts = [(f"{number}.html", f"<script>a({number})</script>") for number in range(5)]
    first, last = policy_notes(texts, USUAL_POLICY)
    assert (
        first == "the Content-Security-Policy refuses inline scripts (script-src) of 0.html, 1.html, 2.html and 2 more"
    )
    policy = last.partition('content_security_policy = "')[2].rstrip('"')
    assert policy_notes(texts, policy) == []


def test_nothing_is_said_when_the_policy_is_not_known() -> None:
    assert policy_notes([("a.html", "<script>a()</script>")], "") == []


def test_of_many_files_an_even_selection_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_policy, "MOST_READ_FILES", 10)
    for number in range(95):
        (tmp_path / f"{number:02}.html").write_text("x", encoding="utf-8")
    (tmp_path / "index.html").write_text("x", encoding="utf-8")
    (tmp_path / "a.png").write_bytes(b"x")
    read = read_texts(tmp_path, read_folder(tmp_path).files)
    assert [path for path, _ in read] == [f"{number:02}.html" for number in range(0, 95, 10)]
