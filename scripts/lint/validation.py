"""Certificates of ACM and the DNS records that prove them, in each of the forms in which Terraform makes those."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.lint.model import Configuration, Resource
from scripts.lint.records import RECORD
from scripts.lint.values import Expression, Value, expressions_in

CERTIFICATE = "aws_acm_certificate"
OPTIONS = "domain_validation_options"
_INDEX = re.compile(r'\["(?P<key>[^"]+)"\]$')


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationRecord:
    """A record that proves names of a certificate; `names` are the domain names, in lower case, as far as they are known.

    `account` is the role of the certificate's provider, which tells accounts apart. A record whose own name is known, as in a
    state, has that as its only name, and no certificate.
    """

    resource: Resource
    certificate: Resource | None
    names: frozenset[str]
    account: str

    @property
    def block(self) -> tuple[str, str]:
        """The resource block that makes it, the same for all of its instances."""
        return self.resource.document, re.sub(r"\[[^\]]*\]$", "", self.resource.address)


def certificate_names(certificate: Resource) -> list[str]:
    """Returns the known names of a certificate, in lower case."""
    body = certificate.body
    names = [*body.texts("domain_name"), *body.texts("subject_alternative_names")]
    return list(dict.fromkeys(name.lower().rstrip(".") for name in names))


def validation_records(configuration: Configuration) -> Iterator[ValidationRecord]:
    """Yields the records that prove certificates: by index, by `for_each` or `count` over the options, or by their own name."""
    for record in configuration.of_type(RECORD):
        name = record.body.value("name")
        if isinstance(name, str):
            targets = " ".join(record.body.texts("records"))
            if name.startswith("_") and "acm-validations.aws" in targets:
                names = frozenset([name.lower().rstrip(".")])
                yield ValidationRecord(resource=record, certificate=None, names=names, account="")
        elif certificate := proved_certificate(configuration, record):
            names = frozenset(_names_proved(record, certificate))
            yield ValidationRecord(resource=record, certificate=certificate, names=names, account=certificate.role)


def proved_certificate(configuration: Configuration, record: Resource) -> Resource | None:
    """Returns the certificate whose validation options a record's name is taken from, itself or through `each.value`."""
    value = record.body.value("name")
    if isinstance(value, Expression) and "each.value" in value.text and not _uses_options(value):
        value = record.body.value("for_each")
    return configuration.resource(value, record, CERTIFICATE) if _uses_options(value) else None


def _uses_options(value: Value) -> bool:
    return any(
        OPTIONS in expression.text or OPTIONS in reference.attribute
        for expression in expressions_in(value)
        for reference in expression.references
    )


def _names_proved(record: Resource, certificate: Resource) -> set[str]:
    names = set(certificate_names(certificate))
    value = record.body.value("name")
    text = value.text if isinstance(value, Expression) else ""
    indexed = _INDEX.search(record.address)
    named = {name.lower() for name in (*re.findall(r'"([^"]+)"', text), *([indexed["key"]] if indexed else []))} & names
    # `for_each` over the options makes a record for every name; an index picks one that is not known here.
    is_every_name = isinstance(value, Expression) and value.is_per_instance
    return named or (names if is_every_name or len(names) == 1 else set())
