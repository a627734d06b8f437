"""Small sites in the shape of ten generators' outputs: names, folders, what they write into pages. Not their own files."""

import gzip
from collections.abc import Mapping
from typing import Any

HASH_64 = "0123456789abcdef" * 4
SITEMAP = b'<?xml version="1.0" encoding="UTF-8"?><urlset></urlset>'


def page(head: str = "", body: str = "") -> bytes:
    return f'<!DOCTYPE html><html lang="en"><head><title>x</title>{head}</head><body>{body}</body></html>'.encode()


SHAPES: Mapping[str, Mapping[str, bytes]] = {
    "mkdocs-material": {
        "index.html": page('<script>__md_scope=new URL(".",location)</script><style>:root{--md-text-font:"Roboto"}</style>',
                           '<script id="__config" type="application/json">{}</script>'),
        "404.html": page(),
        "guide/index.html": page('<script>__md_scope=new URL("..",location)</script>',
                                 '<img src="data:image/png;base64,x" alt="">'),
        "sitemap.xml": SITEMAP,
        "sitemap.xml.gz": gzip.compress(SITEMAP, mtime=0),
        "assets/javascripts/bundle.79ae519e.min.js": b"new Worker(url)",
        "assets/javascripts/workers/search.2c215733.min.js": b"onmessage=1",
        "assets/stylesheets/main.484c7ddc.min.css": b"a{background:url(data:image/svg+xml,x)}",
        "search/search_index.json": b"{}",
        ".nojekyll": b"",
    },
    "sphinx-furo": {
        "index.html": page('<script>document.body.dataset.theme="auto"</script>', '<a href="_sources/index.rst.txt">source</a>'),
        "genindex.html": page(),
        "_modules/index.html": page(),
        "_sources/index.rst.txt": b"Title\n=====\n",
        "_static/styles/furo.css": b"a{}",
        "_static/_sphinx_javascript_frameworks_compat.js": b"1",
        "_static/file.png": b"\x89PNG",
        "searchindex.js": b"Search.setIndex({})",
        "objects.inv": b"# Sphinx inventory version 2\n\x00",
        ".buildinfo": b"# Sphinx build info",
    },
    "hugo": {
        "index.html": page(),
        "index.xml": b"<rss></rss>",
        "categories/index.html": page(),
        "posts/v1.2/index.html": page(),
        f"css/style.min.{HASH_64}.css": b"a{}",
        "404.html": page(),
    },
    "eleventy": {
        "index.html": page(),
        "about/index.html": page(),
        "feed/feed.xml": b"<feed></feed>",
        "img/x3Fd_k-9aQ-300.webp": b"RIFF",
        "css/index.css": b"a{}",
    },
    "astro": {
        "index.html": page("<script type=module>import('./_astro/hoisted.CzWq1x-_.js')</script>"),
        "about/index.html": page(),
        "_astro/about.DkJ3x1Ab.css": b"a{}",
        "_astro/hoisted.CzWq1x-_.js": b"1",
        "_astro/inter-latin.Cx9Pq2aa.woff2": b"wOF2",
        "favicon.svg": b"<svg/>",
    },
    "vitepress": {
        "index.html": page('<script id="check-dark-mode">(()=>{})()</script>'),
        "guide/start.html": page(),
        "hashmap.json": b'{"guide_start.md":"Dk29x0Aa"}',
        "assets/app.B3Xc0Lz2.js": b"1",
        "assets/guide_start.md.Dk29x0Aa.lean.js": b"1",
        "assets/chunks/framework.CTVYQtO4.js": b"1",
        "vp-icons.css": b"a{}",
    },
    "docusaurus": {
        "index.html": page("<script>!function(){}()</script>"),
        "docs/intro/index.html": page(),
        "assets/js/main.5f1a2b3c.js": b"1",
        "assets/js/main.5f1a2b3c.js.LICENSE.txt": b"MIT",
        "assets/js/runtime~main.a1b2c3d4.js": b"1",
        "assets/css/styles.0d1e2f3a.css": b"a{}",
        "img/logo.svg": b"<svg/>",
        ".nojekyll": b"",
    },
    "next-export": {
        "index.html": page("", "<script>self.__next_f.push([1,'x'])</script>"),
        "index.txt": b"1:{}",
        "404.html": page(),
        "blog/first/index.html": page("", "<script>self.__next_f.push([1,'y'])</script>"),
        "_next/static/kXq3_Zb/_buildManifest.js": b"1",
        "_next/static/chunks/app/page-4d3f2a1b9c8e7f60.js": b"1",
        "_next/static/chunks/app/blog/[slug]/page-0a1b2c3d4e5f6071.js": b"1",
        "_next/static/media/e4af272ccee01ff0-s.p.woff2": b"wOF2",
    },
    "vite": {
        "index.html": page('<script type="module" crossorigin src="/assets/index-DiwrgTda.js"></script>'),
        "assets/index-DiwrgTda.js": b'fetch("https://api.example.com/v1")',
        "assets/index-BxY3kd_w.css": b"a{}",
        "assets/solver-Q1w2E3r4.wasm": b"\x00asm",
        "vite.svg": b"<svg/>",
    },
    "hexo": {
        "index.html": page(),
        "2026/11/30/hello-world/index.html": page(),
        "tags/c++/index.html": page(),
        "tags/\u65e5\u672c/index.html": page(),
        "archives/2026/index.html": page(),
        "css/style.css": b"a{}",
        "css/fonts/fontawesome-webfont.woff2": b"wOF2",
    },
}  # fmt: skip
CONTENTS: Mapping[str, dict[str, Any]] = {"vitepress": {"clean_urls": "file"}, "vite": {"fallback": "/index.html"}}
