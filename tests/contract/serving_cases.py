"""The table of what viewers ask and get, whichever way they come: one site, published under several `[content]` tables."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import brotli

from tests.worlds.published import NOT_FOUND, Answer

HTML, CSS, JS = "text/html; charset=utf-8", "text/css; charset=utf-8", "text/javascript; charset=utf-8"
BINARY = "application/octet-stream"

BROTLI_CSS, BROTLI_JS, GZIP_JS = (
    brotli.compress(b"body {}"),
    brotli.compress(b"run()"),
    gzip.compress(b"run()", mtime=0),
)
STALE = gzip.compress(b"of an earlier build", mtime=0)

FILES = {
    "index.html": b"home",
    "404.html": NOT_FOUND,
    "about/index.html": b"about",
    "a.b/c/index.html": b"folder with a dot",
    "page.html": b"page",
    "app.html": b"application",
    "styles.css": b"body {}",
    "styles.css.br": BROTLI_CSS,
    "app.js": b"run()",
    "app.js.br": BROTLI_JS,
    "app.js.gz": GZIP_JS,
    "app.0123abcd.js": b"run()",
    "app.0123abcd.js.br": BROTLI_JS,
    "app.0123abcd.js.gz": GZIP_JS,
    "data.json": b"[]",
    "data.json.br": brotli.compress(b"[]"),
    "more.json": b"{}",
    "guide.pdf": b"pdf",
    "LICENSE": b"free",
    ".well-known/apple-app-site-association": b"apple",
    "with space.html": b"space",
    "über/index.html": b"umlaut",
    "cafe\u0301.html": b"of a Mac",
    "docs/1.0/index.html": b"version",
    "1.0.html": b"release notes",
    "latin.html": "<meta charset=iso-8859-1>\u00e9".encode("latin-1"),
    "stale.txt": b"fresh",
    "stale.txt.gz": STALE,
    "100%.html": b"percent",
    "a+b.html": b"plus",
    "q&a's (1)~.html": b"signs",
}
REDIRECTS = [
    {"from": "/old", "to": "/about/"},
    {"from": "/temporary/", "to": "/about/?x=1", "status": 302},
    {"from": "/t7", "to": "/about/#part", "status": 307},
    {"from": "/p8.html", "to": "https://example.com/a?b=c", "status": 308},
    {"from": "/old.css", "to": "/styles.css"},
    {"from": "/ü b", "to": "/über/"},
    {"from": "/blog/first", "to": "/about/"},
    {"from": "/blog/*", "to": "/about/", "status": 302},
    {"from": "/en/*", "to": "/*"},
    {"from": "/shop/*", "to": "https://shop.example.com/*", "status": 307},
]
RULES = [{"pattern": "/LICENSE", "content_type": "text/plain; charset=utf-8"}]
CONTENTS: Mapping[str, dict[str, Any]] = {
    "usual": {"rule": RULES, "redirect": REDIRECTS},
    "folder add": {"rule": RULES, "redirect": REDIRECTS, "trailing_slash": "add"},
    "folder remove": {"rule": RULES, "redirect": REDIRECTS, "trailing_slash": "remove"},
    "file any": {"rule": RULES, "clean_urls": "file"},
    "file remove": {"rule": RULES, "clean_urls": "file", "trailing_slash": "remove"},
    "off": {"rule": RULES, "clean_urls": "off"},
    "fallback": {"redirect": [{"from": "/old", "to": "/about/"}], "fallback": "/index.html"},
    "fallback add": {"fallback": "/app.html", "trailing_slash": "add"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request and its answer; `contents` are names of CONTENTS."""

    contents: tuple[str, ...]
    path: str
    wanted: Answer
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


ALL = tuple(name for name in CONTENTS if "fallback" not in name)
SINGLE_PAGE = ("fallback",)
FOLDERS = ("usual", "folder add", "folder remove")
ANY = ("usual", "file any", "off")


def page(body: str | bytes, content_type: str = HTML, encoding: str | None = None) -> Answer:
    content = body.encode() if isinstance(body, str) else body
    return Answer(status=200, body=content, content_type=content_type, content_encoding=encoding)


def moved(location: str, status: int = 301) -> Answer:
    return Answer(status=status, location=location, cache_control="public, max-age=300")


MISSING = Answer(status=404, body=NOT_FOUND, content_type=HTML)


def case(contents: tuple[str, ...], path: str, wanted: Answer, query: str = "", accepted: str | None = None) -> Case:
    headers = {} if accepted is None else {"accept-encoding": accepted}
    return Case(contents=contents, path=path, wanted=wanted, query=query, headers=headers)


