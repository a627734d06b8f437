"""The gateway as the console asks it: the control API, and nothing else."""

from typing import Any

import aiohttp

_LIMIT = aiohttp.ClientTimeout(total=10)


class Refused(Exception):  # noqa: N818  what happened
    """The gateway did not do it; the message is its own."""

    def __init__(self, status: int, message: str) -> None:
        """Keep its status and its words."""
        super().__init__(message)
        self.status = status


class GatewayClient:
    """Calls of the control API."""

    def __init__(self, gateway_url: str, secret: str) -> None:
        """Open no connection yet."""
        self._control_url = f"{gateway_url}/_localcloud/{secret}"
        self._session: aiohttp.ClientSession | None = None

    async def call(self, method: str, path: str, document: object = None) -> dict[str, Any]:
        """Return the JSON that the gateway answers.

        Raises:
            Refused: it answers 400 or above, or nothing.
        """
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_LIMIT)
        try:
            async with self._session.request(method, f"{self._control_url}/{path}", json=document) as response:
                answer: dict[str, Any] = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Refused(502, f"the gateway does not answer ({type(error).__name__})") from error
        if response.status >= 400:
            raise Refused(response.status, str(answer.get("message", answer)))
        return answer

    async def close(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()
