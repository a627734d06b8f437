"""AWS's service models as botocore loads them, without what nobody here reads: their documentation, half of their size.

botocore keeps each model for as long as a client lives, and moto reads them too. The order of keys, for which botocore asks for
OrderedDicts, is that of any dict: https://docs.python.org/3/library/json.html#json.load
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO


def load_without_documentation() -> None:
    """Let botocore load every model from now on without its documentation.

    Raises:
        AttributeError: botocore loads models in another way than it did.
    """
    from botocore.loaders import JSONFileLoader

    loader: Any = JSONFileLoader
    assert callable(loader._load_file)  # noqa: S101  an AttributeError tells that it has moved
    loader._load_file = _load_file


def _load_file(_loader: object, full_path: str, open_method: Callable[[str, str], BinaryIO]) -> Any:  # noqa: ANN401  JSON
    if not Path(full_path).is_file():
        return None
    with open_method(full_path, "rb") as file:
        return json.loads(file.read(), object_hook=_without_documentation)


def _without_documentation(found: dict[str, Any]) -> dict[str, Any]:
    if isinstance(
        found.get("documentation"), str
    ):  # a member of a structure may have the name; rules of endpoints need theirs
        found["documentation"] = ""
    return found
