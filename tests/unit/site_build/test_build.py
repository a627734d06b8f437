"""`failover build`: the same bytes anywhere, and every problem of a site named in one report."""

import html
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts import cli
from scripts.commands.build import content_rules
from scripts.errors import WrongUsageError
from scripts.release.digests import RELEASE_META
from scripts.release.folder import read_folder
from scripts.release.serving.content_settings import parse_content
from scripts.release.serving.file_rules import ContentRules, describe, is_fingerprinted
from scripts.site_build import addresses, html_errors
from scripts.site_build.addresses import resolve
from scripts.site_build.build import BuiltSite, build_site
from scripts.site_build.output import check_folder, write_site
from scripts.site_build.references import css_references, read_page, rewritten
from scripts.site_build.source import problem_of_name, read_source

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "site" / "src"
URLS = st.sampled_from(["/a.png", "b.png", "/c d.png", "x&y.png", "é.png"])
HEAD = '<!doctype html>\n<html lang="en"><head><meta name="release" content=""><title>t</title>'
Source = dict[str, str | bytes]


def page(body: str = "", head: str = "") -> str:
    return f"{HEAD}{head}</head><body>{body}</body></html>\n"


def built(source: Source, document: dict[str, object] | None = None) -> BuiltSite:
    files = {path: content.encode() if isinstance(content, str) else content for path, content in source.items()}
    return build_site(files, parse_content(document or {}))


def text_of(site: BuiltSite, path: str = "index.html") -> str:
    assert site.findings == ()
    return site.files[path].decode()


def messages(source: Source, document: dict[str, object] | None = None) -> str:
    return "\n".join(map(str, built(source, document).findings))


def new_name(site: BuiltSite, stem: str) -> str:
    (name,) = [path for path in site.files if path.startswith(f"{stem}.") and not path.endswith(".br")]
    return name


# ---- the same bytes anywhere


def build_in_process(source: Path, output: Path, **environment: str) -> dict[str, bytes]:
    subprocess.run(
        [sys.executable, "-c", "from scripts.cli import main; main()", "build", str(source), "--output", str(output)],
        cwd=ROOT,
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        timeout=60,
    )
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in output.rglob("*") if path.is_file()}


def test_build_is_the_same_whatever_the_machine(tmp_path: Path) -> None:
    one = build_in_process(DEMO, tmp_path / "one", TZ="UTC", LC_ALL="C", PYTHONHASHSEED="1")
    copy = tmp_path / "copy"
    for path in sorted(DEMO.rglob("*"), reverse=True):  # another order of making, other times and modes
        if path.is_file():
            target = copy / path.relative_to(DEMO)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
            target.chmod(0o600)
            os.utime(target, (1, 1))
    two = build_in_process(copy, tmp_path / "two", TZ="Asia/Tokyo", LC_ALL="C.UTF-8", PYTHONHASHSEED="2")
    assert one == two


@given(st.permutations(["index.html", "a.css", "b.png", "c.js", "_x.html"]))
@settings(max_examples=20)
def test_build_does_not_depend_on_the_order_of_files(order: list[str]) -> None:
    source: Source = {
        "index.html": page('<img src="b.png" alt="">', '<link rel="stylesheet" href="a.css">'),
        "a.css": "a { background: url(b.png) }",
        "b.png": b"png",
        "c.js": "1",
        "_x.html": "x",
    }
    assert built({path: source[path] for path in order}) == built(source)


def test_templates_have_no_randomness() -> None:
    for code in ("{{ [1, 2]|random }}", "{{ lipsum() }}"):
        assert messages({"index.html": page(code)})


# ---- templates


