"""The router function and its key value store (trap 25)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.lint.distributions import FUNCTION, code_of
from scripts.lint.model import Configuration
from scripts.lint.rule import Finding, Rule, at
from scripts.lint.sources import cloudfront

_OPENS_STORE = re.compile(r"\.kvs\s*\(")
_READS_STORE = re.compile(r"\.get\s*\(")
_SURVIVES = re.compile(r"\bcatch\b|\.exists\s*\(")


def _old_runtime(configuration: Configuration) -> Iterator[Finding]:
    for function in configuration.of_type(FUNCTION):
        has_store = not function.body.is_unset("key_value_store_associations")
        if has_store and function.body.text("runtime") == "cloudfront-js-1.0":
            yield at(function, "key_value_store_associations on runtime cloudfront-js-1.0")


def _missing_key(configuration: Configuration) -> Iterator[Finding]:
    for function in configuration.of_type(FUNCTION):
        code = code_of(function) or ""
        if _OPENS_STORE.search(code) and _READS_STORE.search(code) and not _SURVIVES.search(code):
            yield at(function, "reads the key value store with neither catch nor exists()")


RULES = (
    Rule(
        id="FW251",
        slug="store-on-old-runtime",
        title="A key value store on runtime 1.0",
        why="Only cloudfront-js-2.0 can read a store; plan accepts the association, apply or every request fails.",
        source=cloudfront("kvs-with-functions"),
        remedy='Set runtime = "cloudfront-js-2.0".',
        check=_old_runtime,
    ),
    Rule(
        id="FW252",
        slug="router-without-fallback",
        title="A router that has no answer for a missing key",
        why="get() throws on a missing key: an empty store, as right after the first apply, makes every request an error.",
        source=cloudfront("functions-custom-methods"),
        remedy="Wrap the read in try/catch, or ask exists() first, and answer with a default.",
        check=_missing_key,
    ),
)
