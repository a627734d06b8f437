"""What every section of the site file is made of: the base model, strict scalars, and how a field words its refusal."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

# TOML has integers, floats and booleans of its own: "10" and true are not numbers here.
Int = Annotated[int, Field(strict=True)]
Float = Annotated[float, Field(strict=True)]
Bool = Annotated[bool, Field(strict=True)]


class Section(BaseModel):
    """A table of the site file: frozen, and an unknown key is a problem."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def refuse(*, allowed: str, remedy: str) -> PydanticCustomError:
    """Returns the error that the report prints with these two texts."""
    return PydanticCustomError("refused", "{allowed}", {"allowed": allowed, "remedy": remedy})


def pattern(pattern: str, allowed: str) -> Any:  # noqa: ANN401  (pydantic.Field returns Any)
    """Returns a field whose report says `allowed` instead of a regular expression."""
    return Field(pattern=pattern, json_schema_extra={"allowed": allowed})


def says(allowed: str) -> Any:  # noqa: ANN401  (pydantic.Field returns Any)
    """Returns a field whose report says `allowed` when the key is missing or of another type."""
    return Field(json_schema_extra={"allowed": allowed})