def test_page_extends_a_layout_that_is_not_published() -> None:
    layout = page("{% block content %}{% endblock %} {{ page.path }}")
    site = built(
        {"_layout.html": layout, "index.html": layout,
         "a/index.html": '{% extends "_layout.html" %}{% block content %}hi{% endblock %}'}
    )  # fmt: skip
    assert "hi /a/" in text_of(site, "a/index.html")
    assert "_layout.html" not in site.files


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{{ unknown }}", "'unknown' is undefined"),
        ("{% if %}", "index.html:1: "),
        ('{% extends "_no.html" %}', "no template _no.html"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
    ],
)
def test_template_problem_is_named(text: str, named: str) -> None:
    assert named in messages({"index.html": text})


def test_line_ends_and_byte_order_mark_of_the_editor_do_not_matter() -> None:
    assert built({"index.html": "\ufeff" + page().replace("\n", "\r\n")}) == built({"index.html": page()})


# ---- checks


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ({"a.css": ""}, "index.html: it is missing"),
        ({"index.html": b"\xff"}, "byte 0 is not UTF-8"),
        ({"index.html": ""}, "not valid HTML"),
        ({"index.html": page("\n</div>")}, "index.html:3: not valid HTML: End tag (div)"),
        ({"index.html": page('<img src="/a.png">'), "a.png": b""}, "index.html:2: <img> without alt"),
        ({"index.html": page('<p id="a"><p id="a">')}, 'id "a" twice'),
        ({"index.html": page(head='<base href="/x/">')}, "<base> is not supported"),
        ({"index.html": "<!doctype html><title>x</title>"}, "<html> without lang"),
        ({"index.html": '<!doctype html><html lang="en">'}, "no <title>"),
        ({"index.html": page('<a href="/gone/">x</a>')}, '"/gone/" leads to nothing: there is no gone/index.html'),
        ({"index.html": page('<a href="/abuot/">x</a>'), "about/index.html": page()}, "did you mean about/index.html?"),
        ({"index.html": page('<a href="#b">x</a>')}, 'no element with id "b"'),
        ({"index.html": page('<a href="/a/#b">x</a>'), "a/index.html": page()}, 'a/index.html has no element with id "b"'),
        ({"index.html": page('<a href="%ff">x</a>')}, '"%ff" is no address'),
        ({"index.html": page('<img srcset="/a.png 1x, /b.png 2x" alt="">'), "a.png": b""}, '"/b.png" leads to nothing'),
        ({"index.html": page('<p style="background: url(/x.png)">')}, '"/x.png" leads to nothing'),
        ({"index.html": page(head="<style>\np { background: url(/x.png) }</style>")}, 'index.html:3: "/x.png" leads'),
        ({"index.html": page(), "a.css": "\n\na { background: url(x.png) }"}, 'a.css:3: "x.png" leads to nothing'),
        ({"index.html": page(), "a.css": b"\xff"}, "a.css: byte 0 is not UTF-8"),
        ({"index.html": page(), "a.css": "@import 'b.css';", "b.css": "@import url(a.css);"}, "import each other, a.css ->"),
        ({"index.html": page(), "a.webmanifest": "{"}, "a.webmanifest: not JSON"),
        ({"index.html": page(), "a.webmanifest": "[]"}, "a JSON object"),
        ({"index.html": page(), "a.webmanifest": '{"icons": [{"src": "x.png"}]}'}, '"x.png" leads to nothing'),
    ],
)  # fmt: skip
def test_build_rejects(source: Source, named: str) -> None:
    assert named in messages(source)


def test_all_problems_are_in_one_report_and_sorted() -> None:
    site = built({"index.html": page('<a href="/x/">x</a>'), "b.html": page("</p></div>"), "a.css": "a { b: url(x) }"})
    assert [finding.path for finding in site.findings] == ["a.css", "b.html", "b.html", "index.html"]


@pytest.mark.parametrize(
    "url",
    ["/", "", "#", "#top", "#:~:text=x", "#here", "/a", "/a/", "a/index.html", "../", "/health/", "https://example.com/x",
     "//example.com/x", "mailto:a@example.com", "data:text/plain,x", "/a/?x=1", "%61/"],
)  # fmt: skip
def test_link_that_leads_somewhere_is_accepted(url: str) -> None:
    assert messages({"index.html": page(f'<p id="here"><a href="{url}">x</a>'), "a/index.html": page()}) == ""


