"""What CloudFront does with a request, from Host header to final response. No sockets here.

Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HowCloudFrontWorks.html and the pages
named at each stage.
"""

import logging
from collections.abc import Callable
from dataclasses import replace

from localcloud.dataplane.configuration import CacheBehaviour, Configuration, Distribution
from localcloud.dataplane.edge.cached_answers import CachedAnswers
from localcloud.dataplane.edge.function_results import generated_response, rewritten_request, rewritten_response
from localcloud.dataplane.edge.function_runs import FunctionRuns
from localcloud.dataplane.edge.functions import FunctionError, response_event
from localcloud.dataplane.edge.messages import EdgeRequest, EdgeResponse, error_response, redirect_response
from localcloud.dataplane.edge.origin_plans import changed_plan, plan_of
from localcloud.dataplane.edge.viewer_conditions import apply_viewer_conditions
from localcloud.dataplane.edge.viewer_headers import with_viewer_headers
from localcloud.model.behaviours import alias_holder, behaviour_index
from localcloud.model.errors import UnsupportedResource
from localcloud.model.origins import OriginPlan
from localcloud.model.response_headers import apply_policy

logger = logging.getLogger(__name__)

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
MAXIMUM_URL_BYTES = 8192


class EdgePipeline:
    """Answers requests from the current configuration."""

    def __init__(self, configuration: Callable[[], Configuration], answers: CachedAnswers) -> None:
        """Use this source of configuration and this cache."""
        self._configuration = configuration
        self._answers = answers
        self._functions = FunctionRuns()

    def distribution_for(self, hostname: str) -> Distribution | None:
        """Return the distribution that holds a host name, by the Host header's or the SNI's name.

        Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html
        """
        configuration = self._configuration()
        id_ = alias_holder(configuration.alias_holders, hostname)
        return configuration.distributions_by_id[id_] if id_ else None

    async def answer(self, request: EdgeRequest) -> EdgeResponse:
        """Answer one request."""
        distribution = self.distribution_for(request.hostname)
        refusal = _refusal(request, distribution)
        if refusal or distribution is None:
            return refusal or _bad_request(request, 403, "")
        behaviour = _behaviour_for(distribution, request.path)
        refusal = _behaviour_refusal(request, behaviour)
        if refusal:
            return refusal
        try:
            response = await self._answer_behaviour(request, distribution, behaviour)
        except FunctionError as error:
            logger.error("%s", error)
            response = _function_failed(request, str(error))
        except UnsupportedResource as error:
            logger.error("%s", error)
            response = _bad_request(request, 502, f"localcloud does not model this: {error}")
        response = _with_header_policy(request, response, behaviour)
        return apply_viewer_conditions(request, response) if response.is_from_origin else response

    async def _answer_behaviour(
        self, request: EdgeRequest, distribution: Distribution, behaviour: CacheBehaviour
    ) -> EdgeResponse:
        request = with_viewer_headers(request, behaviour)
        plan = plan_of(distribution, behaviour.target_origin_id)
        function_arn = behaviour.functions.get("viewer-request")
        if function_arn:
            outcome = await self._functions.run_request(function_arn, request, distribution, self._configuration())
            generated = generated_response(outcome.result)
            if generated:
                return generated
            request = rewritten_request(request, outcome.result)
            plan = changed_plan(plan, outcome.origin_calls, distribution)
        if request.path == "/" and distribution.default_root_object:
            # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DefaultRootObject.html
            request = replace(request, path=f"/{distribution.default_root_object}")
        response = await self._with_error_page(request, plan, distribution, behaviour)
        return await self._after_response_function(request, response, distribution, behaviour)

    async def _with_error_page(
        self, request: EdgeRequest, plan: OriginPlan, distribution: Distribution, behaviour: CacheBehaviour
    ) -> EdgeResponse:
        """Replace an error by the distribution's custom page, fetched through the behaviour of its own path.

        Without the page the viewer gets what the origin says that should hold it.

        Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/GeneratingCustomErrorResponses.html
        """
        response = await self._answers.answer(request, plan, distribution, behaviour)
        if response.status_code < 400:
            return response
        custom = distribution.error_response(response.status_code)
        if not custom.response_page_path:
            return response
        page_request = replace(request, method="GET", path=custom.response_page_path, query="")
        page_behaviour = _behaviour_for(distribution, custom.response_page_path)
        page_plan = plan_of(distribution, page_behaviour.target_origin_id)
        page = await self._answers.answer(page_request, page_plan, distribution, page_behaviour)
        if page.status_code != 200:
            return page
        status_code = custom.response_code or response.status_code
        return replace(page, status_code=status_code, x_cache="Error from cloudfront")

    async def _after_response_function(
        self, request: EdgeRequest, response: EdgeResponse, distribution: Distribution, behaviour: CacheBehaviour
    ) -> EdgeResponse:
        """Run the viewer-response function, but not for a status of 400 or above.

        Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/edge-function-restrictions-all.html
        """
        function_arn = behaviour.functions.get("viewer-response")
        if not function_arn or response.status_code >= 400:
            return response
        event = response_event(request, response, distribution)
        outcome = await self._functions.run(function_arn, event, self._configuration())
        return rewritten_response(response, outcome.result)


