"""AWS WAF before the distributions: known bad requests, and a limit per address."""

from typing import Any

from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.wafv2_web_acl import (
    Wafv2WebAcl,
    Wafv2WebAclDefaultAction,
    Wafv2WebAclDefaultActionAllow,
    Wafv2WebAclRule,
    Wafv2WebAclRuleAction,
    Wafv2WebAclRuleActionBlock,
    Wafv2WebAclRuleOverrideAction,
    Wafv2WebAclRuleOverrideActionNone,
    Wafv2WebAclRuleVisibilityConfig,
    Wafv2WebAclVisibilityConfig,
)
from constructs import Construct

from constructs_lib.checkov_skips import skip

# Of one address in five minutes. A Route 53 checker sends at most 30 there, a reader a few hundred; AWS's floor is 10
# (https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based.html).
_REQUESTS_PER_ADDRESS = 2000


class Firewall(Construct):
    """Two rules; each costs 1.00 USD a month, the web ACL 5.00, a million requests 0.60 (https://aws.amazon.com/waf/pricing/).

    Without AWS's reputation lists, which could turn health checkers away. What a rule blocks gets a 403; CloudFront answers it
    itself, so it is no origin's error and no failover.

    AWS WAF keeps a sample of the requests for three hours, viewers' addresses and all, and for CloudFront in us-east-1
    (https://docs.aws.amazon.com/waf/latest/APIReference/API_GetSampledRequests.html): without `is_sampled` it keeps none.

    Attributes:
        web_acl_arn: for the distributions.
    """

    def __init__(
        self, scope: Construct, id_: str, *, prefix: str, is_sampled: bool = True, provider: AwsProvider
    ) -> None:
        super().__init__(scope, id_)
        acl = Wafv2WebAcl(
            self,
            "web_acl",
            name=f"{prefix}-website",
            description="Before both distributions",
            scope="CLOUDFRONT",
            default_action=Wafv2WebAclDefaultAction(allow=Wafv2WebAclDefaultActionAllow()),
            rule=[_known_bad_inputs(is_sampled), _rate_limit(is_sampled)],
            visibility_config=Wafv2WebAclVisibilityConfig(
                cloudwatch_metrics_enabled=True, metric_name=f"{prefix}-website", sampled_requests_enabled=is_sampled
            ),
            provider=provider,
        )
        skip(
            acl,
            {
                "CKV2_AWS_31": "Sampled requests and metrics come free; logs cost 0.50 USD per GB and hold viewers' addresses."
            },
        )
        self.web_acl_arn = acl.arn


def _known_bad_inputs(is_sampled: bool) -> Wafv2WebAclRule:
    return Wafv2WebAclRule(
        name="known-bad-inputs",
        priority=0,
        override_action=Wafv2WebAclRuleOverrideAction(none=Wafv2WebAclRuleOverrideActionNone()),
        statement={
            "managed_rule_group_statement": {"vendor_name": "AWS", "name": "AWSManagedRulesKnownBadInputsRuleSet"}
        },
        visibility_config=_visible("known-bad-inputs", is_sampled),
    )


def _rate_limit(is_sampled: bool) -> Wafv2WebAclRule:
    statement: dict[str, Any] = {"rate_based_statement": {"aggregate_key_type": "IP", "limit": _REQUESTS_PER_ADDRESS}}
    return Wafv2WebAclRule(
        name="rate-limit",
        priority=1,
        action=Wafv2WebAclRuleAction(block=Wafv2WebAclRuleActionBlock()),
        statement=statement,
        visibility_config=_visible("rate-limit", is_sampled),
    )


def _visible(name: str, is_sampled: bool) -> Wafv2WebAclRuleVisibilityConfig:
    return Wafv2WebAclRuleVisibilityConfig(
        cloudwatch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=is_sampled
    )