def test_link_to_a_version_is_accepted_without_its_slash() -> None:
    links = '<a href="/v1.2">x</a><a href="/v1.2/">x</a>'
    assert messages({"index.html": page(links), "v1.2/index.html": page()}) == ""
    assert messages({"index.html": page('<a href="/v1.3">x</a>'), "v1.2/index.html": page()}) != ""


def test_root_may_be_a_redirect() -> None:
    assert messages({"en/index.html": page()}, {"redirect": [{"from": "/", "to": "/en/", "status": 302}]}) == ""


def test_link_below_a_fallback_is_accepted_and_a_file_is_looked_for() -> None:
    source: Source = {"index.html": page('<a href="/users/7">x</a>')}
    assert messages(source, {"fallback": "/index.html"}) == ""
    assert messages({"index.html": page('<a href="/users.js">x</a>')}, {"fallback": "/index.html"}) != ""
    assert "the release has no such file" in messages(source, {"fallback": "/app.html"})


def test_link_to_a_redirect_is_accepted() -> None:
    redirect: dict[str, object] = {"redirect": [{"from": "/old", "to": "/"}]}
    assert messages({"index.html": page('<a href="/old">x</a>')}, redirect) == ""


def test_links_are_judged_by_the_clean_urls_of_the_site() -> None:
    source: Source = {"index.html": page('<a href="/about">x</a>'), "about.html": page()}
    assert (messages(source) != "", messages(source, {"clean_urls": "file"})) == (True, "")


def test_budget_and_redirects_of_the_site_file_are_kept() -> None:
    found = messages({"index.html": page()}, {"largest_page_bytes": 10, "redirect": [{"from": "/a", "to": "/gone/"}]})
    assert "raise content.largest_page_bytes" in found
    assert "the release has no gone/index.html" in found


def test_pages_without_their_release_are_noted_together() -> None:
    unstamped = page().replace("release", "x")
    site = built({"index.html": page(), **{f"{name}.html": unstamped for name in "abcde"}})
    (note,) = site.notes
    assert note.startswith("a.html, b.html, c.html and 2 more: no <meta")


@pytest.mark.parametrize(
    "meta", ["<meta name=release content>", "<META content='' name='release'>", "<meta name=release content=x>"]
)
def test_release_of_a_minified_page_is_seen(meta: str) -> None:
    text = page().replace('<meta name="release" content="">', meta)
    assert (RELEASE_META.search(text.encode()) is not None) == ("content=" in meta)
    assert len(built({"index.html": text}).notes) == (0 if "content=" in meta else 1)


def test_every_page_with_an_error_is_named_and_the_first_ones_with_their_line() -> None:
    count = html_errors.EXPLAINED_PAGES + 30
    findings = built(
        {"index.html": page(), **{f"{number:03}.html": page("\n</div>") for number in range(count)}}
    ).findings
    assert len({finding.path for finding in findings}) == count
    assert [finding.line for finding in findings[: html_errors.EXPLAINED_PAGES]] == [3] * html_errors.EXPLAINED_PAGES
    assert str(findings[-1]) == f"{count - 1:03}.html: not valid HTML: unexpected </div>"


def test_search_parameters_in_a_text_are_valid_as_the_standard_says_today() -> None:
    assert messages({"index.html": page("<p>a&b <select><div>x</div></select>")}) == ""


# ---- names that start with _


GENERATED: Source = {
    "index.html": page('<a href="_modules/a.html">x</a>', '<link rel="stylesheet" href="_static/s.css">'),
    "_static/s.css": "a { background: url(../_images/i.png) }",
    "_static/_more.js": "1",
    "_images/i.png": b"x",
    "_modules/a.html": page(),
    "_drafts/secret.txt": "x",
    "_headers": "x",
}


