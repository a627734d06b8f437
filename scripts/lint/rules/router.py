"""The router function and its key value store (trap 25)."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.lint.distributions import FUNCTION, code_of, distributions
from scripts.lint.javascript import called, imports, reads_unanswered
from scripts.lint.model import Configuration
from scripts.lint.rule import Finding, Rule, at
from scripts.lint.sources import cloudfront

_CHOOSES_ORIGIN = {"updateRequestOrigin", "selectRequestOriginById", "createRequestOriginGroup"}
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html and kvs-with-functions.html
_LARGEST_FUNCTION_BYTES = 10_240
_LARGEST_ENTRY_BYTES = {"key": 512, "value": 1024}


def _old_runtime(configuration: Configuration) -> Iterator[Finding]:
    for function in configuration.of_type(FUNCTION):
        has_store = not function.body.is_unset("key_value_store_associations")
        what = "key_value_store_associations" if has_store else "import of 'cloudfront'"
        is_old = function.body.text("runtime") == "cloudfront-js-1.0"
        if is_old and (has_store or imports(code_of(function) or "", "cloudfront")):
            yield at(function, f"{what} on runtime cloudfront-js-1.0")


def _missing_key(configuration: Configuration) -> Iterator[Finding]:
    for function in configuration.of_type(FUNCTION):
        if reads_unanswered(code_of(function) or ""):
            yield at(function, "reads the key value store, and nothing answers a missing key")


def _two_stores(configuration: Configuration) -> Iterator[Finding]:
    for function in configuration.of_type(FUNCTION):
        stores = function.body.value("key_value_store_associations")
        if isinstance(stores, list) and len(stores) > 1:
            yield at(function, f"{len(stores)} key value stores")


def _too_large(configuration: Configuration) -> Iterator[Finding]:
    for function in configuration.of_type(FUNCTION):
        size = len((function.body.text("code") or "").encode())
        if size > _LARGEST_FUNCTION_BYTES:
            yield at(function, f"{size} bytes of code, at most {_LARGEST_FUNCTION_BYTES}")
    for resource in configuration.of_type(
        "aws_cloudfrontkeyvaluestore_key", "aws_cloudfrontkeyvaluestore_keys_exclusive"
    ):
        for entry in (resource.body, *resource.body.blocks("resource_key_value_pair")):
            for name, limit in _LARGEST_ENTRY_BYTES.items():
                size = len((entry.text(name) or "").encode())
                if size > limit:
                    yield at(resource, f"{name} of {size} bytes, at most {limit}")


def _origin_choice_elsewhere(configuration: Configuration) -> Iterator[Finding]:
    for distribution in distributions(configuration):
        for behaviour in distribution.behaviours():
            for association in behaviour.blocks("function_association"):
                value = association.value("function_arn")
                function = configuration.resource(value, distribution.resource, FUNCTION)
                chosen = _CHOOSES_ORIGIN & called(code_of(function) or "") if function else set()
                event = association.text("event_type")
                if function and chosen and event and event != "viewer-request":
                    yield at(distribution.resource, f"{function.address} calls {min(chosen)} at {event}")


RULES = (
    Rule(
        id="FW251",
        slug="store-on-old-runtime",
        title="A key value store or origin choice on runtime 1.0",
        why="Only cloudfront-js-2.0 can read a store or choose the origin; plan accepts it, apply or every request fails.",
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
        remedy="Await the read in try/catch, give .catch() or the second argument of .then(), or ask exists() first; answer "
        "with a default.",
        check=_missing_key,
    ),
    Rule(
        id="FW253",
        slug="two-stores",
        title="A function with two key value stores",
        why="A function reads one store; plan accepts more, apply fails.",
        source=cloudfront("kvs-with-functions"),
        remedy="Put everything the function reads into one store, told apart by a prefix of its keys.",
        check=_two_stores,
    ),
    Rule(
        id="FW254",
        slug="function-too-large",
        title="A function or an entry of its store above CloudFront's limits",
        why="A function is 10 KB at most, a key 512 bytes, a value 1 KB; plan accepts more, apply fails.",
        source=cloudfront("cloudfront-limits"),
        remedy="Keep data in the store, in values of at most 1,024 bytes, and minify the function.",
        check=_too_large,
    ),
    Rule(
        id="FW255",
        slug="origin-choice-elsewhere",
        title="A function that chooses the origin after the viewer's request",
        why="Origins can be chosen at viewer-request only: elsewhere the call fails, and so does every answer.",
        source=cloudfront("helper-functions-origin-modification"),
        remedy='Associate the function with event_type = "viewer-request".',
        check=_origin_choice_elsewhere,
    ),
)
