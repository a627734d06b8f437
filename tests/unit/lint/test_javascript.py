"""What the linter understands of a CloudFront function without running it."""

import pytest

from scripts.lint.javascript import called, imports, is_readable, named, reads_unanswered

OPENS = "import cf from 'cloudfront';\nconst s = cf.kvs();\n"
GET = "e.request.uri = await s.get('k');"


def handler(body: str) -> str:
    return f"{OPENS}async function handler(e) {{ {body} return e.request; }}"


def reading(function: str, use: str) -> str:
    """A function that reads, and the handler that uses it."""
    return f"{OPENS}{function}\nasync function handler(e) {{ {use} return e.request; }}"


@pytest.mark.parametrize(
    "code",
    [
        handler(GET),
        handler(f"// catch, exists(\n{GET}"),
        handler(f"try {{ JSON.parse(e.x); }} catch (x) {{}} {GET}"),
        handler(f"try {{ {GET} }} finally {{ }}"),
        handler(f"try {{ {GET} }} catch (x) {{ throw x; }}"),
        handler("e.request.uri = await s.get('k').then(v => v);"),
        handler("const p = s.get('k'); e.request.uri = await p;"),
        handler("const v = (await s.get('k')); e.request.uri = v;"),
        handler("const both = await Promise.all([s.get('a'), s.get('b')]);"),
        handler("const all = await Promise.all(['a'].map(async k => await s.get(k)));"),
        reading("async function read(k) { return s.get(k); }", "await read('k');"),
        reading("const read = async (store, k) => store.get(k);", "await read(cf.kvs(), 'k');"),
        "import cf from 'cloudfront'; const handler = async (e) => cf.kvs('id').get('k');",
    ],
)
def test_missing_key_becomes_an_error(code: str) -> None:
    assert is_readable(code)
    assert reads_unanswered(code)


@pytest.mark.parametrize(
    "code",
    [
        handler(f"try {{ {GET} }} catch (x) {{}}"),
        handler(f"try {{ {GET} }} catch {{ return {{ statusCode: 503 }}; }}"),
        handler("e.request.uri = await s.get('k').then(v => v, () => '/index.html');"),
        handler("e.request.uri = await s.get('k').then(v => v).catch(() => '/index.html');"),
        handler("const p = s.get('k'); try { e.request.uri = await p; } catch (x) {}"),
        handler("const both = await Promise.allSettled([s.get('a'), s.get('b')]);"),
        handler(f"if (await s.exists('k')) {{ {GET} }}"),
        handler("const m = new Map(); m.get('a'); e.request.headers.get('b');"),
        reading("async function read(k) { return s.get(k); }", "try { await read('k'); } catch {}"),
        reading("async function read(k) { return s.get(k); }", "await read('k').catch(() => '');"),
        reading("const read = async k => { try { return await s.get(k); } catch { return ''; } };", "await read('k');"),
        reading("async function unused(k) { return s.get(k); }", ""),
        handler("this is no javascript"),
    ],
)
def test_missing_key_is_answered_or_nothing_is_certain(code: str) -> None:
    assert not reads_unanswered(code)


def test_words_of_comments_and_strings_are_no_calls() -> None:
    code = "// updateRequestOrigin()\nconst a = 'selectRequestOriginById()'; cf.createRequestOriginGroup({}); go();"
    assert called(code) == {"createRequestOriginGroup", "go"}


def test_names_that_are_set() -> None:
    code = "r.uri += 'index.html'; r['querystring'] = {}; const x = { statusCode: 302, headers }; const y = r.method;"
    assert named(code) == {"uri", "querystring", "statusCode", "headers"}


def test_modules_that_are_imported() -> None:
    assert imports("import cf from 'cloudfront';", "cloudfront")
    assert not imports("// import cf from 'cloudfront'", "cloudfront")