def test_folder_that_a_page_or_style_sheet_names_is_published_whole() -> None:
    site = built(GENERATED)
    assert site.findings == ()
    kept = {path.split(".")[0] for path in site.files if not path.endswith(".br")}
    assert kept == {"index", "_static/s", "_static/_more", "_images/i", "_modules/a"}


def test_template_in_a_folder_that_is_published_stays_a_template() -> None:
    layout = page("{% block content %}{% endblock %}")
    source: Source = {
        "_theme/base.html": layout,
        "_theme/logo.png": b"x",
        "index.html": '{% extends "_theme/base.html" %}{% block content %}<img src="/_theme/logo.png" alt="">{% endblock %}',
    }
    site = built(source)
    assert (site.findings, [path for path in site.files if path.endswith(".html")]) == ((), ["index.html"])


# ---- large sites


def test_hundreds_of_pages_with_dead_links_are_read_at_once() -> None:
    """Each dead link was compared with every file, each page parsed by html5lib: 633 files took 117 s of CPU."""
    source: Source = {f"p{number}/index.html": page(LINKS % number + PARAGRAPHS) for number in range(505)}
    source |= {"index.html": page(), **{f"{number}.js": f"let {number};" * 500 for number in range(127)}}
    before = time.process_time()
    site = built(source)
    assert time.process_time() - before < 5
    assert len(site.findings) == 505


LINKS = '<a href="/gone-%d/">x</a>' + "".join(f'<a href="../p{number}/#a">x</a>' for number in range(100))
PARAGRAPHS = '<h2 id="a">x</h2>' + "<p>some <b>text</b> &amp; more of <i>it</i></p>\n" * 200


PLAIN_URLS = st.text("ab./#_-", max_size=12)


