"""Refusals. Each service renders them in its own wire format.

ServiceError                 a refusal with an AWS error code
└── UnsupportedResource      localcloud does not model what was asked for: 501
ConnectionDropped            end the connection without an answer (an injected fault)
"""

from __future__ import annotations


class ServiceError(Exception):
    """A request that AWS would refuse, with the code AWS uses.

    Attributes:
        status: HTTP status of the answer.
        code: AWS error code, e.g. `PreconditionFailed`.
        message: text for the caller.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message


class UnsupportedResource(ServiceError):  # noqa: N818 - says what happened, as AWS's codes do
    """Something that localcloud does not model; answered with 501, which no AWS SDK retries."""

    def __init__(self, what: str) -> None:
        super().__init__(501, "NotImplemented", f"localcloud does not model {what}")


class ConnectionDropped(OSError):  # noqa: N818 - says what happens
    """Ends the connection without an answer. An OSError, because that is what waitress closes a channel for."""