INDEX_DOCUMENTS = [
    case(ALL, "/", page("home")),
    case(ALL, "/index.html", page("home")),
    case(ALL, "/about/index.html", page("about")),
    case(("usual", "folder remove"), "/about", page("about")),
    case(("usual", "folder add", "file any", "off"), "/about/", page("about")),
    case(("usual", "folder remove"), "/a.b/c", page("folder with a dot")),
    case(("folder add",), "/about", moved("/about/")),
    case(("folder add",), "/about", moved("/about/?x=1&x=2&y"), "x=1&x=2&y"),
    case(("folder remove", "file remove"), "/about/", moved("/about")),
    case(("folder remove",), "/%C3%BCber/", moved("/%C3%BCber")),
    case(("file any", "off"), "/about", MISSING),
    case(("file any", "file remove"), "/page", page("page")),
    case(("usual", "folder remove", "off"), "/page", MISSING),
    case(("folder add",), "/page", moved("/page/")),
    case(("folder add",), "/page/", MISSING),
    case(("file remove",), "/page/", moved("/page")),
    case(("file any",), "/page/", MISSING),
    case(ALL, "/page.html", page("page")),
]
NOT_FOUND_PAGE = [
    case(ALL, "/no/such.html", MISSING),
    case(ALL, "/errors/no.html", MISSING),
    case(ALL, "/health/no.json", MISSING),
    case(ALL, "/no.css", MISSING, accepted="br"),
    case(ANY, "/no/such/", MISSING),
    case(ALL, "/404.html", Answer(status=200, body=NOT_FOUND, content_type=HTML)),
    case(ALL, "/releases/0/index.html", MISSING),
    case(ALL, "/control/active.json", MISSING),
]
REDIRECTED = [
    case(FOLDERS, "/old", moved("/about/")),
    case(FOLDERS, "/old/", moved("/about/")),
    case(FOLDERS, "/old/index.html", moved("/about/")),
    case(FOLDERS, "/%6Fld", moved("/about/")),
    case(FOLDERS, "/old", moved("/about/?a=1&b=%20&a=2"), "a=1&b=%20&a=2"),
    case(FOLDERS, "/temporary", moved("/about/?x=1", 302), "y=2"),
    case(FOLDERS, "/t7", moved("/about/?y=2#part", 307), "y=2"),
    case(FOLDERS, "/p8.html", moved("https://example.com/a?b=c", 308)),
    case(FOLDERS, "/p8.html/", moved("https://example.com/a?b=c", 308)),
    case(FOLDERS, "/old.css", moved("/styles.css"), accepted="br"),
    case(FOLDERS, "/old.css.br", moved("/styles.css")),
    case(FOLDERS, "/%C3%BC%20b", moved("/%C3%BCber/")),
    case(("file any", "off"), "/old", MISSING),
    case(("usual",), "/Old", MISSING),
]
WILDCARDS = [
    case(FOLDERS, "/blog/first", moved("/about/")),
    case(FOLDERS, "/blog/2019/second.html", moved("/about/?x", 302), "x"),
    case(FOLDERS, "/blog/", moved("/about/", 302)),
    case(("usual",), "/blog", MISSING),
    case(FOLDERS, "/en/about/", moved("/about/")),
    case(FOLDERS, "/en/%C3%BCber/%24&", moved("/%C3%BCber/%24%26")),
    case(FOLDERS, "/en//evil.example/", moved("/evil.example/")),
    case(FOLDERS, "/en/", moved("/")),
    case(FOLDERS, "/shop/a/b", moved("https://shop.example.com/a/b?c=d", 307), "c=d"),
]
ENCODINGS = [
    *(case(ALL, "/styles.css", page(BROTLI_CSS, CSS, "br"), accepted=accepted)
      for accepted in ("br", "gzip, br", "gzip, deflate, BR;q=1.0", "br;q=0.5,gzip", " br ; q=0.001")),
    *(case(ALL, "/styles.css", page("body {}", CSS), accepted=accepted)
      for accepted in (None, "", "identity", "gzip", "br;q=0", "br; q=0.000", "*", "brotli", "x-br")),
    case(ALL, "/app.0123abcd.js", page(BROTLI_JS, JS, "br"), accepted="br"),
    case(ALL, "/app.js", page(BROTLI_JS, JS, "br"), accepted="gzip, br"),
    case(ALL, "/app.js", page(GZIP_JS, JS, "gzip"), accepted="gzip"),
    case(ALL, "/app.js", page(GZIP_JS, JS, "gzip"), accepted="br;q=0, gzip"),
    case(ALL, "/data.json", page("[]", "application/json; charset=utf-8"), accepted="br"),
    case(ALL, "/styles.css.br", page(BROTLI_CSS, CSS, "br")),
    case(ALL, "/", page("home"), accepted="gzip, br"),
    case(ALL, "/stale.txt", page("fresh", "text/plain; charset=utf-8"), accepted="gzip"),
    case(ALL, "/stale.txt.gz", page(STALE, "application/gzip"), accepted="gzip"),
]  # fmt: skip
ODD_NAMES = [
    case(
        ("usual", "file any", "file remove", "off", "folder remove"),
        "/LICENSE",
        page("free", "text/plain; charset=utf-8"),
    ),
    case(("folder add",), "/LICENSE", moved("/LICENSE/")),
    case(ALL, "/.well-known/apple-app-site-association", page("apple", BINARY)),
    case(ALL, "/with%20space.html", page("space")),
    case(("usual", "folder remove"), "/%C3%BCber", page("umlaut")),
    *(case(("usual", "folder remove"), f"/{form}", page("umlaut")) for form in ("u%CC%88ber", "u%CC%88ber/index.html")),
    *(case(ALL, f"/caf{form}.html", page("of a Mac")) for form in ("e%CC%81", "%C3%A9")),
    *(case(FOLDERS, f"/docs/1.0{end}", page("version")) for end in ("", "/", "/index.html")),
    case(("file any", "file remove", "off"), "/docs/1.0", MISSING),
    *(case(("file any", "file remove"), f"/1.0{end}", page("release notes")) for end in ("", ".html")),
    case((*FOLDERS, "off"), "/1.0", MISSING),
    case(ALL, "/latin.html", page(FILES["latin.html"], "text/html; charset=iso-8859-1")),
    case(("usual", "folder add"), "/%c3%bcber/", page("umlaut")),
    case(ALL, "/100%25.html", page("percent")),
    case(ALL, "/100%.html", page("percent")),
    case(ALL, "/a+b.html", page("plus")),
    case(ALL, "/a%2Bb.html", page("plus")),
    case(ALL, "/q&a's%20(1)~.html", page("signs")),
    case(ALL, "/q%26a%27s%20%281%29%7E.html", page("signs")),
    case(ALL, "/%70age.html", page("page")),
    case(ALL, "/%ff.html", MISSING),
    case(ALL, "/%C3.html", MISSING),
    case(ALL, "/%zz.html", MISSING),
    case(ALL, "/about%2Findex.html", page("about")),
    case(("folder remove", "file remove"), "//evil/", MISSING),
    case(("folder add",), "//evil", MISSING),
    case(("usual",), "/about//", MISSING),
]
NAVIGATION, FETCH = {"sec-fetch-mode": "navigate"}, {"sec-fetch-mode": "cors", "accept": "text/html"}
FALLBACKS = [
    *(Case(contents=SINGLE_PAGE, path=path, headers=NAVIGATION, wanted=page("home"))
      for path in ("/", "/users/7", "/users/7/", "/no/such/page", "/%C3%BCx", "/LICENSES")),
    Case(contents=SINGLE_PAGE, path="/users/7", headers={"accept": "text/html,*/*"}, wanted=page("home")),
    Case(contents=SINGLE_PAGE, path="/about", headers=NAVIGATION, wanted=page("about")),
    Case(contents=SINGLE_PAGE, path="/page.html", headers=NAVIGATION, wanted=page("page")),
    Case(contents=SINGLE_PAGE, path="/old", headers=NAVIGATION, wanted=moved("/about/")),
    Case(contents=SINGLE_PAGE, path="/LICENSE", headers=NAVIGATION, wanted=page("free", BINARY)),
    Case(contents=SINGLE_PAGE, path="/docs/1.0", headers=NAVIGATION, wanted=page("version")),
    *(Case(contents=SINGLE_PAGE, path=path, headers=NAVIGATION, wanted=MISSING)
      for path in ("/no.js", "/a/b.json", "/users/7.html")),
    *(Case(contents=SINGLE_PAGE, path="/users/7", headers=headers, wanted=MISSING) for headers in (FETCH, {}, {"accept": "*/*"})),
    Case(contents=("fallback add",), path="/users/7", headers=NAVIGATION, wanted=moved("/users/7/")),
    Case(contents=("fallback add",), path="/users/7/", headers=NAVIGATION, wanted=page("application")),
]  # fmt: skip
CASES = [*FALLBACKS, *INDEX_DOCUMENTS, *NOT_FOUND_PAGE, *REDIRECTED, *WILDCARDS, *ENCODINGS, *ODD_NAMES]


def write_site(folder: Path) -> Path:
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
