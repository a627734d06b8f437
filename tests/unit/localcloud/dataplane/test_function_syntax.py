"""https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html"""

import pytest

from localcloud.dataplane.configuration import EdgeFunction
from localcloud.dataplane.edge.function_syntax import RUNTIME_1, unsupported_syntax
from localcloud.dataplane.edge.functions import FunctionError, FunctionRuntime


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("class A {}", "class"),
        ("function* f() { }", "a generator"),
        ("for (const a of b) {}", "for ... of"),
        ("a?.b", "optional chaining"),
        ("a ?? b", "the operator ??"),
        ("a ||= b", "a logical assignment"),
        ("f(...a)", "spread"),
        ("const b = {...a}", "spread"),
        ("const {a} = b", "destructuring"),
        ("let [a] = b", "destructuring"),
        ("function f(a = 1) {}", "a default parameter"),
        ("const f = (a = 1) => a", "a default parameter"),
        ("const f = async () => 1", "an async closure"),
        ("a.map(async function (b) {})", "an async closure"),
        ("this.#a", "a private name"),
        ("const a = 10n", "a BigInt"),
        ("require('fs')", "dynamic import or require"),
        ("eval(a)", "code from text"),
        ("setTimeout(a)", "a timer or the network"),
        ("await fetch(a)", "a timer or the network"),
        ("new Map()", "an object that is not there"),
        ("a.at(-1)", "a method that is not there"),
        ("a.normalize('NFC')", "a method that is not there"),
    ],
)
def test_syntax_that_the_runtime_lacks_is_named_with_its_line(code: str, named: str) -> None:
    assert (unsupported_syntax(f"\n// first\n{code}") or "").startswith(f"{named} in line 3 ")


@pytest.mark.parametrize(
    "code",
    [
        "function f(...a) { return a; }",
        "const f = (...a) => a;",
        "if (a === b && c >= 1) { d = 1; }",
        "for (let i = 0; i < n; i++) {}",
        "for (const k in a) {}",
        "const a = b ? .5 : 1;",
        "async function handler(event) { const a = await f(); }",
        "const a = 'class of ...x ?? y'; // class\n/* async () => */",
        "a.replace(/[/](?.x)class/g, `${b} ?? c`);",
        "const a = b / c; // ?? /",
        "import cf from 'cloudfront';",
        "const a = 1_000;",
    ],
)
def test_syntax_that_the_runtime_has_is_let_through(code: str) -> None:
    assert unsupported_syntax(code) is None


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("const a = 1;", "const or let"),
        ("for (let i = 0; i < n; i++) {}", "const or let"),
        ("async function handler(event) {}", "async or await"),
        ("import cf from 'cloudfront';", "an import"),
        ("var a = Buffer.from('a');", "Buffer"),
        ("var a = String.bytesFrom('a', 'base64');", "a method of strings"),
        ("var {a} = b", "destructuring"),
    ],
)
def test_runtime_1_lacks_more_than_runtime_2(code: str, named: str) -> None:
    assert (unsupported_syntax(code, RUNTIME_1) or "").startswith(named)


@pytest.mark.parametrize(
    "code",
    ["var f = (...a) => `${a[0]}`;", "var letter = outlet; var constant = 2 ** 3;", "// const a\nvar a = 'let x';"],
)
def test_runtime_1_has_what_it_lists(code: str) -> None:
    assert unsupported_syntax(code, RUNTIME_1) is None


def test_function_that_aws_would_not_run_is_refused_here() -> None:
    function = EdgeFunction(
        name="f", arn="arn:f", runtime="cloudfront-js-2.0", code="function handler(e) { return e?.request; }", etag="1"
    )
    with pytest.raises(FunctionError, match="optional chaining in line 1"):
        FunctionRuntime(function)