@given(PLAIN_URLS, st.sampled_from(["/index.html", "/a/b.html", "/a/b/c/index.html"]))
def test_plain_address_means_what_the_standard_library_says(url: str, base: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        quick = resolve(url, base)
        patched.setattr(addresses, "_PLAIN", re.compile("(?!)"))
        assert quick == resolve(url, base)


@given(st.lists(URLS, max_size=5))
def test_tags_are_read_as_a_parser_reads_them(urls: list[str]) -> None:
    """With what is no markup around them: comments, scripts, styles, other attributes."""
    shown = "".join(f'<img data-x="<a href=y>" SRC="{html.escape(url)}" alt>' for url in urls)
    text = page(f"<!-- <img src=n> --><script>'<img src=n>'</script>{shown}", "<style>a { b: 'url(n)' }</style>")
    assert [found.url for found in read_page(text).references] == urls


# ---- fingerprints


def test_part_of_a_page_gets_its_hash_and_every_kind_of_reference_follows() -> None:
    body = (
        '<img src="/i.png?v=1#x" srcset="i.png 1x, ./i.png 2x" alt=""><img src=i.png alt="">'
        '<p style=\'background: url("/i.png")\'><video poster="/i.png"></video>'
    )
    head = (
        '<link rel="icon" href="/i.png"><link rel=stylesheet href="/a.css"><style>p { background: url(i.png) }</style>'
    )
    site = built({"index.html": page(body, head), "a.css": "a { b: url( 'i.png' ) }", "i.png": b"x"})
    image, sheet = new_name(site, "i"), new_name(site, "a")
    text = text_of(site)
    assert is_fingerprinted(image)
    assert text.count(image) == 8
    assert f'src="/{image}?v=1#x" srcset="{image} 1x, ./{image} 2x"' in text
    assert site.files[sheet].decode() == f"a {{ b: url( '{image}' ) }}"
    assert f'href="/{sheet}"' in text


def test_rewritten_attribute_stays_escaped() -> None:
    site = built({"index.html": page('<img src="a&amp;b.png" alt="">'), "a&b.png": b"x"})
    assert f'src="{new_name(site, "a&b").replace("&", "&amp;")}"' in text_of(site)


def test_hash_of_a_style_sheet_changes_with_its_images() -> None:
    source: Source = {"index.html": page(head='<link rel="stylesheet" href="a.css">'), "a.css": "a { b: url(i.png) }"}
    assert new_name(built({**source, "i.png": b"1"}), "a") != new_name(built({**source, "i.png": b"2"}), "a")


def test_manifest_keeps_its_name_and_follows_its_icons() -> None:
    head = '<link rel="manifest" href="/s.webmanifest"><link rel="icon" href="/i.png">'
    site = built({"index.html": page(head=head), "s.webmanifest": '{"icons": [{"src": "/i.png"}]}', "i.png": b"x"})
    assert json.loads(site.files["s.webmanifest"])["icons"][0]["src"] == f"/{new_name(site, 'i')}"


@pytest.mark.parametrize(
    ("head", "body", "other"),
    [
        ("", '<a href="/i.png">x</a>', {}),
        ('<meta property="og:image" content="https://example.com/i.png">', "", {}),
        ("", "", {"a.js": 'fetch("/i.png")'}),
        ("", "", {"feed.xml": "<url>https://example.com/i.png</url>"}),
    ],
)
def test_file_that_others_know_by_name_keeps_it(head: str, body: str, other: Source) -> None:
    site = built({"index.html": page(f'<img src="/i.png" alt="">{body}', head), "i.png": b"x", **other})
    assert "i.png" in site.files


@pytest.mark.parametrize("name", ["robots.txt", "favicon.ico", "sitemap.xml", "unused.css", "app-1a2b3c4d.js"])
def test_file_keeps_its_name_unless_a_page_loads_it_without_a_hash(name: str) -> None:
    assert (
        name
        in built(
            {"index.html": page(head='<script src="/app-1a2b3c4d.js"></script>'), "app-1a2b3c4d.js": "", name: ""}
        ).files
    )


@given(st.lists(URLS, max_size=5), st.booleans())
def test_rewriting_with_the_same_names_changes_nothing(urls: list[str], is_css: bool) -> None:
    if is_css:
        text = "".join(f'a {{ b: url("{url}") }} /* url({url}) */ ' for url in urls)
        found = css_references(text)
    else:
        text = page("".join(f"<img src='{url.replace('&', '&amp;')}' alt=\"<a href='x'>\">" for url in urls))
        found = list(read_page(text).references)
    assert [reference.url for reference in found] == urls
    assert rewritten(text, found, lambda url: url) == text


@pytest.mark.parametrize(
    "css", ["/* url(x) */", "a { content: 'url(x)' }", 'a { content: "@import \\"x\\"" }', "@media x {}"]
)
def test_style_sheet_names_nothing_in_comments_and_strings(css: str) -> None:
    assert css_references(css) == []


# ---- variants


def test_variants_pay_and_are_complete_for_an_extension() -> None:
    site = built(
        {"index.html": page(), "a.css": "a { color: red }\n" * 50, "b.css": "", "c.png": b"x" * 999, "d.json": "1"}
    )
    described = {path: describe(path, ContentRules(), site.files) for path in site.files}
    assert {path for path, file in described.items() if file.variant_of} == {"a.css.br", "b.css.br"}
    assert brotli.decompress(site.files["a.css.br"]) == site.files["a.css"]


def test_variant_of_another_tool_is_kept() -> None:
    site = built({"index.html": page(), "a.css": "a { color: red }\n" * 50, "a.css.br": b"theirs"})
    assert site.files["a.css.br"] == b"theirs"


def test_variants_can_be_switched_off() -> None:
    site = built({"index.html": page(), "a.css": "a { color: red }\n" * 50}, {"precompress": False})
    assert sorted(site.files) == ["a.css", "index.html"]


# ---- names


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("c++.html", "S3 reads + in an address as a space"),
        ("100%.html", "start of an encoded byte"),
        ("a?.html", "ends the path"),
        ("a#.html", "ends the path"),
        ("a\\b.html", "slash to some"),
        ("a\nb.html", "control character"),
        ("\udcff.html", "not UTF-8"),
        (" a.html", "starts or ends with a space"),
        ("a /b.html", "starts or ends with a space"),
        ("x" * 240, "shorten it"),
        ("/".join(["x" * 200] * 5), "a path of 1004 bytes"),
        ("health/a.html", "outside the release, so that nobody could see it: Route 53's health checks ask there"),
        (
            "errors/a.html",
            "outside the release, so that nobody could see it: CloudFront takes the page of a 404 from there",
        ),
    ],
)
def test_name_is_refused_with_its_reason(name: str, named: str) -> None:
    assert named in (problem_of_name(name) or "")


