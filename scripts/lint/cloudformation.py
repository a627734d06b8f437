"""CloudFormation's templates, as people and `cdk synth` write them, in the words of Terraform's configuration.

Only resource types whose properties Terraform has under other names are read (cloudformation_types.py); the others are named.
What CloudFormation computes becomes a reference or a value that is not known, as in Terraform.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping

from scripts.lint.cloudformation_types import ATTRIBUTES, REFERENCES, REFERRED, TYPES, converted
from scripts.lint.model import LeftOut

Raw = Mapping[str, object]
_SUBSTITUTED = re.compile(r"\$\{(!?)([A-Za-z0-9:.]+)\}")


def is_template(raw: Raw) -> bool:
    """Whether JSON is a template: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html."""
    resources = raw.get("Resources")
    return isinstance(resources, dict) and any("::" in str(_type(one)) for one in resources.values())


def as_configuration(raw: Raw, path: str) -> tuple[Raw, list[LeftOut]]:
    """Returns a template as Terraform's JSON syntax writes the same, and what of it has no such form."""
    resources = _resources(raw)
    template = _Template(resources, raw.get("Parameters"))
    found: dict[str, dict[str, object]] = {}
    unmapped: Counter[str] = Counter()
    for name, resource in resources.items():
        type_ = _type(resource)
        if type_ not in TYPES:
            unmapped[type_] += type_ not in _WITHOUT_EFFECT
            continue
        for terraform_type, label, body in converted(
            type_, _label(name), template.value(resource.get("Properties", {}))
        ):
            more: dict[str, object] = {"depends_on": template.depends_on(resource)}
            if "Condition" in resource:
                more["count"] = f"${{var.{_label(str(resource['Condition']))} ? 1 : 0}}"
            found.setdefault(terraform_type, {})[label] = {**body, **more}
    left = [
        LeftOut(path=path, address=type_, reason=f"{count} of this type, which no rule reads from CloudFormation")
        for type_, count in sorted(unmapped.items())
        if count
    ]
    return {"resource": found}, left


def unknown_values(names: str, path: str) -> list[LeftOut]:
    """Returns what is not known of a template, from the variables that stand for it: `var.Stage, var.AWS_AccountId`.

    Account, region and the like, which CloudFormation knows for itself, are no loss to any rule.
    """
    told = [name for name in names.replace("var.", "").split(", ") if not name.startswith(_PSEUDO)]
    reason = "no default, or computed by CloudFormation: no rule judges what hangs on it"
    return [LeftOut(path=path, address=", ".join(told), reason=reason)] if told else []


# AWS::AccountId and the like: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
_PSEUDO = "AWS_"
_WITHOUT_EFFECT = ("AWS::CDK::Metadata",)


def _resources(raw: Raw) -> dict[str, dict[str, object]]:
    resources = raw.get("Resources")
    items = resources.items() if isinstance(resources, dict) else ()
    return {name: resource for name, resource in items if isinstance(resource, dict)}


def _type(resource: object) -> str:
    return str(resource.get("Type", "")) if isinstance(resource, dict) else ""


def _label(name: str) -> str:
    return re.sub(r"\W", "_", name)


class _Template:
    """The functions of CloudFormation, in the words of Terraform's templates."""

    def __init__(self, resources: Mapping[str, Raw], parameters: object) -> None:
        self._types = {name: _type(resource) for name, resource in resources.items()}
        self._parameters = parameters if isinstance(parameters, dict) else {}

    def value(self, raw: object) -> object:
        """Returns properties with `Ref` and the like resolved, as far as that is possible."""
        if isinstance(raw, list):
            return [self.value(item) for item in raw]
        if not isinstance(raw, dict):
            return _escaped(raw) if isinstance(raw, str) else raw
        if len(raw) == 1:
            ((name, argument),) = raw.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._function(name, argument)
        return {key: self.value(item) for key, item in raw.items()}

    def depends_on(self, resource: Raw) -> list[str]:
        """Returns the addresses of what a resource waits for."""
        named = resource.get("DependsOn", [])
        names = named if isinstance(named, list) else [named]
        return [address for name in names if (address := self._address(str(name)))]

    def _function(self, name: str, argument: object) -> object:
        match name, argument:
            case "Ref", str(target):
                return self._reference(target)
            case "Fn::GetAtt", [str(target), str(attribute)]:
                return self._attribute(target, attribute)
            case "Fn::GetAtt", str(text):
                return self._attribute(*text.split(".", 1)) if "." in text else _unknown(text)
            case "Fn::Join", [str(separator), list(parts)]:
                return self._joined(separator, [self.value(part) for part in parts])
            case "Fn::Sub", str(text):
                return self._substituted(text, {})
            case "Fn::Sub", [str(text), dict(values)]:
                return self._substituted(text, values)
        return _unknown(json.dumps(argument, sort_keys=True))

    def _joined(self, separator: str, parts: list[object]) -> object:
        if any(isinstance(part, dict | list) for part in parts):
            return _unknown(json.dumps(parts, sort_keys=True))
        return _escaped(separator).join(str(part) for part in parts)

    def _substituted(self, text: str, values: Raw) -> str:
        def spelled(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"$${{{name}}}"
            if name in values:
                return str(self.value(values[name]))
            return str(self._attribute(*name.split(".", 1)) if "." in name else self._reference(name))

        return _SUBSTITUTED.sub(spelled, text)

    def _reference(self, name: str) -> object:
        if address := self._address(name):
            return f"${{{address}.{REFERENCES.get(self._types[name], 'id')}}}"
        parameter = self._parameters.get(name)
        if isinstance(parameter, dict) and isinstance(parameter.get("Default"), str | int):
            return str(parameter["Default"])
        return _unknown(name)

    def _attribute(self, name: str, attribute: str) -> str:
        address = self._address(name)
        return f"${{{address}.{ATTRIBUTES.get(attribute, 'id')}}}" if address else _unknown(f"{name}.{attribute}")

    def _address(self, name: str) -> str | None:
        own = self._types.get(name, "")
        type_ = REFERRED.get(own) or TYPES.get(own)
        return f"{type_}.{_label(name)}" if type_ else None


def _escaped(text: str) -> str:
    return text.replace("${", "$${").replace("%{", "%%{") if "{" in text else text


def _unknown(text: str) -> str:
    return f"${{var.{re.sub(r'[^A-Za-z0-9]+', '_', text).strip('_') or 'unknown'}}}"
