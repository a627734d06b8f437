"""The site file's sections about security: optional protection, headers, GitHub's roles, where data may be."""

import difflib
import re
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from constructs_lib.site_file.base import A_REGION, Bool, Section, known_region, pattern, refuse, says

# Two forms of one repository: https://docs.github.com/en/actions/reference/security/oidc#immutable-subject-claims
_OWNER, _NAME = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})", r"[A-Za-z0-9._-]{1,100}"
_SUBJECT = re.compile(rf"repo:{_OWNER}/{_NAME}\Z")
_IMMUTABLE_SUBJECT = re.compile(rf"repo:{_OWNER}@[0-9]+/{_NAME}@[0-9]+\Z")
# Of 2,048: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html; the rest of the policy takes 350.
_LONGEST_CLAIMS = 1650
_SUBJECTS = 'a list such as ["repo:example-org/site", "repo:example-org@1234/site@5678"]'
_PROBER_REGIONS = 'a list of AWS regions that do not serve, such as ["eu-west-1"]'
_REGIONS = f"a list of AWS regions, each {A_REGION}"


class Features(Section):
    """`[features]`: what is off unless it is asked for, because it costs money or binds the domain (prices in USD).

    `audit`: a multi-Region CloudTrail of management events in a locked bucket. The first trail of an account is free but for the
    storage, a few cents a month; a second one costs 2.00 per 100,000 events (https://aws.amazon.com/cloudtrail/pricing/).
    `dnssec`: signs the hosted zone; 1.00 a month for the KMS key, 0.15 per 10,000 asymmetric calls, which Route 53 makes rarely
    (https://aws.amazon.com/kms/pricing/). docs/SECURITY.md has the order of steps at the registrar.
    `waf`: AWS WAF before CloudFront; 7.00 a month (5.00 and two rules) and 0.60 per million requests
    (https://aws.amazon.com/waf/pricing/).
    `accelerated_recovery`: Route 53's records can be changed again about an hour after AWS finds us-east-1 impaired. It is
    free, but the AWS provider knows it from 6.25 on alone, so the dns stack then asks for that one
    (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/accelerated-recovery.html).
    `query_log`: Route 53's query log in CloudWatch Logs, us-east-1; 0.50 per GB (https://aws.amazon.com/cloudwatch/pricing/).

    Of content protection (docs/PROTECTION.md): `kms` encrypts the content buckets with a multi-Region key; 1.00 a month and
    region, 0.03 per 10,000 calls above the first 20,000 (https://aws.amazon.com/kms/pricing/). `rtc` is S3 Replication Time
    Control, 0.015 per GB, and the replication metrics that it brings, 2.80 (https://aws.amazon.com/s3/pricing/). `access_logs`
    keeps S3's and CloudFront's access logs in a bucket per region for 90 days; storage alone, cents a month.
    `replication_pause` is an AWS FIS experiment template that pauses replication; 0.10 a minute and direction while it runs, so
    3.00 for its half hour (https://aws.amazon.com/fis/pricing/), and 0.20 for the alarms that stop it.

    Of monitoring (docs/MONITORING.md): `canary` runs a CloudWatch Synthetics canary in both regions every 30 minutes: 3.50, and
    0.20 for its alarms. `composite_alarms` adds "serving from the secondary", for machines: 0.50
    (https://aws.amazon.com/cloudwatch/pricing/). `origin_latency` adds CloudFront's additional metrics on the distribution of
    the public name, 2.40, and an alarm, 0.10
    (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/viewing-cloudfront-metrics.html).
    `certificate_alarms` tells 45 days before a certificate ends that ACM has not renewed it; an alarm for CloudFront's and one
    for each region's, 0.10 each. No health check validates a certificate, so nothing else tells.
    `replication_metrics` adds S3's replication metrics, 4 metrics and 2 alarms a direction: 2.80.
    `parity` adds a function in each region that puts back objects of releases, with a metric and two alarms: 1.00, and a few
    cents for its requests to S3. It reserves one of the account's concurrent executions in each region, and brings
    `object_events`: S3 tells EventBridge what happens to objects, 1.00 per million events
    (https://aws.amazon.com/eventbridge/pricing/).
    `prober` lists regions that do not serve, in each of which a function looks at the site every minute as visitors do: about
    1.95 a region, of which 1.50 are five metrics and the rest what it asks of the site; 1.50 more where Lambda's and CloudWatch's
    free requests are used up. `prober_alarms` tells when half of its page views fail for five minutes: 0.10 a region.

    Extensions (docs/EXTENSIONS.md): `api` is an HTTP API with a function and a DynamoDB global table in every region, about 3.72
    with two regions, of which 2.00 are its health checks; settings in `[api]`. `multi_account` spreads the site over accounts, by
    the roles in `[accounts]`; it costs nothing itself. `database` is PostgreSQL on RDS with a replica in every other region,
    about 34.00 with two small instances; settings in `[database]`.
    """

    audit: Bool = False
    dnssec: Bool = False
    accelerated_recovery: Bool = False
    waf: Bool = False
    query_log: Bool = False
    canary: Bool = False
    composite_alarms: Bool = False
    origin_latency: Bool = False
    replication_metrics: Bool = False
    object_events: Bool = False
    parity: Bool = False
    certificate_alarms: Bool = False
    prober: Annotated[tuple[str, ...], says(_PROBER_REGIONS)] = ()
    prober_alarms: Bool = False
    api: Bool = False
    multi_account: Bool = False
    database: Bool = False
    kms: Bool = False
    rtc: Bool = False
    access_logs: Bool = False
    replication_pause: Bool = False

    @field_validator("prober")
    @classmethod
    def _are_different_aws_regions(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            known_region(name)
            if value.count(name) > 1:
                raise refuse(allowed="each region once", remedy=f"write {name} once: one prober a region is enough")
        return value

    @field_validator("prober_alarms")
    @classmethod
    def _has_prober(cls, value: bool, info: ValidationInfo) -> bool:
        if value and not info.data.get("prober", ("unknown",)):
            raise refuse(
                allowed="true only together with features.prober",
                remedy='name a region that does not serve, such as prober = ["eu-west-1"], or remove this key',
            )
        return value

    @property
    def has_replication_metrics(self) -> bool:
        """Whether S3 publishes replication metrics: asked for, or part of Replication Time Control."""
        return self.replication_metrics or self.rtc


CONTENT_SECURITY_POLICY = (
    "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'; object-src 'none'"
)
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html#limits-response-headers-policies
_LONGEST_POLICY = 1783
# https://www.w3.org/TR/CSP3/#csp-directives and the deprecated ones that browsers still know
_DIRECTIVES = (
    "base-uri", "block-all-mixed-content", "child-src", "connect-src", "default-src", "fenced-frame-src", "font-src",
    "form-action", "frame-ancestors", "frame-src", "img-src", "manifest-src", "media-src", "object-src", "prefetch-src",
    "report-to", "report-uri", "require-trusted-types-for", "sandbox", "script-src", "script-src-attr", "script-src-elem",
    "style-src", "style-src-attr", "style-src-elem", "trusted-types", "upgrade-insecure-requests", "webrtc", "worker-src",
)  # fmt: skip


class Headers(Section):
    """`[headers]`: what browsers are told with every answer, by CloudFront and by the regional endpoint.

    `content_security_policy` allows what comes from the site itself and nothing inline; most generators need more, and
    `failover build` and `failover sync-content` say what (docs/CONTENT.md has a policy for each). HSTS for subdomains and preload
    bind every host of the domain, so both are off by default.
    """

    content_security_policy: Annotated[str, Field(strict=True, min_length=1, max_length=_LONGEST_POLICY)] = (
        CONTENT_SECURITY_POLICY
    )
    hsts_include_subdomains: Bool = False
    hsts_preload: Bool = False

    @field_validator("content_security_policy")
    @classmethod
    def _is_a_policy(cls, value: str) -> str:
        if not value.isascii() or not value.isprintable():
            raise refuse(allowed="printable ASCII on one line", remedy="write other host names in their xn-- form")
        names = [directive.split()[0].lower() for directive in value.split(";") if directive.strip()]
        for name in names:
            if name not in _DIRECTIVES:
                near = difflib.get_close_matches(name, _DIRECTIVES, n=1)
                remedy = f"did you mean {near[0]}?" if near else "see https://www.w3.org/TR/CSP3/#csp-directives"
                raise refuse(
                    allowed="directives of Content Security Policy, separated by semicolons", remedy=f"{name}: {remedy}"
                )
            if names.count(name) > 1:
                raise refuse(allowed="each directive once; browsers ignore the second", remedy=f"write {name} once")
        return value

    @field_validator("hsts_preload")
    @classmethod
    def _has_subdomains(cls, value: bool, info: ValidationInfo) -> bool:
        if value and not info.data.get("hsts_include_subdomains", False):
            raise refuse(
                allowed="true only together with headers.hsts_include_subdomains = true",
                remedy="the preload list takes whole domains only (https://hstspreload.org/): set both, or remove this key",
            )
        return value


_Name = Annotated[str, pattern(r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$", "a name without spaces, colons or wildcards")]


class Github(Section):
    """`[github]`: roles for GitHub Actions, taken by OIDC, without keys. No subjects: no roles.

    `subjects` are the beginnings of the token's subject, one for each form of the same repository; the roles append what they
    accept: `:pull_request` and `:ref:refs/heads/<branch>` to plan, `:environment:<name>` to deploy, publish, drill and take
    down. An account holds one OIDC provider for GitHub: `oidc_provider_arn` names it when it is there already.
    `key_value_store_arn`, an output of the edge stack, names the one store that the roles may write; without it they may write
    every one of the account.
    """

    subjects: Annotated[tuple[str, ...], says(_SUBJECTS)] = ()
    branch: _Name = "main"
    deploy_environment: _Name = "production"
    content_environment: _Name = "content"
    drill_environment: _Name = "drill"
    takedown_environment: _Name = "takedown"
    oidc_provider_arn: (
        Annotated[
            str,
            pattern(
                r"^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/token\.actions\.githubusercontent\.com$",
                "arn:aws:iam::<account id>:oidc-provider/token.actions.githubusercontent.com",
            ),
        ]
        | None
    ) = None
    key_value_store_arn: (
        Annotated[
            str,
            pattern(
                r"^arn:aws[a-z-]*:cloudfront::[0-9]{12}:key-value-store/[0-9a-f-]{36}$",
                "the edge stack's output key_value_store_arn, arn:aws:cloudfront::<account id>:key-value-store/<id>",
            ),
        ]
        | None
    ) = None

    @field_validator("subjects")
    @classmethod
    def _name_one_repository(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(not _SUBJECT.match(item) and not _IMMUTABLE_SUBJECT.match(item) for item in value):
            raise refuse(
                allowed=_SUBJECTS,
                remedy="name one repository, without wildcards and without a suffix: `repo:ORG/*` lets any new repository in",
            )
        if value and not any(_IMMUTABLE_SUBJECT.match(item) for item in value):
            raise refuse(
                allowed=_SUBJECTS,
                remedy="add the immutable form, which repositories made, renamed or moved after 2026-07-15 send; "
                "`gh api repos/ORG/REPO --jq '.owner.id, .id'` prints both numbers",
            )
        return value

    @model_validator(mode="after")
    def _fit_into_a_trust_policy(self) -> Self:
        suffixes = ("pull_request", f"ref:refs/heads/{self.branch}")
        claims = [f'"{subject}:{suffix}", ' for subject in self.subjects for suffix in suffixes]
        if sum(map(len, claims)) > _LONGEST_CLAIMS:
            raise refuse(
                allowed=f"subjects and a branch that make at most {_LONGEST_CLAIMS} characters in the trust policy of the role "
                "for plans, where each subject stands twice",
                remedy="name fewer repositories: IAM takes a trust policy of at most 2,048 characters",
            )
        return self

    @model_validator(mode="after")
    def _has_subjects(self) -> Self:
        defaults = {name: field.default for name, field in type(self).model_fields.items()}
        if not self.subjects and any(getattr(self, name) != default for name, default in defaults.items()):
            raise refuse(allowed=f"[github] with subjects, {_SUBJECTS}", remedy="add subjects, or remove the section")
        names = [getattr(self, name) for name in defaults if name.endswith("_environment")]
        if len(set(names)) != len(names):
            raise refuse(
                allowed="four different environments",
                remedy="give each role an environment of its own: who may enter it may take the role",
            )
        return self


class Residency(Section):
    """`[residency]`: `allowed_regions` lists where data may be; empty: everywhere. docs/SECURITY.md names what is global."""

    allowed_regions: Annotated[tuple[str, ...], says(_REGIONS)] = ()

    @field_validator("allowed_regions")
    @classmethod
    def _are_aws_regions(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(known_region(name) for name in value)