ODD = ["a b.png", "ü.png", "日本.png", "a&b.png", "it's.png", "a,b.png", "a(1).png", "a=b;c@d.png", "~x!.png"]


@pytest.mark.parametrize("name", ODD)
def test_odd_name_is_found_and_renamed(name: str) -> None:
    assert problem_of_name(name) is None
    url = name.replace("&", "&amp;")
    site = built({"index.html": page(f'<img src="{url}" alt=""><img src="/{url}" alt="">'), name: b"x"})
    (new,) = [path for path in site.files if path.endswith(".png")]
    assert is_fingerprinted(new)
    again = built(dict(site.files))
    assert again.files == site.files  # every reference still leads somewhere, and nothing is renamed twice


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(lambda name: "/" not in name)


@given(NAMES)
def test_any_name_is_built_or_refused(name: str) -> None:
    path = f"{name}.txt"
    if problem_of_name(path) is None and not name.startswith("_"):
        assert built({"index.html": page(), path: ""}).files[path] == b""


def test_name_of_a_mac_becomes_nfc(tmp_path: Path) -> None:
    (tmp_path / "cafe\u0301.txt").write_text("x", encoding="utf-8")
    files, findings = read_source(tmp_path)
    assert (list(files), findings) == (["caf\u00e9.txt"], [])


@pytest.mark.parametrize(
    ("names", "named"),
    [
        (("caf\u00e9.txt", "cafe\u0301.txt"), "differ in Unicode's form"),
        (("A.txt", "a.txt"), "letter case alone"),
        (("a+b.txt",), "as a space"),
    ],
)
def test_source_rejects_names(tmp_path: Path, names: tuple[str, ...], named: str) -> None:
    for name in names:
        (tmp_path / name).write_text("x", encoding="utf-8")
    _, (finding,) = read_source(tmp_path)
    assert named in str(finding)


@pytest.mark.parametrize(("target", "named"), [("/etc/passwd", "out of the folder"), ("gone", "leads nowhere")])
def test_source_rejects_a_link(tmp_path: Path, target: str, named: str) -> None:
    (tmp_path / "a.txt").symlink_to(target)
    files, (finding,) = read_source(tmp_path)
    assert (files, named in str(finding)) == ({}, True)