def _behaviour_for(distribution: Distribution, path: str) -> CacheBehaviour:
    index = behaviour_index([behaviour.path_pattern for behaviour in distribution.behaviours[:-1]], path)
    return distribution.behaviours[-1 if index is None else index]


def _bad_request(request: EdgeRequest, status_code: int, text: str) -> EdgeResponse:
    return error_response(status_code, text, request_id=request.request_id)


def _function_failed(request: EdgeRequest, text: str) -> EdgeResponse:
    """Answer 503, as AWS does for a function that fails.

    Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/http-503-service-unavailable.html
    """
    response = _bad_request(request, 503, f"The CloudFront function associated with the behavior failed. {text}")
    return replace(response, x_cache="FunctionExecutionError from cloudfront")


def _refusal(request: EdgeRequest, distribution: Distribution | None) -> EdgeResponse | None:
    """Refuse an unknown host, a disabled distribution, one that is not modelled, a URL that is too long.

    Source: https://repost.aws/knowledge-center/cloudfront-troubleshoot-403-errors
    """
    if distribution is None:
        return _bad_request(request, 403, f"No distribution holds the name {request.hostname}.")
    if not distribution.is_enabled:
        return _bad_request(request, 403, "The distribution is disabled.")
    if distribution.unsupported:
        return _bad_request(request, 502, f"localcloud does not model this distribution: {distribution.unsupported}")
    if len(request.path) + len(request.query) > MAXIMUM_URL_BYTES:
        return _bad_request(request, 413, "The URL is longer than 8,192 bytes.")
    return None


def _behaviour_refusal(request: EdgeRequest, behaviour: CacheBehaviour) -> EdgeResponse | None:
    """Apply the viewer protocol policy and the allowed methods.

    Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html
    """
    if not request.is_tls and behaviour.viewer_protocol_policy == "redirect-to-https":
        query = f"?{request.query}" if request.query else ""
        return redirect_response(f"https://{request.hostname}{request.path}{query}")
    if not request.is_tls and behaviour.viewer_protocol_policy == "https-only":
        return _bad_request(request, 403, "This distribution is not configured to allow HTTP.")
    if request.method not in behaviour.allowed_methods:
        return _bad_request(
            request,
            403,
            "This distribution is not configured to allow the HTTP request method that was used for this request.",
        )
    if request.has_body and request.method == "GET":
        # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorS3Origin.html
        return _bad_request(request, 403, "A GET request must not have a body.")
    return None


def _with_header_policy(request: EdgeRequest, response: EdgeResponse, behaviour: CacheBehaviour) -> EdgeResponse:
    policy = behaviour.response_headers_policy
    if policy is None:
        return response
    headers = apply_policy(policy, response.headers, viewer_origin=request.headers.get("origin"))
    return replace(response, headers=headers)
