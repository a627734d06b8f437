"""localcloud's control API as the drill needs it: faults to inject, and what its health checkers say.

There is nothing like it on AWS; the drill knows it only through the protocols in `faults`.
"""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlsplit

from scripts.errors import AwsError, EnvironmentFailureError, LocalcloudGoneError
from scripts.probe.http1 import MalformedResponseError, Response, connect_tcp, start_http

CONTROL_TIMEOUT_REAL_SECONDS = 10.0


class ControlApi:
    """Speaks JSON to localcloud, one connection a call, past any HTTP proxy setting.

    Args:
        url: `control_url` of endpoints.json: plain HTTP to a numeric loopback address.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.url = url
        self._address = parts.hostname or ""
        self._port = parts.port or 80
        self._host = parts.netloc
        self._base_path = parts.path.rstrip("/")

    async def get(self, path: str) -> object:
        """Return the JSON at a path below the control URL."""
        return await self._call("GET", path)

    async def post(self, path: str, body: dict[str, object]) -> object:
        """Send a JSON body and return the JSON answer."""
        return await self._call("POST", path, body)

    async def delete(self, path: str) -> None:
        """Delete; what is already gone is fine."""
        await self._call("DELETE", path, missing_ok=True)

    async def _call(
        self, method: str, path: str, body: dict[str, object] | None = None, *, missing_ok: bool = False
    ) -> object:
        try:
            async with asyncio.timeout(CONTROL_TIMEOUT_REAL_SECONDS):
                response = await self._exchange(method, path, body)
        except ConnectionRefusedError as error:
            raise LocalcloudGoneError(f"nothing answers at {self.url}: localcloud has ended") from error
        except (OSError, EOFError, MalformedResponseError) as error:
            reason = str(error) or type(error).__name__
            raise EnvironmentFailureError(f"{method} {self.url}{path} failed: {reason}") from error
        if response.status >= 400 and not (missing_ok and response.status == 404):
            detail = response.body.decode("utf-8", "replace")[:500]
            raise AwsError(operation=f"{method} {path}", resource=self.url, code=str(response.status), detail=detail)
        return self._json(method, path, response.body)

    async def _exchange(self, method: str, path: str, body: dict[str, object] | None) -> Response:
        payload = None if body is None else json.dumps(body).encode()
        connection = await start_http(await connect_tcp(self._address, self._port))
        try:
            return await connection.request(
                host=self._host, path=self._base_path + path, method=method, body=payload, close=True
            )
        finally:
            connection.abort()

    def _json(self, method: str, path: str, body: bytes) -> object:
        try:
            return json.loads(body) if body.strip() else None
        except ValueError as error:
            raise EnvironmentFailureError(f"{method} {self.url}{path} answered no JSON: {body[:80]!r}") from error
