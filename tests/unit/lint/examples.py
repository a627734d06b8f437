"""For each rule the smallest Terraform JSON that breaks it, and the same without the trap."""

import copy
import json
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

PROVIDERS: Json = {
    "aws": [
        {"region": "us-east-1"},
        {"alias": "eu", "region": "eu-central-1"},
        {"alias": "zurich", "region": "eu-central-2"},
    ]
}
DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
D1, D2 = "aws_cloudfront_distribution.d1", "aws_cloudfront_distribution.d2"
CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    rule_id: str
    failing: Json
    passing: Json


def document(resources: Json, **more: Any) -> Json:
    """Terraform JSON of resources given as "type.name" -> body."""
    grouped: Json = {}
    for address, body in resources.items():
        type_, name = address.split(".")
        grouped.setdefault(type_, {})[name] = body
    return {"provider": PROVIDERS, "resource": grouped, **more}


def example(rule_id: str, base: Json, changes: Json | None = None, drop: tuple[str, ...] = (), **more: Any) -> Example:
    """`base` breaks the rule; `changes` ("type.name/key" -> value) and `drop` (resources) mend it."""
    mended = {address: copy.deepcopy(body) for address, body in base.items() if address not in drop}
    for place, value in (changes or {}).items():
        address, _, path = place.partition("/")
        *parents, last = path.split("/") if path else [""]
        if not last:
            mended[address] = value
            continue
        body: Any = mended[address]
        for key in parents:
            body = body[int(key) if isinstance(body, list) else key]
        body[int(last) if isinstance(body, list) else last] = value
    return Example(rule_id=rule_id, failing=document(base, **more), passing=document(mended, **more))


def s3_origin(name: str, **more: Any) -> Json:
    return {
        "origin_id": name,
        "domain_name": f"${{aws_s3_bucket.{name}.bucket_regional_domain_name}}",
        "origin_access_control_id": "E1",
        "connection_attempts": 1,
        "connection_timeout": 2,
        **more,
    }


def group(*codes: int) -> Json:
    members = [{"origin_id": "a"}, {"origin_id": "b"}]
    return {"origin_id": "both", "member": members, "failover_criteria": {"status_codes": list(codes)}}


def behaviour(target: str = "both", **more: Any) -> Json:
    return {"target_origin_id": target, "cache_policy_id": DISABLED, "viewer_protocol_policy": "allow-all", **more}


def distribution(**more: Any) -> Json:
    return {
        "aliases": ["www.example.com"],
        "default_root_object": "index.html",
        "origin": [s3_origin("a"), s3_origin("b")],
        "origin_group": [group(403, 500, 502, 503, 504)],
        "default_cache_behavior": behaviour(),
        "viewer_certificate": {"minimum_protocol_version": "TLSv1.2_2021"},
        **more,
    }


def bucket(name: str, provider: str = "aws") -> Json:
    return {"bucket": f"content-{name}", "provider": provider}


def site(**more: Any) -> Json:
    return {D1: distribution(**more), "aws_s3_bucket.a": bucket("a", "aws.eu"), "aws_s3_bucket.b": bucket("b")}


def record(**more: Any) -> Json:
    return {"zone_id": "Z1", "name": "www.example.com", "type": "A", **more}


def to_distribution(address: str = D1, **more: Any) -> Json:
    alias = {"name": f"${{{address}.domain_name}}", "zone_id": CLOUDFRONT_ZONE, "evaluate_target_health": False}
    return record(**{"alias": alias, **more})


def to_endpoint(**more: Any) -> Json:
    alias = {"name": "d-1.execute-api.us-east-1.amazonaws.com", "zone_id": "Z9", "evaluate_target_health": True}
    return record(**{"alias": alias, **more})


def failover(role: str) -> Json:
    return {"failover_routing_policy": {"type": role}, "set_identifier": role.lower()}


def check(path: str = "/health/region.json", **more: Any) -> Json:
    regions = ["us-east-1", "eu-west-1", "ap-southeast-1"]
    known = {"type": "HTTPS", "fqdn": "www.example.com", "resource_path": path, "request_interval": 30}
    return {**known, "regions": regions, **more}


def policy(*statements: Json) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def grant(action: str, **more: Any) -> Json:
    condition = {"StringEquals": {"AWS:SourceArn": "arn:aws:cloudfront::1:distribution/E1"}}
    principal = {"Service": "cloudfront.amazonaws.com"}
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Condition": condition, **more}


def bound_to(*distributions: str) -> Json:
    """A grant that names these distributions."""
    arns = [f"${{{address}.arn}}" for address in distributions]
    return grant("s3:GetObject", Condition={"StringEquals": {"AWS:SourceArn": arns}})


def of_bucket(name: str, **more: Any) -> Json:
    return {"bucket": f"${{aws_s3_bucket.{name}.id}}", **more}


def trust(*subjects: str) -> Json:
    issuer = "token.actions.githubusercontent.com"
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::1:oidc-provider/{issuer}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {f"{issuer}:aud": "sts.amazonaws.com"},
            "StringLike": {f"{issuer}:sub": list(subjects)},
        },
    }
    return {"assume_role_policy": policy(statement)}


def rule(**more: Any) -> Json:
    destination = {"bucket": "${aws_s3_bucket.b.arn}"}
    markers = {"status": "Enabled"}
    return {
        "id": "releases",
        "status": "Enabled",
        "filter": {"prefix": "releases/"},
        "delete_marker_replication": markers,
        "destination": destination,
        **more,
    }


def replication(**more: Any) -> Json:
    versioning = {"versioning_configuration": {"status": "Enabled"}}
    return {
        "aws_s3_bucket.a": bucket("a", "aws.eu"),
        "aws_s3_bucket.b": bucket("b"),
        "aws_s3_bucket_versioning.a": of_bucket("a", **versioning),
        "aws_s3_bucket_versioning.b": of_bucket("b", **versioning),
        REPLICATION: of_bucket("a", rule=[rule(**more)], depends_on=[VERSIONING_A, VERSIONING_B]),
    }


