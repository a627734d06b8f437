"""A configuration that is given beside its own plan or state: it says the same again, and the plan knows more."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from scripts.lint.model import Document, Resource

# The share of addresses that both have: `count` and `for_each` may make none of a block, a plan may be of part.
_ALIKE = 0.8
# What tells one deployment of a configuration from another.
_NAMES = ("bucket", "name", "domain_name", "alarm_name", "function_name")


def without_twins(documents: Sequence[Document]) -> list[Document]:
    """Returns the documents with the resources of such a configuration taken out; its backend and waivers stay.

    A waiver, which a plan cannot hold, is moved to the plan's resource of the same address.
    """
    found = {document.name: document for document in documents}
    shown = [document for document in documents if document.shape != "configuration"]
    for configuration in (document for document in documents if document.shape == "configuration"):
        twin = next((one for one in shown if _is_of(configuration, one)), None)
        if twin is not None:
            found[twin.name] = _with_waivers(found[twin.name], configuration)
            found[configuration.name] = replace(configuration, resources=())
    return list(found.values())


def _is_of(configuration: Document, shown: Document) -> bool:
    """Whether a plan or a state is of a configuration: they have the addresses in common, and no name differs."""
    written, planned = _by_address(configuration), _by_address(shown)
    common = written.keys() & planned.keys()
    is_alike = bool(common) and len(common) >= _ALIKE * max(len(written), len(planned))
    return is_alike and not any(_differ(written[address], planned[address]) for address in common)


def _by_address(document: Document) -> Mapping[str, Resource]:
    return {_plain(resource): resource for resource in document.resources if not resource.is_data}


def _plain(resource: Resource) -> str:
    return re.sub(r"\[[^\]]*\]", "", resource.address)


def _differ(one: Resource, other: Resource) -> bool:
    if "[" in one.address or "[" in other.address:
        return False
    names = [(one.body.text(key), other.body.text(key)) for key in _NAMES]
    return any(first and second and first != second for first, second in names)


def _with_waivers(shown: Document, configuration: Document) -> Document:
    waivers = {_plain(resource): resource.waivers for resource in configuration.resources if resource.waivers}
    resources = tuple(
        replace(resource, waivers=(*resource.waivers, *waivers.get(_plain(resource), ())))
        for resource in shown.resources
    )
    return replace(shown, resources=resources)
