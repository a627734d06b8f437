"""What every section of the site file is made of: the base class, strict scalars, and how a value is refused."""

import difflib
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from constructs_lib.site_file.aws_regions import REGIONS, UNKNOWN_TO_PROVIDER

A_REGION = f"an AWS region: {', '.join(REGIONS)}"


def refuse(*, allowed: str, remedy: str, shown: str | None = None) -> PydanticCustomError:
    """Returns the error that the report prints with these texts; `shown` stands for a value that must not be printed."""
    context = {"allowed": allowed, "remedy": remedy}
    return PydanticCustomError("refused", "{allowed}", context if shown is None else {**context, "shown": shown})


def known_region(value: str) -> str:
    """Returns the name of a region that the AWS provider knows, or refuses it."""
    if value in UNKNOWN_TO_PROVIDER:
        raise refuse(allowed=A_REGION, remedy="choose another: Terraform's AWS provider 5.100.0 does not know this one")
    if value not in REGIONS:
        near = difflib.get_close_matches(value, REGIONS, n=3)
        remedy = f"did you mean {' or '.join(near)}?" if near else "write an AWS region's code name"
        raise refuse(allowed=A_REGION, remedy=remedy)
    return value


# TOML has integers, floats and booleans of its own: "10" and true are not numbers here.
Int = Annotated[int, Field(strict=True)]
Float = Annotated[float, Field(strict=True)]
Bool = Annotated[bool, Field(strict=True)]


def pattern(expression: str, allowed: str) -> Any:  # noqa: ANN401  (pydantic.Field returns Any)
    """Returns a field whose report says `allowed` instead of a regular expression."""
    return Field(pattern=expression, json_schema_extra={"allowed": allowed})


def says(allowed: str) -> Any:  # noqa: ANN401  (pydantic.Field returns Any)
    """Returns a field whose report says `allowed` when the key is missing or of another type."""
    return Field(json_schema_extra={"allowed": allowed})


class Section(BaseModel):
    """A table of the site file: frozen, and a key that it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
