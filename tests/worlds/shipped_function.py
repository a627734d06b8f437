"""Loads a function's own handler as Lambda does: alone, with its environment, and with clients that the test fills."""

import importlib.util
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

FUNCTIONS = Path(__file__).parents[2] / "constructs_lib" / "functions"


def load(monkeypatch: pytest.MonkeyPatch, path: str, *, environment: Mapping[str, str]) -> ModuleType:
    """Return the module at `path` below the functions' folder, freshly imported."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    spec = importlib.util.spec_from_file_location(
        "shipped_" + path.replace("/", "_").removesuffix(".py"), FUNCTIONS / path
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def give_clients(monkeypatch: pytest.MonkeyPatch, module: ModuleType, clients: Mapping[str, Any]) -> None:
    """Let the module's `boto3.client(service)` return these."""
    fake = SimpleNamespace(client=lambda service, **_: clients[service])
    monkeypatch.setattr(module, "boto3", fake)


class QuietHandler(BaseHTTPRequestHandler):
    """A request handler that logs nothing."""

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def loopback_server(handler: type[QuietHandler]) -> Iterator[str]:
    """Serve on a free loopback port; yields the URL without a trailing slash."""
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
