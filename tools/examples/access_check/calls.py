"""The calls of a call log (`localcloud serve --call-log`), as the mapping to IAM's actions reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

_FORM_TAG = re.compile(r"^(.*Tags?(?:\.member|\.Tag)?\.\d+)\.Key$")
_XML_TAG = re.compile(r"<Tag><Key>([^<]*)</Key><Value>([^<]*)</Value></Tag>")
# Where the APIs keep the tags of what is made, in JSON bodies.
_TAG_FIELDS = ("Tags", "tags", "TagList", "ResourceTags")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of an AWS API.

    Attributes:
        caller: the access key id, which here is the role's or the function's name.
        service: its name in the signature.
        parameters: those of path, query and, where it is JSON or a form, the body; nested ones of a form have dotted names.
        body: the body as it came; empty for objects of S3.
        headers: those that carry rights, lower case.
    """

    caller: str
    service: str
    region: str
    operation: str
    method: str
    path: str
    parameters: Mapping[str, Any]
    body: str
    headers: Mapping[str, str]
    status: int

    def get(self, *names: str) -> str | None:
        """Returns the first of these parameters that is there."""
        return next((str(self.parameters[name]) for name in names if name in self.parameters), None)

    @property
    def tags(self) -> dict[str, str]:
        """The tags that the call puts on something."""
        found: dict[str, str] = dict(_XML_TAG.findall(self.body))
        for field in _TAG_FIELDS:
            found |= _tags(self.parameters.get(field))
        for name, value in self.parameters.items():
            if match := _FORM_TAG.match(name):
                found[str(value)] = str(self.parameters.get(f"{match[1]}.Value", ""))
        return found


def _tags(value: object) -> dict[str, str]:
    """A map, or a list of pairs whose keys each API spells in its own way."""
    if isinstance(value, dict):
        return {str(key): str(each) for key, each in value.items()}
    pairs = value if isinstance(value, list) else []
    named = [{name.lower().removeprefix("tag"): each for name, each in pair.items()} for pair in pairs]
    return {str(pair["key"]): str(pair.get("value", "")) for pair in named if "key" in pair}


def read_calls(log: Path) -> Iterator[Call]:
    """Yields the calls of a log.

    Raises:
        ValueError: a call whose operation is not known: the name that AWS's models lack is in the message.
    """
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            document = json.loads(line)
            if document["operation"] is None:
                raise ValueError(
                    f"no operation is known for {document['service']} {document['method']} {document['path']}"
                )
            yield _call(document)


def _call(document: dict[str, Any]) -> Call:
    body = document["body"] or ""
    return Call(
        caller=document["caller"],
        service=document["service"],
        region=document["region"],
        operation=document["operation"],
        method=document["method"],
        path=document["path"],
        parameters={**_body_parameters(body), **document["query"], **document["parameters"]},
        body=body,
        headers=document["headers"],
        status=document["status"],
    )


def _body_parameters(body: str) -> dict[str, Any]:
    if body.startswith("{"):
        parsed = json.loads(body)
        return parsed if isinstance(parsed, dict) else {}
    return {} if body.startswith("<") else dict(parse_qsl(body, keep_blank_values=True))
