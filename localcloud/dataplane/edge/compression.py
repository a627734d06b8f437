"""Compresses what an origin answered, where the behaviour and the viewer want it."""

import asyncio
import gzip
from dataclasses import replace

import brotli

from localcloud.dataplane.configuration import CacheBehaviour
from localcloud.dataplane.edge.messages import EdgeRequest
from localcloud.dataplane.edge.origin_messages import OriginResponse
from localcloud.model.cache import normalized_encodings
from localcloud.model.compression import coding_for, compressed_headers

_BROTLI_QUALITY, _GZIP_LEVEL = 5, 6
"""Of libraries that compress while somebody waits; AWS does not say which it takes."""

_IN_THREAD_FROM_BYTES = 50_000


async def compressed(answer: OriginResponse, request: EdgeRequest, behaviour: CacheBehaviour) -> OriginResponse:
    """Return the answer, compressed if it is one that CloudFront compresses for this viewer."""
    if not behaviour.compresses or not answer.is_from_origin:
        return answer
    accepted = dict(normalized_encodings(behaviour.cache_policy, request.headers.get("accept-encoding", "")))
    coding = coding_for(
        status_code=answer.status_code,
        headers=answer.headers,
        size_bytes=len(answer.body),
        accepted=accepted.get("accept-encoding", ""),
        has_length=answer.has_length,
    )
    if coding is None:
        return answer
    if len(answer.body) < _IN_THREAD_FROM_BYTES:
        body = _body(answer.body, coding)
    else:
        body = await asyncio.to_thread(_body, answer.body, coding)
    return replace(answer, headers=compressed_headers(answer.headers, coding), body=body)


def _body(body: bytes, coding: str) -> bytes:
    if coding == "gzip":
        return gzip.compress(body, _GZIP_LEVEL, mtime=0)
    return bytes(brotli.compress(body, quality=_BROTLI_QUALITY))
