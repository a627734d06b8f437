"""What every section of the site file is made of: the base class, strict scalars, and how a value is refused."""

import difflib
import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from constructs_lib.site_file.aws_regions import REGIONS, UNKNOWN_TO_PROVIDER

A_REGION = f"an AWS region: {', '.join(REGIONS)}"


def refuse(*, allowed: str, remedy: str) -> PydanticCustomError:
    """Returns the error that the report prints with these texts."""
    return PydanticCustomError("refused", "{allowed}", {"allowed": allowed, "remedy": remedy})


def known_region(value: str) -> str:
    """Returns the name of a region that the AWS provider knows, or refuses it."""
    if value in UNKNOWN_TO_PROVIDER:
        raise refuse(allowed=A_REGION, remedy="choose another: Terraform's AWS provider 5.100.0 does not know this one")
    if value not in REGIONS:
        near = difflib.get_close_matches(value, REGIONS, n=3)
        remedy = f"did you mean {' or '.join(near)}?" if near else "write an AWS region's code name"
        raise refuse(allowed=A_REGION, remedy=remedy)
    return value


_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
# The top-level label is not all digits, or 10.0.0.1 would be a name: https://www.rfc-editor.org/rfc/rfc3696#section-2
DNS_NAME = re.compile(rf"(?=.{{1,253}}\Z)({_LABEL}\.)+(?![0-9]+\Z){_LABEL}\Z")

# TOML has integers, floats and booleans of its own: "10" and true are not numbers here.
Int = Annotated[int, Field(strict=True)]
Float = Annotated[float, Field(strict=True)]
Bool = Annotated[bool, Field(strict=True)]


def pattern(expression: str, allowed: str) -> Any:  # noqa: ANN401  (pydantic.Field returns Any)
    """Returns a field whose report says `allowed` instead of a regular expression."""
    return Field(pattern=expression, json_schema_extra={"allowed": allowed})


def says(allowed: str, *, is_secret: bool = False) -> Any:  # noqa: ANN401  (pydantic.Field returns Any)
    """Returns a field whose report says `allowed` when the key is missing or of another type; a secret's value is not shown."""
    return Field(json_schema_extra={"allowed": allowed, "secret": is_secret})


class Section(BaseModel):
    """A table of the site file: frozen, and a key that it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*")
    @classmethod
    def _is_plain_text(cls, value: object) -> object:
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str):
                _refuse_template(text)
        return value


def _refuse_template(text: str) -> None:
    """Refuses what Terraform would evaluate, and characters that no AWS name, path or pattern holds."""
    if "${" in text or "%{" in text:
        raise refuse(allowed="text without ${ and %{", remedy="take them out: Terraform reads them as templates")
    if not text.isprintable():
        raise refuse(allowed="printable characters", remedy="take out line breaks and other control characters")