RECORD_1, RECORD_2, RECORD_3 = (f"aws_route53_record.r{number}" for number in (1, 2, 3))
CHECK = "aws_route53_health_check.c"
ALARM = "aws_cloudwatch_metric_alarm.alarm"
REPLICATION = "aws_s3_bucket_replication_configuration.r"
POLICY_A, POLICY_B = "aws_s3_bucket_policy.a", "aws_s3_bucket_policy.b"
VERSIONING_A, VERSIONING_B = "aws_s3_bucket_versioning.a", "aws_s3_bucket_versioning.b"
ENCRYPTION = "aws_s3_bucket_server_side_encryption_configuration.a"
FUNCTION = "aws_cloudfront_function.router"
NAME = "aws_apigatewayv2_domain_name.name"
ROLE, ROLE_POLICY = "aws_iam_role.deploy", "aws_iam_role_policy.deploy"
LAMBDA = "aws_lambda_function.f"
CONTROL = "aws_cloudfront_origin_access_control.o"
ACCESS_POINT = "aws_s3control_multi_region_access_point.m"
CERTIFICATE = "aws_acm_certificate.c"

OTHER_CHECK = "aws_route53_health_check.other"
REST_API, REST_NAME = "aws_api_gateway_rest_api.api", "aws_api_gateway_domain_name.name"

EU_CERTIFICATE = {CERTIFICATE: {"domain_name": "www.example.com", "provider": "aws.eu"}}
WEIGHTED = {"records": ["192.0.2.1"], "ttl": 60}
STATE = {"terraform": {"backend": {"s3": {"bucket": "content-a", "region": "eu-west-1", "use_lockfile": True}}}}


def weighted(weight: int, **more: Any) -> Json:
    return record(**{**WEIGHTED, "weighted_routing_policy": {"weight": weight}, "set_identifier": "s", **more})


def calculated(threshold: int, *children: str) -> Json:
    return {"type": "CALCULATED", "child_health_threshold": threshold, "child_healthchecks": list(children)}


def to_name(address: str, attribute: str, **more: Any) -> Json:
    """An alias to a domain name of API Gateway."""
    return to_endpoint(
        alias={"name": f"${{{address}.{attribute}}}", "zone_id": "Z9", "evaluate_target_health": True}, **more
    )


def watched(**more: Any) -> Json:
    alarm = {"alarm_name": "backlog", "period": 60, "evaluation_periods": 2, "namespace": "Site", "provider": "aws.eu"}
    name = f"${{{ALARM}.alarm_name}}"
    watching = {"type": "CLOUDWATCH_METRIC", "cloudwatch_alarm_name": name, "triggers": {"period": "60"}}
    return {ALARM: {**alarm, **more}, CHECK: watching}


def kms(*statements: Json) -> Json:
    default = {"sse_algorithm": "aws:kms", "kms_master_key_id": "${aws_kms_key.k.arn}"}
    encryption = of_bucket("a", rule=[{"apply_server_side_encryption_by_default": default}])
    return {"aws_kms_key.k": {"policy": policy(*statements)}, ENCRYPTION: encryption}


def error(code: int, **more: Any) -> list[Json]:
    return [{"error_code": code, "response_code": code, "error_caching_min_ttl": 1, **more}]


REPLICATES = ("s3:GetObjectVersionForReplication", "s3:ReplicateObject", "s3:ReplicateDelete")
ALARMED = {"alarm_name": "down", "namespace": "Site", "alarm_actions": ["${aws_sns_topic.t.arn}"]}


def with_role(*actions: str) -> Json:
    """Replication by a role with these rights."""
    trust = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {
        **replication(),
        ROLE: {"name": "replication", "assume_role_policy": policy(trust)},
        ROLE_POLICY: {"role": f"${{{ROLE}.id}}", "policy": policy(right(*actions))},
        REPLICATION: {**replication()[REPLICATION], "role": f"${{{ROLE}.arn}}"},
    }


def right(*actions: str, resource: str = "*") -> Json:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def with_function(*actions: str) -> Json:
    """A function with these rights that a topic starts."""
    return {
        "aws_sns_topic.t": {"name": "down"},
        ROLE: {"name": "switch", "assume_role_policy": policy()},
        ROLE_POLICY: {"role": f"${{{ROLE}.id}}", "policy": policy(right(*actions))},
        LAMBDA: {"function_name": "switch", "role": f"${{{ROLE}.arn}}"},
        "aws_sns_topic_subscription.s": {
            "topic_arn": "${aws_sns_topic.t.arn}",
            "protocol": "lambda",
            "endpoint": f"${{{LAMBDA}.arn}}",
        },
    }


def at_edge(**more: Any) -> Json:
    """A function that a distribution runs at the edge."""
    association = {"event_type": "origin-request", "lambda_arn": f"${{{LAMBDA}.qualified_arn}}"}
    return {
        LAMBDA: {"function_name": "edge", "publish": True, **more},
        D1: distribution(default_cache_behavior=behaviour("a", lambda_function_association=[association])),
    }


GROUP_CODES = f"{D1}/origin_group/0/failover_criteria/status_codes"
GOOD_CODES = [403, 500, 502, 503, 504]
BOTH_POLICIES = {
    POLICY_A: of_bucket("a", policy=policy(grant("s3:GetObject"), grant("s3:ListBucket"))),
    POLICY_B: of_bucket("b", policy=policy(grant("s3:GetObject"), grant("s3:ListBucket"))),
}
PINNED = [behaviour("a", path_pattern="/health/eu-central-1.json")]

