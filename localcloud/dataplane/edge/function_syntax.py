"""What of JavaScript the runtimes of CloudFront do not know, found in a function's code by its words.

AWS lists what a runtime supports, ES 5.1 and some of ES 6 to 12, of 1.0 to 9; what is not listed is refused here:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-10.html
No parser: a table of expressions over the code without its comments, strings and regular expressions.
"""

import re

_NO_CODE = re.compile(
    r"""
    //[^\n]* | /\*.*?\*/                                                               # comments
  | '(?:\\.|[^'\\\n])*' | "(?:\\.|[^"\\\n])*" | `(?:\\.|[^`\\])*`                    # strings
  | (?<=[(,=:\[!&|?{};])\s*/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*         # regular expressions
    """,
    re.VERBOSE | re.DOTALL,
)

_UNSUPPORTED = {
    "class": r"\bclass\b",
    "a generator": r"\bfunction\s*\*|\byield\b",
    "for ... of": r"\bfor\s*(?:await\s*)?\([^;)]*\sof\s",
    "optional chaining": r"\?\.(?!\d)",
    "the operator ??": r"\?\?",
    "a logical assignment": r"(?:&&|\|\|)=",
    "spread": r"\.\.\.(?!\s*\w+\s*\)\s*(?:=>|\{))",
    "destructuring": r"\b(?:const|let|var)\s*[\[{]",
    "a default parameter": r"\bfunction\s*\w*\s*\([^)]*=|\([^()]*[^=!<>]=[^=>][^()]*\)\s*=>",
    "an async closure": r"\basync\s*\(|\basync\s+\w+\s*=>|[=(,:]\s*async\s+function\b",
    "a private name": r"#\w",
    "a BigInt": r"\b\d+n\b",
    "dynamic import or require": r"\b(?:import|require)\s*\(",
    "code from text": r"\beval\s*\(|\bnew\s+Function\b",
    "a timer or the network": r"\b(?:setTimeout|setInterval|setImmediate|fetch|XMLHttpRequest|WebSocket)\b",
    "an object that is not there": (
        r"\bnew\s+(?:Map|Set|WeakMap|WeakSet|Proxy|URL|URLSearchParams)\b|\b(?:Reflect|Intl|process)\."
    ),
    "a method that is not there": (
        r"\.(?:at|flat|flatMap|findLast|findLastIndex|matchAll|normalize|localeCompare)\s*\("
        r"|\bObject\.(?:fromEntries|hasOwn|groupBy)\b|\bArray\.from\b|\bstructuredClone\b"
    ),
}
_UNSUPPORTED_IN_1 = {
    "const or let": r"\b(?:const|let)\s+[\w$]",
    "async or await": r"\basync\b|\bawait\b",
    "an import": r"(?m)^\s*import\b",
    "Buffer": r"\bBuffer\b",
    "a method of strings that localcloud does not model": r"\.(?:bytesFrom|fromBytes|fromUTF8|toBytes|toUTF8)\s*\(",
}
RUNTIME_1, RUNTIME_2 = "cloudfront-js-1.0", "cloudfront-js-2.0"
_EXPRESSIONS = {
    runtime: {name: re.compile(expression) for name, expression in table.items()}
    for runtime, table in ((RUNTIME_1, _UNSUPPORTED | _UNSUPPORTED_IN_1), (RUNTIME_2, _UNSUPPORTED))
}
RUNTIMES = tuple(_EXPRESSIONS)


def unsupported_syntax(code: str, runtime: str = RUNTIME_2) -> str | None:
    """Return the first thing that one of RUNTIMES does not know and where it stands; None when there is none."""
    plain = _NO_CODE.sub(_blank, code)
    for name, expression in _EXPRESSIONS[runtime].items():
        found = expression.search(plain)
        if found:
            line = plain.count("\n", 0, found.start()) + 1
            return f"{name} in line {line} ({found.group().strip()})"
    return None


def _blank(match: re.Match[str]) -> str:
    """Return what takes the place of a comment, string or regular expression: a value, and its lines."""
    return "0" + "\n" * match.group().count("\n")
