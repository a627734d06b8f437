"""What of JavaScript the runtime cloudfront-js-2.0 does not know, found in a function's code by its words.

AWS lists what the runtime supports, ES 5.1 and some of ES 6 to 12; what is not listed is refused here:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html
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
_EXPRESSIONS = {name: re.compile(expression) for name, expression in _UNSUPPORTED.items()}


def unsupported_syntax(code: str) -> str | None:
    """Return the first thing that the runtime does not know and where it stands; None when there is none."""
    plain = _NO_CODE.sub(_blank, code)
    for name, expression in _EXPRESSIONS.items():
        found = expression.search(plain)
        if found:
            line = plain.count("\n", 0, found.start()) + 1
            return f"{name} in line {line} ({found.group().strip()})"
    return None


def _blank(match: re.Match[str]) -> str:
    """Return what takes the place of a comment, string or regular expression: a value, and its lines."""
    return "0" + "\n" * match.group().count("\n")