EXAMPLES = (
    example("FW011", {D1: distribution(), D2: distribution()}, {f"{D2}/aliases": ["us.www.example.com"]}),
    example(
        "FW012",
        {
            D1: distribution(),
            D2: distribution(aliases=["*.example.com"]),
            RECORD_1: to_distribution(**failover("PRIMARY")),
            RECORD_2: to_distribution(D2, **failover("SECONDARY")),
        },
        {RECORD_2: to_endpoint(**failover("SECONDARY"))},
    ),
    example(
        "FW013",
        {
            D1: distribution(),
            D2: distribution(aliases=["us.example.com"]),
            RECORD_1: to_distribution(weighted_routing_policy={"weight": 1}),
            RECORD_2: to_distribution(D2, weighted_routing_policy={"weight": 1}),
        },
        {f"{RECORD_2}/name": "us.example.com"},
    ),
    example(
        "FW014",
        {D1: distribution(), RECORD_1: to_distribution(name="shop.example.com")},
        {f"{D1}/aliases": ["www.example.com", "shop.example.com"]},
    ),
    example(
        "FW015",
        {
            "aws_cloudfront_continuous_deployment_policy.p": {
                "traffic_config": {"type": "SingleWeight", "single_weight_config": {"weight": 0.5}}
            }
        },
        {"aws_cloudfront_continuous_deployment_policy.p/traffic_config/single_weight_config/weight": 0.15},
    ),
    example(
        "FW016",
        {
            D1: distribution(),
            "aws_cloudfront_distribution_tenant.t": {"name": "t", "domain": [{"domain": "www.example.com"}]},
        },
        {f"{D1}/aliases": ["cdn.example.com"]},
    ),
    example(
        "FW021",
        {
            D1: distribution(),
            RECORD_1: to_distribution(**failover("PRIMARY")),
            RECORD_2: record(type="A", alias={"name": "d2.cloudfront.net", "zone_id": "Z"}, **failover("SECONDARY")),
        },
        {RECORD_2: to_endpoint(**failover("SECONDARY"))},
    ),
    example(
        "FW022",
        {RECORD_1: record(alias={"name": "d1.cloudfront.net", "zone_id": "Z", "evaluate_target_health": True})},
        {f"{RECORD_1}/alias/evaluate_target_health": False},
    ),
    example(
        "FW023",
        {D1: distribution(), RECORD_1: to_distribution(**failover("PRIMARY"))},
        {f"{RECORD_1}/health_check_id": "11111111-1111-1111-1111-111111111111"},
    ),
    example(
        "FW024",
        {
            NAME: {"domain_name": "www.example.com"},
            RECORD_1: to_name(NAME, "id", latency_routing_policy={"region": "us-east-1"}),
        },
        {f"{RECORD_1}/health_check_id": "11111111-1111-1111-1111-111111111111"},
    ),
    example(
        "FW025",
        {
            D1: distribution(),
            RECORD_1: record(
                alias={"name": f"${{{D1}.domain_name}}", "zone_id": "Z1", "evaluate_target_health": False}
            ),
        },
        {f"{RECORD_1}/alias/zone_id": CLOUDFRONT_ZONE},
    ),
    example(
        "FW031",
        {
            RECORD_1: to_endpoint(**failover("PRIMARY")),
            RECORD_2: to_endpoint(**failover("SECONDARY")),
            RECORD_3: to_endpoint(type="AAAA", **failover("PRIMARY")),
        },
        {"aws_route53_record.r4": to_endpoint(type="AAAA", **failover("SECONDARY"))},
    ),
    example(
        "FW032",
        {
            NAME: {"domain_name": "www.example.com", "domain_name_configuration": {"security_policy": "TLS_1_2"}},
            RECORD_1: to_name(NAME, "id", type="AAAA"),
        },
        {f"{NAME}/domain_name_configuration/ip_address_type": "dualstack"},
    ),
    example(
        "FW033",
        {RECORD_1: to_endpoint(**failover("PRIMARY"))},
        {RECORD_2: to_endpoint(**failover("SECONDARY"))},
    ),
    example(
        "FW034",
        {
            CHECK: check(fqdn="eu.example.com"),
            OTHER_CHECK: check(fqdn="us.example.com"),
            RECORD_1: to_endpoint(health_check_id=f"${{{CHECK}.id}}", **failover("PRIMARY")),
            RECORD_2: to_endpoint(health_check_id=f"${{{CHECK}.id}}", **failover("SECONDARY")),
        },
        {f"{RECORD_2}/health_check_id": f"${{{OTHER_CHECK}.id}}"},
    ),
    example(
        "FW035",
        {RECORD_1: to_endpoint(**failover("PRIMARY")), RECORD_2: to_endpoint(**failover("SECONDARY"))},
        {f"{RECORD_2}/alias/name": "d-2.execute-api.eu-central-1.amazonaws.com"},
    ),
    example(
        "FW041",
        {RECORD_1: to_endpoint(geolocation_routing_policy={"continent": "EU"})},
        {RECORD_2: to_endpoint(geolocation_routing_policy={"country": "*"})},
    ),
    example("FW042", {RECORD_1: weighted(0), RECORD_2: weighted(0)}, {RECORD_2: weighted(1)}),
    example("FW043", {RECORD_1: weighted(300)}, {RECORD_1: weighted(255)}),
    example("FW044", {RECORD_1: weighted(1), RECORD_2: weighted(1, ttl=30)}, {RECORD_2: weighted(1)}),
    example(
        "FW051",
        {RECORD_1: to_endpoint(multivalue_answer_routing_policy=True)},
        {RECORD_1: record(records=["192.0.2.1"], ttl=60, multivalue_answer_routing_policy=True)},
    ),
    example(
        "FW052",
        {RECORD_1: weighted(1), RECORD_2: to_endpoint(latency_routing_policy={"region": "us-east-1"})},
        {f"{RECORD_2}/name": "api.example.com"},
    ),
    example(
        "FW053",
        {
            RECORD_1: to_endpoint(latency_routing_policy={"region": "us-east-1"}),
            RECORD_2: to_endpoint(latency_routing_policy={"region": "us-east-1"}),
        },
        {f"{RECORD_2}/latency_routing_policy/region": "eu-central-1"},
    ),
    example(
        "FW054",
        {RECORD_1: record(records=["192.0.2.1", "192.0.2.2"], ttl=60, latency_routing_policy={"region": "us-east-1"})},
        {f"{RECORD_1}/records": ["192.0.2.1"]},
    ),
    example("FW055", {RECORD_1: weighted(1), RECORD_2: weighted(1)}, {f"{RECORD_2}/set_identifier": "other"}),
    example(
        "FW056",
        {RECORD_1: record(**WEIGHTED), RECORD_2: record(records=["192.0.2.2"], ttl=60)},
        {f"{RECORD_2}/name": "api.example.com"},
    ),
    example(
        "FW057",
        {
            "aws_route53_zone.z": {"name": "example.com"},
            RECORD_1: record(
                zone_id="${aws_route53_zone.z.zone_id}",
                name="example.com",
                type="CNAME",
                ttl=60,
                records=["d1.cloudfront.net"],
            ),
        },
        {f"{RECORD_1}/name": "www.example.com"},
    ),
    example(
        "FW061",
        {RECORD_1: record(records=["192.0.2.1"], ttl=300, health_check_id="11111111")},
        {f"{RECORD_1}/ttl": 60},
    ),
    example(
        "FW071",
        {**site(), CHECK: check("/health/eu-central-1.json")},
        {f"{D1}/ordered_cache_behavior": PINNED},
    ),
    example(
        "FW081",
        {**site(default_cache_behavior=behaviour(cache_policy_id=OPTIMIZED)), CHECK: check()},
        {f"{D1}/ordered_cache_behavior": [behaviour(path_pattern="/health/*")]},
    ),
    example(
        "FW082",
        {
            **site(default_cache_behavior=behaviour(cache_policy_id="${aws_cloudfront_cache_policy.p.id}")),
            "aws_cloudfront_cache_policy.p": {"name": "site", "min_ttl": 1, "default_ttl": 0, "max_ttl": 10},
            CHECK: check(),
        },
        {"aws_cloudfront_cache_policy.p/min_ttl": 0},
    ),
    example(
        "FW083",
        {
            **site(ordered_cache_behavior=PINNED),
            CHECK: check("/health/eu-central-1.json"),
            "aws_s3_object.o": of_bucket(
                "a", key="health/eu-central-1.json", cache_control="max-age=1, stale-if-error=60"
            ),
        },
        {"aws_s3_object.o/cache_control": "no-store"},
    ),
    example(
        "FW084",
        {
            **site(ordered_cache_behavior=PINNED),
            CHECK: check("/health/eu-central-1.json"),
            **replication(filter={"prefix": ""}),
        },
        {f"{REPLICATION}/rule/0/filter/prefix": "releases/"},
    ),
    example(
        "FW091",
        {
            **site(default_cache_behavior=behaviour(viewer_protocol_policy="redirect-to-https")),
            CHECK: check(type="HTTP"),
        },
        {f"{CHECK}/type": "HTTPS"},
    ),
    example(
        "FW092",
        {
            "aws_s3_bucket.a": bucket("a"),
            "aws_s3_bucket_public_access_block.a": of_bucket("a", block_public_policy=True),
            CHECK: check(fqdn="content-a.s3.us-east-1.amazonaws.com"),
        },
        {f"{CHECK}/fqdn": "www.example.com"},
    ),
    example("FW093", {CHECK: check(ip_address="10.0.0.1")}, {f"{CHECK}/ip_address": "8.8.8.8"}),
    example(
        "FW094",
        {CHECK: check(), RECORD_1: to_endpoint(health_check_id=f"${{{CHECK}.id}}")},
        {f"{CHECK}/fqdn": "eu-central-1.www.example.com"},
    ),
    example(
        "FW095",
        {CHECK: check(disabled=True), RECORD_1: to_endpoint(health_check_id=f"${{{CHECK}.id}}")},
        {f"{CHECK}/invert_healthcheck": True},
    ),
    example("FW096", {CHECK: calculated(0, "one")}, {f"{CHECK}/child_health_threshold": 1}),
    example(
        "FW097",
        {CHECK: calculated(1, f"${{{OTHER_CHECK}.id}}"), OTHER_CHECK: calculated(1, "one")},
        {OTHER_CHECK: check()},
    ),
    example("FW098", {CHECK: check(type="HTTPS_STR_MATCH")}, {f"{CHECK}/search_string": "ok"}),
    example(
        "FW099",
        {**site(), CHECK: check(fqdn=f"${{{D1}.domain_name}}", enable_sni=False)},
        {f"{CHECK}/enable_sni": True},
    ),
    example("FW111", watched(datapoints_to_alarm=1), {f"{ALARM}/datapoints_to_alarm": 2}),
    example(
        "FW112", {**watched(), CHECK: {**watched()[CHECK], "triggers": None}}, {f"{CHECK}/triggers": {"period": "60"}}
    ),
    example(
        "FW113",
        {
            ALARM: watched()[ALARM],
            CHECK: {**watched()[CHECK], "insufficient_data_health_status": "Healthy"},
            RECORD_1: to_endpoint(health_check_id=f"${{{CHECK}.id}}", **failover("PRIMARY")),
        },
        {f"{CHECK}/insufficient_data_health_status": "Unhealthy"},
    ),
    example(
        "FW114",
        {ALARM: watched()[ALARM], CHECK: check(cloudwatch_alarm_name=f"${{{ALARM}.alarm_name}}")},
        {CHECK: watched()[CHECK]},
    ),
    example("FW121", {CHECK: check(request_interval=10)}, {f"{CHECK}/tags": {"Note": "costs 1 USD a month"}}),
    example("FW122", {CHECK: check(regions=["us-east-1", "eu-west-1"])}, {CHECK: check()}),
    example(
        "FW131",
        site(origin=[s3_origin("a", connection_attempts=3, connection_timeout=10), s3_origin("b")]),
        {f"{D1}/origin/0/connection_timeout": 2},
    ),
    example(
        "FW132",
        site(origin=[s3_origin("a", connection_attempts=2), s3_origin("b")]),
        {f"{D1}/origin/0/connection_attempts": 1},
    ),
    example(
        "FW133",
        {
            D1: distribution(
                origin=[s3_origin("a", custom_origin_config={"origin_read_timeout": 200}), s3_origin("b")],
            )
        },
        {f"{D1}/origin/0/custom_origin_config/origin_read_timeout": 120},
    ),
    example(
        "FW134",
        site(origin=[s3_origin("a", custom_origin_config={"origin_read_timeout": 4}), s3_origin("b")]),
        {f"{D1}/origin/0/response_completion_timeout": 60},
    ),
    example("FW141", site(origin_group=[group(*GOOD_CODES, 501)]), {GROUP_CODES: GOOD_CODES}),
    example("FW142", site(origin_group=[group(403, 500)]), {GROUP_CODES: GOOD_CODES}),
    example("FW143", site(origin_group=[group(500, 502, 503, 504)]), {GROUP_CODES: GOOD_CODES}),
    example(
        "FW144",
        {**site(), POLICY_A: of_bucket("a", policy=policy(grant("s3:GetObject")))},
        {POLICY_A: BOTH_POLICIES[POLICY_A]},
    ),
    example("FW145", site(origin_group=[group(*GOOD_CODES, 404)]), {GROUP_CODES: GOOD_CODES}),
    example(
        "FW146",
        {**site(), "aws_s3_bucket.a": bucket("a")},
        {"aws_s3_bucket.a/provider": "aws.eu"},
    ),
    example(
        "FW147",
        site(default_cache_behavior=behaviour("a")),
        {f"{D1}/default_cache_behavior/target_origin_id": "both"},
    ),
    example("FW151", {**site(default_root_object=None), **BOTH_POLICIES}, {f"{D1}/default_root_object": "index.html"}),
    example("FW152", site(default_root_object="/index.html"), {f"{D1}/default_root_object": "index.html"}),
    example(
        "FW161",
        site(default_cache_behavior=behaviour(allowed_methods=["GET", "HEAD", "POST"])),
        {f"{D1}/default_cache_behavior/target_origin_id": "a"},
    ),
    example("FW162", site(default_cache_behavior=behaviour("typo")), {f"{D1}/default_cache_behavior": behaviour()}),
    example(
        "FW163",
        site(origin=[s3_origin("a", origin_path="releases/"), s3_origin("b")]),
        {f"{D1}/origin/0/origin_path": "/releases"},
    ),
    example(
        "FW164",
        site(
            origin=[
                s3_origin("a", s3_origin_config={"origin_access_identity": "origin-access-identity/cloudfront/E1"}),
                s3_origin("b"),
            ]
        ),
        {f"{D1}/origin/0/s3_origin_config/origin_access_identity": ""},
    ),
    example(
        "FW171", site(custom_error_response=error(403, response_code=200)), {f"{D1}/custom_error_response": error(403)}
    ),
    example(
        "FW181",
        site(
            custom_error_response=error(404, response_page_path="/errors/404.html"),
            ordered_cache_behavior=[behaviour("a", path_pattern="/errors/*")],
        ),
        {f"{D1}/ordered_cache_behavior/0/target_origin_id": "both"},
    ),
    example(
        "FW182",
        site(custom_error_response=error(503, error_caching_min_ttl=300)),
        {f"{D1}/custom_error_response": error(503)},
    ),
    example(
        "FW191",
        site(origin=[s3_origin("a", domain_name="content-a.s3-website.eu-central-1.amazonaws.com"), s3_origin("b")]),
        {f"{D1}/origin": [s3_origin("a"), s3_origin("b")]},
    ),
    example(
        "FW192",
        site(origin=[s3_origin("a", domain_name="content-a.s3.amazonaws.com"), s3_origin("b")]),
        {f"{D1}/origin": [s3_origin("a"), s3_origin("b")]},
    ),
    example(
        "FW193",
        {"aws_s3_bucket.a": bucket("a"), POLICY_A: of_bucket("a", policy=policy(grant("s3:GetObject", Condition={})))},
        {POLICY_A: BOTH_POLICIES[POLICY_A]},
    ),
    example("FW194", {**site(), POLICY_A: BOTH_POLICIES[POLICY_A]}, {POLICY_B: BOTH_POLICIES[POLICY_B]}),
    example(
        "FW195",
        {**site(), "aws_s3_bucket_ownership_controls.a": of_bucket("a", rule={"object_ownership": "ObjectWriter"})},
        {"aws_s3_bucket_ownership_controls.a/rule/object_ownership": "BucketOwnerEnforced"},
    ),
    example(
        "FW196",
        {
            "aws_cloudfront_origin_access_control.o": {"signing_protocol": "sigv4"},
            D1: distribution(
                origin=[
                    {
                        "origin_id": "a",
                        "domain_name": "m.mrap.accesspoint.s3-global.amazonaws.com",
                        "origin_access_control_id": "${aws_cloudfront_origin_access_control.o.id}",
                    }
                ]
            ),
        },
        {"aws_cloudfront_origin_access_control.o/signing_protocol": "sigv4a"},
    ),
    example("FW197", site(origin_group=[], default_cache_behavior=behaviour("a")), BOTH_POLICIES),
    example(
        "FW198",
        {
            "aws_s3_bucket.a": bucket("a", "aws.zurich"),
            ACCESS_POINT: {"details": {"name": "site", "region": [{"bucket": "${aws_s3_bucket.a.id}"}]}},
            D1: distribution(
                origin=[
                    {
                        "origin_id": "a",
                        "domain_name": f"${{{ACCESS_POINT}.domain_name}}",
                        "origin_access_control_id": "E1",
                    }
                ]
            ),
        },
        {"aws_s3_bucket.a/provider": "aws.eu"},
    ),
    example(
        "FW199",
        {
            **site(),
            D2: distribution(aliases=["us.example.com"]),
            POLICY_A: of_bucket("a", policy=policy(bound_to(D2))),
        },
        {POLICY_A: of_bucket("a", policy=policy(bound_to(D1, D2)))},
    ),
    example("FW201", {**site(), **kms(grant("kms:Encrypt"))}, kms(grant("kms:Decrypt"))),
    example(
        "FW202",
        {**replication(), **kms(grant("kms:Decrypt"))},
        {
            f"{REPLICATION}/rule/0/source_selection_criteria": {"sse_kms_encrypted_objects": {"status": "Enabled"}},
            f"{REPLICATION}/rule/0/destination/encryption_configuration": {"replica_kms_key_id": "key"},
        },
    ),
    example(
        "FW203",
        {**site(), **kms(grant("kms:Decrypt")), CHECK: check(type="HTTP")},
        {f"{CHECK}/type": "HTTPS"},
    ),
    example(
        "FW204",
        {
            "aws_s3_bucket.b": bucket("b"),
            "aws_s3_bucket.a": bucket("a"),
            "aws_s3_bucket_logging.b": of_bucket("b", target_bucket="${aws_s3_bucket.a.id}", target_prefix="s3/"),
            **kms(grant("kms:Decrypt")),
        },
        {f"{ENCRYPTION}/rule/0/apply_server_side_encryption_by_default/sse_algorithm": "AES256"},
    ),
    example(
        "FW205",
        {
            "aws_s3_bucket.a": bucket("a"),
            **kms(grant("kms:Decrypt")),
            D1: distribution(
                origin=[
                    {
                        "origin_id": "a",
                        "domain_name": "${aws_s3_bucket.a.bucket_regional_domain_name}",
                        "s3_origin_config": {"origin_access_identity": "origin-access-identity/cloudfront/E1"},
                    }
                ]
            ),
        },
        {f"{D1}/origin": [s3_origin("a")]},
    ),
    example(
        "FW211",
        {
            **replication(),
            "aws_s3_bucket_versioning.b": of_bucket("b", versioning_configuration={"status": "Suspended"}),
        },
        {"aws_s3_bucket_versioning.b/versioning_configuration/status": "Enabled"},
    ),
    example(
        "FW212",
        {**replication(), REPLICATION: of_bucket("a", rule=[rule()], depends_on=["aws_s3_bucket_versioning.a"])},
        {
            f"{REPLICATION}/bucket": "${aws_s3_bucket_versioning.a.bucket}",
            f"{REPLICATION}/depends_on": ["aws_s3_bucket_versioning.b"],
        },
    ),
    example(
        "FW213",
        replication(delete_marker_replication={"status": "Disabled"}),
        {f"{REPLICATION}/rule/0/delete_marker_replication/status": "Enabled"},
    ),
    example(
        "FW214",
        replication(
            destination={**rule()["destination"], "replication_time": {"status": "Enabled", "time": {"minutes": 15}}}
        ),
        {f"{REPLICATION}/rule/0/destination/metrics": {"status": "Enabled", "event_threshold": {"minutes": 15}}},
    ),
    example(
        "FW215",
        replication(filter=None, prefix="releases/"),
        {f"{REPLICATION}/rule/0/filter": {"prefix": "releases/"}},
    ),
    example(
        "FW216",
        {**replication(), "aws_s3_bucket_replication_configuration.s": of_bucket("a", rule=[rule(id="health")])},
        drop=("aws_s3_bucket_replication_configuration.s",),
    ),
    example(
        "FW217",
        with_role("s3:GetReplicationConfiguration", "s3:ListBucket", "s3:GetObjectVersionForReplication"),
        {ROLE_POLICY: with_role("s3:GetReplicationConfiguration", *REPLICATES)[ROLE_POLICY]},
    ),
    example(
        "FW218",
        {**replication(), REPLICATION: of_bucket("a", rule=[rule(), rule(id="pages", filter={"prefix": "pages/"})])},
        {f"{REPLICATION}/rule/1/priority": 1},
    ),
    example("FW219", replication(status="Disabled"), {f"{REPLICATION}/rule/0/status": "Enabled"}),
    example(
        "FW221",
        {**EU_CERTIFICATE, D1: distribution(viewer_certificate={"acm_certificate_arn": f"${{{CERTIFICATE}.arn}}"})},
        {f"{CERTIFICATE}/provider": "aws"},
    ),
    example(
        "FW222",
        {**EU_CERTIFICATE, NAME: {"domain_name_configuration": {"certificate_arn": f"${{{CERTIFICATE}.arn}}"}}},
        {f"{NAME}/provider": "aws.eu"},
    ),
    example(
        "FW223",
        {
            RECORD_1: record(name="_a.www.example.com", type="CNAME", records=["_b.acm-validations.aws."], ttl=300),
            RECORD_2: record(name="_a.www.example.com", type="CNAME", records=["_b.acm-validations.aws."], ttl=300),
        },
        drop=(RECORD_2,),
    ),
    example(
        "FW224",
        {
            CERTIFICATE: {"domain_name": "example.com", "subject_alternative_names": ["*.example.com"]},
            D1: distribution(
                aliases=["www.eu.example.com"], viewer_certificate={"acm_certificate_arn": f"${{{CERTIFICATE}.arn}}"}
            ),
        },
        {f"{D1}/aliases": ["www.example.com"]},
    ),
    example(
        "FW225",
        {
            CERTIFICATE: {"domain_name": "www.example.com", "validation_method": "DNS"},
            D1: distribution(viewer_certificate={"acm_certificate_arn": f"${{{CERTIFICATE}.arn}}"}),
            "aws_acm_certificate_validation.v": {"certificate_arn": f"${{{CERTIFICATE}.arn}}"},
        },
        {f"{D1}/viewer_certificate/acm_certificate_arn": "${aws_acm_certificate_validation.v.certificate_arn}"},
    ),
    example(
        "FW226",
        {
            CERTIFICATE: {"domain_name": "example.com", "subject_alternative_names": ["*.example.com"]},
            RECORD_1: record(
                name="${each.value.resource_record_name}",
                type="CNAME",
                ttl=60,
                records=["${each.value.resource_record_value}"],
                for_each=f"${{{{for o in {CERTIFICATE}.domain_validation_options : o.domain_name => o}}}}",
            ),
        },
        {f"{RECORD_1}/allow_overwrite": True},
    ),
    example(
        "FW227",
        {
            "aws_route53_zone.z": {"name": "example.com"},
            CERTIFICATE: {"domain_name": "www.example.com", "validation_method": "DNS"},
            "aws_acm_certificate.eu": {
                "domain_name": "www.example.com",
                "validation_method": "DNS",
                "provider": "aws.eu",
            },
        },
        {
            RECORD_1: record(name="_a.www.example.com", type="CNAME", records=["_b.acm-validations.aws."], ttl=300),
        },
    ),
    example(
        "FW228",
        {D1: distribution(viewer_certificate={"cloudfront_default_certificate": True})},
        {f"{D1}/aliases": []},
    ),
    example(
        "FW231",
        {"aws_cloudfront_origin_access_control.o": {"signing_protocol": "sigv4a"}},
        {"aws_cloudfront_origin_access_control.o/signing_protocol": "sigv4"},
        terraform={"required_providers": {"aws": {"source": "aws", "version": "~> 5.100"}}},
    ),
    example(
        "FW232",
        {**site(viewer_certificate={"minimum_protocol_version": "TLSv1.3_2025"}), CHECK: check()},
        {f"{D1}/viewer_certificate/minimum_protocol_version": "TLSv1.2_2021"},
    ),
    example(
        "FW241",
        {
            D1: distribution(origin=[{"origin_id": "a", "domain_name": "origin.example.com"}]),
            RECORD_1: record(
                name="origin.example.com",
                type="CNAME",
                records=["content-a.s3.us-east-1.amazonaws.com"],
                ttl=60,
                **failover("PRIMARY"),
            ),
        },
        {f"{RECORD_1}/records": ["api.example.net"]},
    ),
    example(
        "FW242",
        {
            D1: distribution(),
            "aws_pricingplanmanager_subscription.s": {
                "plan_family": "CloudFront",
                "plan_tier": "PRO",
                "resource_arns": [f"${{{D1}.arn}}"],
            },
        },
        {"aws_pricingplanmanager_subscription.s/plan_tier": "PREMIUM"},
    ),
    example(
        "FW251",
        {FUNCTION: {"runtime": "cloudfront-js-1.0", "key_value_store_associations": ["arn:store"]}},
        {f"{FUNCTION}/runtime": "cloudfront-js-2.0"},
    ),
    example(
        "FW252",
        {FUNCTION: {"code": "async function handler(event) { return cf.kvs().get('routing'); }"}},
        {
            f"{FUNCTION}/code": "async function handler(event) { try { return cf.kvs().get('r'); } catch (e) { return {}; } }"
        },
    ),
    example(
        "FW253",
        {FUNCTION: {"runtime": "cloudfront-js-2.0", "key_value_store_associations": ["arn:one", "arn:two"]}},
        {f"{FUNCTION}/key_value_store_associations": ["arn:one"]},
    ),
    example("FW254", {FUNCTION: {"code": "//" + "x" * 10_239}}, {f"{FUNCTION}/code": "//" + "x" * 10_238}),
    example(
        "FW255",
        {
            FUNCTION: {"code": "cf.updateRequestOrigin({});"},
            D1: distribution(
                default_cache_behavior=behaviour(
                    function_association={"event_type": "viewer-response", "function_arn": f"${{{FUNCTION}.arn}}"}
                )
            ),
        },
        {f"{D1}/default_cache_behavior/function_association/event_type": "viewer-request"},
    ),
    example(
        "FW261",
        {"aws_apigatewayv2_integration.i": {"integration_uri": "arn:aws:apigateway:us-east-1:s3:path/content"}},
        {"aws_apigatewayv2_integration.i/integration_uri": "arn:aws:lambda:us-east-1:1:function:f"},
    ),
    example(
        "FW262",
        {NAME: {"domain_name_configuration": {"security_policy": "SecurityPolicy_TLS13_1_3_2025_09"}}},
        {f"{NAME}/domain_name_configuration/security_policy": "TLS_1_2"},
    ),
    example(
        "FW263",
        {
            "aws_apigatewayv2_api.api": {"name": "endpoint", "disable_execute_api_endpoint": False},
            "aws_apigatewayv2_api_mapping.m": {"api_id": "${aws_apigatewayv2_api.api.id}"},
        },
        {"aws_apigatewayv2_api.api/disable_execute_api_endpoint": True},
    ),
    example(
        "FW264",
        {
            REST_API: {"name": "site"},
            "aws_api_gateway_integration.i": {
                "rest_api_id": f"${{{REST_API}.id}}",
                "uri": "arn:aws:apigateway:us-east-1:s3:path/content/index.html",
            },
        },
        {f"{REST_API}/binary_media_types": ["*/*"]},
    ),
    example(
        "FW265",
        {
            REST_NAME: {"domain_name": "www.example.com", "endpoint_configuration": {"types": ["EDGE"]}},
            RECORD_1: to_name(REST_NAME, "id", **failover("PRIMARY")),
        },
        {f"{REST_NAME}/endpoint_configuration/types": ["REGIONAL"]},
    ),
    example(
        "FW271",
        {**with_function("route53:ChangeResourceRecordSets"), ALARM: ALARMED},
        {ROLE_POLICY: with_function("cloudfront-keyvaluestore:PutKey")[ROLE_POLICY]},
    ),
    example(
        "FW272",
        {
            "aws_ssm_document.d": {
                "document_type": "Automation",
                "content": '{"mainSteps": [{"action": "aws:executeAwsApi", "inputs": {"Api": "ChangeResourceRecordSets"}}]}',
            }
        },
        {
            "aws_ssm_document.d/content": '{"mainSteps": [{"action": "aws:executeAwsApi", "inputs": {"Api": "PutMetricData"}}]}'
        },
    ),
    example("FW281", {ALARM: {"namespace": "AWS/Route53", "provider": "aws.eu"}}, {f"{ALARM}/provider": "aws"}),
    example(
        "FW282",
        {ALARM: {"namespace": "AWS/CloudFront"}, **site()},
        {"aws_cloudwatch_metric_alarm.other": {"namespace": "Site", "provider": "aws.eu"}},
    ),
    example(
        "FW283",
        {"aws_sns_topic.t": {"name": "ops", "provider": "aws.eu"}, ALARM: ALARMED},
        {"aws_sns_topic.t/provider": "aws"},
    ),
    example(
        "FW284",
        {ALARM: {"namespace": "AWS/CloudFront", "dimensions": {"DistributionId": "E1"}}},
        {f"{ALARM}/dimensions": {"DistributionId": "E1", "Region": "Global"}},
    ),
    example(
        "FW285",
        {ALARM: {"actions_enabled": False, "alarm_actions": ["${aws_sns_topic.t.arn}"]}},
        {f"{ALARM}/actions_enabled": True},
    ),
    example(
        "FW286",
        {"aws_sns_topic.t": {"name": "ops", "kms_master_key_id": "alias/aws/sns"}, ALARM: ALARMED},
        {"aws_sns_topic.t/kms_master_key_id": "alias/ops"},
    ),
    Example(
        rule_id="FW291",
        failing=document(site(), terraform={"backend": {"s3": {"region": "eu-central-1"}}}),
        passing=document(site(), terraform={"backend": {"s3": {"region": "eu-west-1"}}}),
    ),
    Example(
        rule_id="FW292",
        failing=document({}, terraform={"backend": {"s3": {"dynamodb_table": "locks"}}}),
        passing=document({}, terraform={"backend": {"s3": {"dynamodb_table": "locks", "use_lockfile": True}}}),
    ),
    Example(
        rule_id="FW293",
        failing=document({"aws_s3_bucket.a": bucket("a")}, **STATE),
        passing=document(replication(), **STATE),
    ),
    Example(
        rule_id="FW294",
        failing=document(replication(delete_marker_replication={"status": "Disabled"}), **STATE),
        passing=document(replication(), **STATE),
    ),
    Example(
        rule_id="FW295",
        failing=document({}, terraform={"backend": {"s3": {"bucket": "s", "key": "k", "region": "eu-west-1"}}}),
        passing=document({}, **STATE),
    ),
    example("FW301", {ROLE: trust("repo:acme/*")}, {ROLE: trust("repo:acme/site:ref:refs/heads/main")}),
    example(
        "FW302",
        {ROLE: trust("repo:acme/site:environment:prod")},
        {ROLE: trust("repo:acme/site:environment:prod", "repo:acme@1/site@2:environment:prod")},
    ),
    example(
        "FW311",
        {
            "aws_cloudfront_response_headers_policy.p": {
                "security_headers_config": {"strict_transport_security": {"preload": True}}
            }
        },
        {"aws_cloudfront_response_headers_policy.p/security_headers_config/strict_transport_security/preload": False},
    ),
    example(
        "FW312",
        {
            RECORD_1: record(type="CAA", records=['0 issue "letsencrypt.org"'], ttl=3600),
            CERTIFICATE: {"domain_name": "www.example.com"},
        },
        {f"{RECORD_1}/records": ['0 issue "letsencrypt.org"', '0 issue "amazon.com"']},
    ),
    example(
        "FW313",
        {
            "aws_route53_zone.z": {"name": "example.com"},
            "aws_route53_hosted_zone_dnssec.d": {"hosted_zone_id": "${aws_route53_zone.z.id}"},
            RECORD_1: record(zone_id="${aws_route53_zone.z.zone_id}", type="TXT", records=["x"], ttl=700_000),
        },
        {f"{RECORD_1}/ttl": 604_800},
    ),
    example(
        "FW314",
        {
            "aws_kms_key.k": {"customer_master_key_spec": "SYMMETRIC_DEFAULT"},
            "aws_route53_key_signing_key.s": {"key_management_service_arn": "${aws_kms_key.k.arn}"},
        },
        {"aws_kms_key.k/customer_master_key_spec": "ECC_NIST_P256"},
    ),
    example(
        "FW321",
        {"aws_wafv2_web_acl.w": {"name": "w", "scope": "CLOUDFRONT", "provider": "aws.eu"}},
        {"aws_wafv2_web_acl.w/provider": "aws"},
    ),
    example("FW322", at_edge(provider="aws.eu"), {f"{LAMBDA}/provider": "aws"}),
    example("FW323", at_edge(publish=False), {f"{LAMBDA}/publish": True}),
    example("FW324", at_edge(environment=[{"variables": {"REGION": "eu"}}]), {f"{LAMBDA}/environment": []}),
    example(
        "FW331",
        {
            "aws_route53_zone.z": {"name": "example.com"},
            RECORD_1: to_endpoint(zone_id="${aws_route53_zone.z.zone_id}", **failover("PRIMARY")),
            RECORD_2: to_endpoint(zone_id="${aws_route53_zone.z.zone_id}", **failover("SECONDARY")),
        },
        {
            RECORD_3: record(
                zone_id="${aws_route53_zone.z.zone_id}",
                name="example.com",
                type="SOA",
                ttl=60,
                records=["ns-1.awsdns-01.org. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 60"],
                allow_overwrite=True,
            )
        },
    ),
    example(
        "FW341",
        {**site(viewer_mtls_config={"mode": "required"}), CHECK: check()},
        {f"{D1}/viewer_mtls_config/mode": "optional"},
    ),
    example(
        "FW351",
        {
            RECORD_1: to_endpoint(**failover("PRIMARY")),
            RECORD_2: to_endpoint(**failover("SECONDARY")),
            RECORD_3: record(type="HTTPS", ttl=60, records=["1 . alpn=h2,h3 ipv4hint=192.0.2.1"]),
        },
        {f"{RECORD_3}/records": ["1 . alpn=h2,h3"]},
    ),
    example(
        "FW361",
        {
            **site(origin=[s3_origin("a", origin_access_control_id=f"${{{CONTROL}.id}}"), s3_origin("b")]),
            CONTROL: {"signing_behavior": "never", "signing_protocol": "sigv4"},
        },
        {f"{CONTROL}/signing_behavior": "always"},
    ),
)
