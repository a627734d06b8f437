"""moto's state: the attributes of every backend that has been used, by module, account and region.

A reference from one backend to another is kept as a reference; locks, which nobody holds while the gate is closed, are made anew.
"""

from __future__ import annotations

import importlib
import io
import pickle
import sys
import threading
import weakref
from collections import defaultdict
from collections.abc import Callable
from types import FunctionType
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

_LOCKS = {type(threading.Lock()): threading.Lock, type(threading.RLock()): threading.RLock}
_ALLOWED_MODULES = frozenset(
    {
        "_codecs",
        "_random",
        "_thread",
        "botocore",
        "builtins",
        "collections",
        "copyreg",
        "cryptography",
        "datetime",
        "dateutil",
        "decimal",
        "dns",
        "enum",
        "ipaddress",
        "localcloud",
        "moto",
        "py_partiql_parser",
        "random",
        "re",
        "threading",
        "types",
        "uuid",
        "weakref",
        "werkzeug",
        "xml",
        "zoneinfo",
    }
)
"""Top-level packages whose classes a snapshot may name."""
_FORBIDDEN = frozenset(
    {"eval", "exec", "compile", "open", "input", "__import__", "setattr", "breakpoint", "globals", "vars"}
)

BackendKey = tuple[str, str, str, str]
"""Module, variable, account and region of a backend."""


def backends() -> dict[BackendKey, Any]:
    """Return every backend of moto that has been used."""
    from moto.core.base_backend import BackendDict

    found: dict[BackendKey, Any] = {}
    for of_service in BackendDict._instances:
        module, variable = _place_of(of_service)
        for account, region, backend in of_service.iter_backends():
            found[module, variable, account, region] = backend
    return found


def _place_of(of_service: Any) -> tuple[str, str]:  # noqa: ANN401  moto is untyped
    module = of_service.backend.__module__
    for variable, value in vars(sys.modules[module]).items():
        if value is of_service:
            return module, variable
    raise RuntimeError(f"moto's backends of {module} are in no variable of it; the gateway needs moto 5.2.5")


def backend_at(key: BackendKey) -> Any:  # noqa: ANN401  moto is untyped
    """Return a backend; it is made if it is not there yet."""
    module, variable, account, region = key
    if not module.startswith("moto."):
        raise pickle.UnpicklingError(f"{module} is none of moto's modules")
    return getattr(importlib.import_module(module), variable)[account][region]


def read() -> dict[BackendKey, dict[str, Any]]:
    """Return the attributes of every backend; the live ones. Other partitions of AWS are as moto makes them."""
    return {key: vars(backend) for key, backend in backends().items() if not key[3].startswith("aws-")}


def write(state: dict[BackendKey, dict[str, Any]]) -> None:
    """Put the attributes of every backend back; one that is not in the state is as new."""
    for key, values in state.items():
        attributes = vars(backend_at(key))
        attributes.clear()
        attributes.update(values)


def dump(state: object) -> bytes:
    """Return a state as bytes."""
    buffer = io.BytesIO()
    _Pickler(buffer, {id(backend): key for key, backend in backends().items()}).dump(state)
    return buffer.getvalue()


def load(data: bytes) -> Any:  # noqa: ANN401  what was dumped
    """Return a state from bytes.

    Raises:
        UnpicklingError: it is no state, or names what none of its classes needs.
    """
    return _Unpickler(io.BytesIO(data)).load()


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, keys: dict[int, BackendKey]) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._keys = keys

    def persistent_id(self, value: object) -> BackendKey | None:
        return self._keys.get(id(value))

    def reducer_override(self, value: object) -> Any:  # noqa: ANN401  as pickle has it
        if type(value) in _LOCKS:
            return _LOCKS[type(value)], ()
        if isinstance(value, defaultdict) or (isinstance(value, dict) and type(value).__module__.startswith("moto.")):
            return _parts_of(value)
        if isinstance(value, weakref.WeakValueDictionary):
            return weak_values, (dict(value),)
        if isinstance(value, weakref.ref):
            return weakref.ref, (value(),)
        if isinstance(value, EllipticCurvePublicKey):
            return public_key, (value.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),)
        if isinstance(value, EllipticCurvePrivateKey | RSAPrivateKey):
            pem = value.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            return private_key, (pem,)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, key: BackendKey) -> Any:  # noqa: ANN401  moto is untyped
        return backend_at(key)

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401  as pickle has it
        if module.partition(".")[0] not in _ALLOWED_MODULES or (module == "builtins" and name in _FORBIDDEN):
            raise pickle.UnpicklingError(f"a snapshot may not name {module}.{name}")
        return super().find_class(module, name)


def _named_factory(made: object) -> Callable[[], Any]:
    """Return what makes the same as a function without a name did.

    Raises:
        PicklingError: moto makes something else than it did.
    """
    if isinstance(made, defaultdict) and made.default_factory is dict:
        return dicts_of_dicts
    if type(made) in (dict, list, set, int) and not made:
        return type(made)
    raise pickle.PicklingError(f"moto fills a dictionary with {made!r}; the gateway needs moto 5.2.5")


def _parts_of(value: dict[Any, Any]) -> tuple[Any, ...]:
    """Return a dictionary as it really is: moto's own kinds show and take something else, such as the latest versions alone."""
    factory = getattr(value, "default_factory", None)
    named = _named_factory(factory()) if isinstance(factory, FunctionType) else factory
    state = [*dict.items(value)], dict(getattr(value, "__dict__", {}))
    return empty_like, (type(value), named), state, None, None, fill_really


def empty_like(kind: type[Any], factory: Callable[[], Any] | None) -> Any:  # noqa: ANN401  of that kind
    """Return an empty dictionary of a kind, whatever its constructor wants to be given."""
    made: Any = dict.__new__(kind) if not issubclass(kind, defaultdict) else defaultdict.__new__(kind)
    if factory is not None:
        made.default_factory = factory
    return made


def fill_really(made: dict[Any, Any], state: tuple[list[tuple[Any, Any]], dict[str, Any]]) -> None:
    """Give a dictionary its entries and attributes, past what its kind does with them."""
    entries, attributes = state
    for key, entry in entries:
        dict.__setitem__(made, key, entry)
    if attributes:
        made.__dict__.update(attributes)


def dicts_of_dicts() -> defaultdict[Any, dict[Any, Any]]:
    """Return what fills a dictionary of three levels."""
    return defaultdict(dict)


def weak_values(values: dict[Any, Any]) -> weakref.WeakValueDictionary[Any, Any]:
    """Return a weak dictionary; its values are held by others of the same state."""
    return weakref.WeakValueDictionary(values)


def public_key(pem: bytes) -> Any:  # noqa: ANN401  of any kind
    """Return a public key from its PEM form."""
    return load_pem_public_key(pem)


def private_key(pem: bytes) -> Any:  # noqa: ANN401  of any kind
    """Return a private key from its PEM form."""
    return load_pem_private_key(pem, password=None)
