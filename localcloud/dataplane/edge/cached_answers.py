"""Answers from the cache, and how an answer of the origins enters it."""

from collections.abc import Mapping
from dataclasses import replace

from localcloud.dataplane.clock import AwsClock
from localcloud.dataplane.configuration import CacheBehaviour, Distribution
from localcloud.dataplane.edge.cache_store import CacheStore, Collapser
from localcloud.dataplane.edge.compression import compressed
from localcloud.dataplane.edge.messages import CACHE_HIT, EdgeRequest, EdgeResponse, error_response
from localcloud.dataplane.edge.origin_messages import OriginRequest, OriginResponse
from localcloud.dataplane.edge.origin_requests import OriginRequester
from localcloud.model.cache import CacheEntry, CacheKey, Verdict, cache_key, may_revalidate_later, settle
from localcloud.model.compression import refreshed_headers
from localcloud.model.forwarding import ForwardedRequest, forwarded_request
from localcloud.model.origins import OriginPlan

# What describes a viewer's body to the origin:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html
_BODY_HEADERS = ("content-type", "content-encoding", "content-language", "content-disposition", "content-md5")
_OWN_ERRORS = {
    502: "CloudFront wasn't able to connect to the origin.",
    504: "CloudFront couldn't get a response from the origin in time.",
}


class CachedAnswers:
    """The cache of one edge location in front of the origins."""

    def __init__(self, requester: OriginRequester, clock: AwsClock) -> None:
        """Start with an empty cache."""
        self._requester = requester
        self._clock = clock
        self._collapser = Collapser()
        self.store = CacheStore()

    async def answer(
        self, request: EdgeRequest, plan: OriginPlan, distribution: Distribution, behaviour: CacheBehaviour
    ) -> EdgeResponse:
        """Answer from the cache while the entry is fresh, else from the origins."""
        if request.method not in behaviour.cached_methods:
            headers = {name: request.headers[name] for name in _BODY_HEADERS if name in request.headers}
            asked = _asked(request, plan, behaviour, method=request.method, headers=headers)
            return _plain(await self._requester.ask(plan, asked, distribution), request)
        key = cache_key(
            behaviour.cache_policy,
            distribution_domain=distribution.domain_name,
            method=request.method,
            path=request.path,
            query=request.query,
            headers=request.headers,
        )
        now = self._clock.now()
        entry = self.store.get(key)
        if entry and entry.is_fresh(now):
            return _from_entry(entry, now, CACHE_HIT)

        async def fill() -> EdgeResponse:
            return await self._fill(key, request, plan, distribution, behaviour)

        if entry and may_revalidate_later(behaviour.cache_policy, entry, now):
            self._collapser.start(key, self.store.invalidations, fill)
            return _from_entry(entry, now, CACHE_HIT)
        # Requests for what is never cached are not collapsed:
        # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorS3Origin.html
        if behaviour.cache_policy.max_ttl_seconds > 0:
            return await self._collapser.run(key, self.store.invalidations, fill)
        return await fill()

    async def _fill(
        self,
        key: CacheKey,
        request: EdgeRequest,
        plan: OriginPlan,
        distribution: Distribution,
        behaviour: CacheBehaviour,
    ) -> EdgeResponse:
        entry, asked_at = self.store.get(key), self.store.invalidations
        # HEAD asks for the whole object too: it fills the entry that GET shares.
        method = "OPTIONS" if request.method == "OPTIONS" else "GET"
        headers = entry.conditional_headers() if entry else {}
        asked = _asked(request, plan, behaviour, method=method, headers=headers)
        answer = await compressed(await self._requester.ask(plan, asked, distribution), request, behaviour)
        now = self._clock.now()
        settlement = settle(
            behaviour.cache_policy,
            entry,
            status_code=answer.status_code,
            headers=answer.headers,
            error_caching_min_ttl_seconds=distribution.error_response(answer.status_code).error_caching_min_ttl_seconds,
            now=now,
        )
        until = now + settlement.lifetime_seconds
        if entry and settlement.verdict is Verdict.REFRESH:
            entry = replace(
                entry, headers=refreshed_headers(entry.headers, answer.headers), stored_at=now, fresh_until=until
            )
            self.store.put(key, entry, asked_at=asked_at)
            return _from_entry(entry, now, "RefreshHit from cloudfront")
        if entry and settlement.verdict is Verdict.SERVE_STALE:
            self.store.put(key, replace(entry, retry_at=until), asked_at=asked_at)
            return _from_entry(entry, now, CACHE_HIT)
        response = _plain(answer, request)
        if settlement.verdict is Verdict.STORE:
            self.store.put(key, _entry(response, now, until), asked_at=asked_at)
        return response


def _asked(
    request: EdgeRequest, plan: OriginPlan, behaviour: CacheBehaviour, *, method: str, headers: Mapping[str, str]
) -> OriginRequest:
    has_custom = any(not origin.is_s3 for origin in plan.members)
    return OriginRequest(
        method=method,
        path=request.path,
        headers=headers,
        is_secure=request.is_tls,
        body=request.body,
        forwarded=_forwarded(request, behaviour) if has_custom else None,
    )


def _forwarded(request: EdgeRequest, behaviour: CacheBehaviour) -> ForwardedRequest:
    return forwarded_request(
        behaviour.cache_policy,
        behaviour.forwarding,
        method=request.method,
        headers=request.headers,
        query=request.query,
        viewer_address=request.viewer_address,
        request_id=request.request_id,
    )


def _plain(answer: OriginResponse, request: EdgeRequest) -> EdgeResponse:
    if not answer.is_from_origin:
        text = " ".join(filter(None, (_OWN_ERRORS.get(answer.status_code, ""), answer.note)))
        return error_response(answer.status_code, text, request_id=request.request_id)
    return EdgeResponse(
        status_code=answer.status_code,
        headers=answer.headers,
        body=answer.body,
        x_cache="Error from cloudfront" if answer.status_code >= 400 else "Miss from cloudfront",
        is_from_origin=True,
    )


def _entry(response: EdgeResponse, now: float, fresh_until: float) -> CacheEntry:
    return CacheEntry(
        status_code=response.status_code,
        headers=response.headers,
        body=response.body,
        stored_at=now,
        fresh_until=fresh_until,
    )


def _from_entry(entry: CacheEntry, now: float, x_cache: str) -> EdgeResponse:
    age_seconds = max(0, int(now - entry.stored_at))
    return EdgeResponse(
        status_code=entry.status_code,
        headers={**entry.headers, "age": str(age_seconds)},
        body=entry.body,
        x_cache="Error from cloudfront" if entry.is_error else x_cache,
        is_from_origin=True,
    )