def test_source_leaves_hidden_files_alone(tmp_path: Path) -> None:
    for name in (".env", ".well-known/security.txt", ".git/config"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x", encoding="utf-8")
    assert list(read_source(tmp_path)[0]) == [".well-known/security.txt"]


def test_source_leaves_ignored_files_alone(tmp_path: Path) -> None:
    for name in ("a.map", "a.js", "Thumbs.db"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    assert list(read_source(tmp_path, parse_content({"ignore": ["*.map"]}).ignored)[0]) == ["a.js"]


# ---- the command


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def failover_build(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["failover", "build", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        output, errors = capsys.readouterr()
        return int(end.value.code or 0), output + errors

    return failover_build


def test_command_replaces_its_own_folder_and_leaves_nothing_beside_it(run: Run, tmp_path: Path) -> None:
    output = tmp_path / "made"
    assert run(DEMO, "-o", output)[0] == 0
    (output / "stale.html").touch()
    code, said = run(DEMO, "-o", output)
    assert (code, (output / "stale.html").exists()) == (0, False)
    assert "release" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == [".made.made-by-failover-build", "made"]


def test_command_checks_without_writing(run: Run, tmp_path: Path) -> None:
    assert run(DEMO, "--check", "-o", tmp_path / "made")[0] == 0
    assert list(tmp_path.iterdir()) == []


def test_command_ends_with_1_and_writes_nothing_when_something_must_be_mended(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "src"
    source.mkdir()
    (source / "index.html").write_text(page('<a href="/x/">x</a>'), encoding="utf-8")
    code, said = run(source, "-o", tmp_path / "made", "--json")
    assert (code, (tmp_path / "made").exists()) == (1, False)
    (finding,) = json.loads(said)["findings"]
    assert (finding["path"], finding["line"]) == ("index.html", 2)


def test_command_says_in_json_what_it_made(run: Run, tmp_path: Path) -> None:
    document = json.loads(run(DEMO, "-o", tmp_path / "made", "--json")[1])
    assert (document["written"], document["findings"], len(document["release_id"])) == (True, [], 16)
    assert "index.html" in document["files"]


def test_command_goes_by_the_content_of_a_site_file(run: Run, tmp_path: Path) -> None:
    site_file = tmp_path / "site.toml"
    site_file.write_text("[content]\nlargest_page_bytes = 10\n", encoding="utf-8")
    assert run(DEMO, "--check", "--site-file", site_file)[0] == 1


def test_command_names_the_release_id_that_sync_content_gives_under_the_same_content(run: Run, tmp_path: Path) -> None:
    site_file, output = tmp_path / "site.toml", tmp_path / "made"
    site_file.write_text('[[content.rule]]\npattern = "*.css"\ncache_control = "no-cache"\n', encoding="utf-8")
    document = json.loads(run(DEMO, "-o", output, "--site-file", site_file, "--json")[1])
    rules = parse_content({"rule": [{"pattern": "*.css", "cache_control": "no-cache"}]})
    assert document["release_id"] == read_folder(output, rules=rules).release_id


@pytest.mark.parametrize("text", ["content = 1\n", "[content]\nx = 1\n", "no toml"])
def test_command_rejects_a_site_file(run: Run, tmp_path: Path, text: str) -> None:
    site_file = tmp_path / "site.toml"
    site_file.write_text(text, encoding="utf-8")
    assert run(DEMO, "--check", "--site-file", site_file)[0] == 2


@pytest.mark.parametrize(("name", "reason"), [("absent.toml", "No such file or directory"), ("", "Is a directory")])
def test_site_file_that_cannot_be_read_is_named_with_the_reason(name: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with pytest.raises(WrongUsageError, match=f"^--site-file {path}: {reason}; give a readable TOML file$"):
        content_rules(path)


def test_command_rejects_a_source_that_is_not_there(run: Run, tmp_path: Path) -> None:
    assert run(tmp_path / "no", "--check")[0] == 2


def test_folder_that_no_build_made_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    with pytest.raises(WrongUsageError, match="did not make"):
        check_folder(tmp_path / "precious", DEMO)


@pytest.mark.parametrize("output", [".", "inside", ".."])
def test_folder_is_not_the_source_nor_around_or_in_it(tmp_path: Path, output: str) -> None:
    with pytest.raises(WrongUsageError, match="lie in each other"):
        check_folder(tmp_path / output, tmp_path)


def test_failed_write_leaves_the_old_folder(tmp_path: Path) -> None:
    write_site({"a": b"old"}, tmp_path / "made")
    with pytest.raises(OSError, match="too long"):
        write_site({"a": b"new", "x" * 300: b""}, tmp_path / "made")
    assert (tmp_path / "made" / "a").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".made.made-by-failover-build", "made"]
