"""The rules on groups, pairs, access, copying, alarms, edges and recovery over the whole kind of their trap."""

import json
from typing import Any

import pytest

from tests.unit.lint import examples as e
from tests.unit.lint.test_spellings import Json, is_found

ZONE: Json = {"aws_route53_zone.z": {"name": "example.com"}}
IN_ZONE = {"zone_id": "${aws_route53_zone.z.zone_id}"}
PRIMARY, SECONDARY = e.failover("PRIMARY"), e.failover("SECONDARY")
PAIR = {e.RECORD_1: e.to_endpoint(**IN_ZONE, **PRIMARY), e.RECORD_2: e.to_endpoint(**IN_ZONE, **SECONDARY)}
SOA = "ns-1.awsdns-01.org. awsdns-hostmaster.amazon.com. 1 7200 900 1209600"


def custom(name: str, domain_name: str) -> Json:
    return {
        "origin_id": name,
        "domain_name": domain_name,
        "custom_origin_config": {"origin_protocol_policy": "https-only"},
    }


def between(a: str, b: str, **more: Any) -> Json:
    """A group of two custom origins."""
    return {e.D1: e.distribution(origin=[custom("a", a), custom("b", b)]), **more}


def checked(first: Any, second: Any) -> Json:
    return {
        e.RECORD_1: e.to_endpoint(health_check_id=first, **PRIMARY),
        e.RECORD_2: e.to_endpoint(health_check_id=second, **SECONDARY),
    }


def led_to(first: str, second: str) -> Json:
    pair = ((e.RECORD_1, first, PRIMARY), (e.RECORD_2, second, SECONDARY))
    return {"aws_lb.l": {"name": "l"}, **{one: e.record(alias={"name": name}, **role) for one, name, role in pair}}


def granting(*arns: str, **more: Any) -> Json:
    """Two distributions of bucket a, whose policy names these."""
    grant = e.grant("s3:GetObject", **{"Condition": {"StringEquals": {"AWS:SourceArn": list(arns)}}, **more})
    return {
        **e.site(),
        e.D2: e.distribution(origin_group=[], aliases=[]),
        e.POLICY_A: e.of_bucket("a", policy=e.policy(grant)),
    }


def controlled(**bucket: Any) -> Json:
    origin = e.s3_origin("a", origin_access_control_id=f"${{{e.CONTROL}.id}}")
    return {
        e.D1: e.distribution(origin_group=[], origin=[origin]),
        e.CONTROL: {"signing_behavior": "never"},
        "aws_s3_bucket.a": {**e.bucket("a"), **bucket},
    }


def tenant(name: str, *domains: str) -> Json:
    blocks = [{"domain": domain} for domain in domains]
    return {f"aws_cloudfront_distribution_tenant.{name}": {"name": name, "domain": blocks}}


def soa(minimum: int, **more: Any) -> Json:
    return {e.RECORD_3: e.record(**IN_ZONE, name="example.com", type="SOA", records=[f"{SOA} {minimum}"], **more)}


def https(*values: str, **more: Any) -> Json:
    return {**PAIR, **ZONE, e.RECORD_3: e.record(**IN_ZONE, type="HTTPS", ttl=60, records=list(values), **more)}


def choosing(code: str) -> Json:
    function = {"event_type": "viewer-request", "function_arn": f"${{{e.FUNCTION}.arn}}"}
    return {
        **e.site(default_cache_behavior=e.behaviour("a", function_association=function)),
        e.FUNCTION: {"code": code},
    }


def at_event(code: str, event: str) -> Json:
    function = {"event_type": event, "function_arn": f"${{{e.FUNCTION}.arn}}"}
    return {**e.site(default_cache_behavior=e.behaviour(function_association=function)), e.FUNCTION: {"code": code}}


def driven(check: Json, **more: Any) -> Json:
    """A PRIMARY that this check drives."""
    return {e.CHECK: check, e.RECORD_1: e.to_endpoint(health_check_id=f"${{{e.CHECK}.id}}", **{**PRIMARY, **more})}


def silent(**more: Any) -> Json:
    return {
        "type": "CLOUDWATCH_METRIC",
        "cloudwatch_alarm_name": "a",
        "insufficient_data_health_status": "Healthy",
        **more,
    }


def balanced(mode: str) -> Json:
    listener = {"load_balancer_arn": "${aws_lb.l.arn}", "port": 443, "mutual_authentication": {"mode": mode}}
    return {
        "aws_lb.l": {"name": "l"},
        "aws_lb_listener.h": listener,
        e.CHECK: e.check(fqdn="${aws_lb.l.dns_name}", port=443),
    }


def replicating(*statements: Json, trust: Any = "s3.amazonaws.com", **more: Any) -> Json:
    """Replication by a role with these statements."""
    trusted = {"Effect": "Allow", "Principal": {"Service": trust}, "Action": "sts:AssumeRole"}
    return {
        **e.with_role(),
        e.ROLE: {"assume_role_policy": e.policy(trusted)},
        e.ROLE_POLICY: {"role": f"${{{e.ROLE}.name}}", "policy": e.policy(*statements)},
        **more,
    }


READS = e.right("s3:GetReplicationConfiguration", "s3:GetObjectVersionForReplication")


def writes(resource: Any) -> Json:
    return e.right("s3:ReplicateObject", "s3:ReplicateDelete", resource=resource)


def below(prefix: str, allowed: str) -> Json:
    """Replication of the keys below a prefix, by a role that may write to `allowed`."""
    found = replicating(READS, writes(allowed))
    rules = [{**rule, "filter": {"prefix": prefix}} for rule in found[e.REPLICATION]["rule"]]
    return {**found, e.REPLICATION: {**found[e.REPLICATION], "rule": rules}}


ATTACHED = {
    "aws_iam_role_policy_attachment.a": {
        "role": f"${{{e.ROLE}.name}}",
        "policy_arn": "arn:aws:iam::aws:policy/AmazonS3FullAccess",
    }
}
GRANTED = {e.POLICY_B: e.of_bucket("b", policy=e.policy(e.grant("s3:ReplicateObject", Principal={"AWS": "*"})))}


def edge(value: str, **function: Any) -> Json:
    association = [{"event_type": "viewer-request", "lambda_arn": value}]
    behaviour = e.behaviour("a", lambda_function_association=association)
    return {e.LAMBDA: {"publish": True, **function}, e.D1: e.distribution(default_cache_behavior=behaviour)}


def started(*actions: str, by: Any = "alarm", **role: Any) -> Json:
    """A function with these rights that an alarm, an event rule or nothing starts."""
    made = {**e.with_function(*actions), **role}
    del made["aws_sns_topic_subscription.s"]
    if by == "alarm":
        made[e.ALARM] = {"alarm_actions": [f"${{{e.LAMBDA}.arn}}"]}
    if by in ("aws.cloudwatch", "aws.ec2"):
        made["aws_cloudwatch_event_rule.r"] = {"event_pattern": json.dumps({"source": [by]})}
        made["aws_cloudwatch_event_target.t"] = {
            "rule": "${aws_cloudwatch_event_rule.r.name}",
            "arn": f"${{{e.LAMBDA}.arn}}",
        }
    return made


OAI = {
    "s3_origin_config": {
        "origin_access_identity": "${aws_cloudfront_origin_access_identity.o.cloudfront_access_identity_path}"
    }
}
BEHIND_OAI = {
    e.D1: e.distribution(origin_group=[], origin=[e.s3_origin("a", origin_access_control_id=None, **OAI)]),
    "aws_s3_bucket.a": e.bucket("a"),
}
RECORDED = {"zone_id": "Z1", "name": "www.example.com", "type": "A", "records": ["192.0.2.9"]}
WAF = "arn:aws:wafv2:eu-west-1:1:regional/webacl/w/1"
AWS_KEY = "arn:aws:kms:us-east-1:1:alias/aws/sns"
CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/x"
CODE = "arn:aws:lambda:us-east-1:1:function:f"


@pytest.mark.parametrize(
    ("rule_id", "resources", "expected"),
    [
        ("FW016", {**tenant("a", "x.example.com"), **tenant("b", "y.example.com", "X.example.com")}, True),
        ("FW016", {**tenant("a", "x.example.com", "y.example.com")}, False),
        ("FW016", {**tenant("a", "${var.name}"), e.D1: e.distribution()}, False),
        ("FW033", {e.RECORD_1: e.to_endpoint(**SECONDARY)}, True),
        ("FW033", {e.RECORD_1: e.record(type="MX", records=["1 a."], **PRIMARY)}, True),
        ("FW033", {e.RECORD_1: e.to_endpoint(**PRIMARY), e.RECORD_2: e.to_endpoint(type="${each.key}", **SECONDARY)}, False),
        ("FW033", {e.RECORD_1: e.to_endpoint(**e.failover("${var.role}"))}, False),
        ("FW033", {**PAIR, **ZONE, e.RECORD_3: e.to_endpoint(**IN_ZONE, type="AAAA", **PRIMARY)}, False),  # FW031
        ("FW034", checked("c1", "c1"), True),
        ("FW034", checked("c1", "C2"), False),
        ("FW034", checked("${var.check}", "${var.check}"), True),
        ("FW034", checked("${var.a}", "${var.b}"), False),
        ("FW034", checked("c1", None), False),
        ("FW034", checked("${each.value}", "${each.value}"), False),
        ("FW035", {e.RECORD_1: e.record(records=["192.0.2.1"], **PRIMARY), e.RECORD_2: e.record(records=["192.0.2.1"],
           **SECONDARY)}, True),
        ("FW035", {e.RECORD_1: e.record(records=["192.0.2.1"], **PRIMARY), e.RECORD_2: e.record(records=["192.0.2.2"],
           **SECONDARY)}, False),
        ("FW035", led_to("${aws_lb.l[\"eu\"].dns_name}", "${aws_lb.l[\"us\"].dns_name}"), False),
        ("FW035", led_to("${aws_lb.l.dns_name}", "${aws_lb.l.dns_name}"), True),
        ("FW035", led_to("${var.a}", "${each.value}"), False),
        ("FW057", {e.RECORD_1: e.record(type="CNAME", records=["a.example.net"]), e.RECORD_2: e.record(type="TXT",
           records=["x"])}, True),
        ("FW057", {e.RECORD_1: e.record(type="CNAME", records=["a.example.net"]), e.RECORD_2: e.record(type="${var.type}")},
           False),
        ("FW057", {e.RECORD_1: e.record(type="CNAME", **PRIMARY), e.RECORD_2: e.record(type="CNAME", **SECONDARY)}, False),
        ("FW055", {e.RECORD_1: e.weighted(1), e.RECORD_2: e.weighted(1, type="AAAA")}, False),
        ("FW055", {e.RECORD_1: e.weighted(1), e.RECORD_2: e.weighted(1, set_identifier="${var.id}")}, False),
        ("FW056", {e.RECORD_1: RECORDED, e.RECORD_2: {**RECORDED, "allow_overwrite": True}}, False),
        ("FW056", {e.RECORD_1: RECORDED, e.RECORD_2: {**RECORDED, "weighted_routing_policy": "${var.w}"}}, False),
        ("FW099", {e.CHECK: e.check(fqdn="d1.cloudfront.net", enable_sni=False)}, True),
        ("FW099", {e.NAME: {"domain_name": "api.example.com"}, e.CHECK: e.check(fqdn="api.example.com", enable_sni=False)}, True),
        ("FW099", {e.CHECK: e.check(fqdn="origin.example.net", enable_sni=False)}, False),
        ("FW099", {e.CHECK: e.check(type="HTTP", fqdn="d1.cloudfront.net", enable_sni=False)}, False),
        ("FW099", {e.CHECK: e.check(fqdn="d1.cloudfront.net", enable_sni="${var.sni}")}, False),
        ("FW113", driven(silent(invert_healthcheck=True)), False),
        ("FW113", driven(silent(insufficient_data_health_status="${var.status}")), False),
        ("FW113", driven(silent(), failover_routing_policy={"type": "SECONDARY"}), False),
        ("FW113", {**driven(e.calculated(1, f"${{{e.OTHER_CHECK}.id}}")), e.OTHER_CHECK: silent()}, True),
        ("FW114", {e.CHECK: e.check(search_string="ok")}, True),
        ("FW114", {e.CHECK: e.check(type="HTTPS_STR_MATCH", search_string="ok")}, False),
        ("FW114", {e.CHECK: e.check(type="TCP")}, True),
        ("FW114", {e.CHECK: {**e.calculated(1, "a"), "fqdn": "", "port": 0, "insufficient_data_health_status": ""}}, False),
        ("FW114", {e.CHECK: e.check(cloudwatch_alarm_name="${var.alarm ? aws_cloudwatch_metric_alarm.a.alarm_name : null}")},
           False),
        ("FW114", {e.CHECK: {**e.calculated(1, "a"), "fqdn": "www.example.com"}}, True),
        ("FW134", e.site(origin=[e.s3_origin("a", response_completion_timeout="${var.t}"), e.s3_origin("b")]), False),
        ("FW134", {e.D1: e.distribution(origin_group=[])}, False),
        ("FW146", between("a.eu-west-1.elb.amazonaws.com", "b.eu-west-1.elb.amazonaws.com"), True),
        ("FW146", between("x.execute-api.eu-west-1.amazonaws.com", "y.lambda-url.eu-west-1.on.aws"), True),
        ("FW146", between("x.execute-api.eu-west-1.amazonaws.com", "y.lambda-url.eu-west-2.on.aws"), False),
        ("FW146", between("${aws_lb.a.dns_name}", "${aws_lb.b.dns_name}", **{"aws_lb.a": {"name": "a"},
           "aws_lb.b": {"name": "b"}}), True),
        ("FW146", between("a.example.com", "b.example.com"), False),
        ("FW146", between("eu-west-1.s3.us-east-1.amazonaws.com", "b.s3.eu-west-1.amazonaws.com"), False),
        ("FW146", between("a.s3-eu-west-1.amazonaws.com", "b.s3.dualstack.eu-west-1.amazonaws.com"), True),
        ("FW146", between("a.s3-website-eu-west-1.amazonaws.com", "b.s3-website.eu-west-1.amazonaws.com"), True),
        ("FW146", between("api.example.com", "api.example.com"), True),
        ("FW146", between("${var.host}", "${var.host}"), True),
        ("FW146", between("${var.a}", "${var.b}"), False),
        ("FW164", {e.D1: e.distribution(origin=[e.s3_origin("a",
           s3_origin_config={"origin_access_identity": "${var.identity}"})])}, False),
        ("FW147", choosing("cf.selectRequestOriginById('both');"), False),
        ("FW147", choosing("${file(\"router.js\")}"), False),
        ("FW147", choosing("function handler(e) { return e.request; }"), True),
        ("FW147", e.site(default_cache_behavior=e.behaviour("${var.target}")), False),
        ("FW147", e.site(default_cache_behavior=e.behaviour("a"), ordered_cache_behavior=[e.behaviour(path_pattern="/x")]),
           False),
        ("FW163", e.site(origin=[e.s3_origin("a", origin_path="/releases/")]), True),
        ("FW163", e.site(custom_error_response=e.error(404, response_page_path="404.html")), True),
        ("FW163", e.site(origin=[e.s3_origin("a", origin_path="${var.path}")]), False),
        ("FW197", e.site(), False),  # the buckets of a group have their policies in the stacks of their regions
        ("FW197", {**BEHIND_OAI, e.D1: {**BEHIND_OAI[e.D1], "viewer_certificate": {"acm_certificate_arn": CERTIFICATE}}}, False),
        ("FW197", {**BEHIND_OAI, "aws_cloudfront_origin_access_identity.o": {}}, True),
        ("FW197", {**BEHIND_OAI, "aws_s3_bucket.a": {**e.bucket("a"), "acl": "public-read"}}, False),
        ("FW197", {**BEHIND_OAI, "aws_s3_bucket.a": {**e.bucket("a"), "policy": "{}"}}, False),
        ("FW197", {**BEHIND_OAI, "aws_s3_bucket_policy.p": {"bucket": "${var.bucket}", "policy": "{}"}}, False),
        ("FW197", {**BEHIND_OAI, e.POLICY_A: e.of_bucket("a", policy="${data.x_y.z.json}")}, False),
        ("FW199", granting(f"${{{e.D2}.arn}}"), True),
        ("FW199", granting(f"${{{e.D2}.arn}}", "${var.arn}"), False),
        ("FW199", granting(f"${{{e.D1}.arn}}", f"${{{e.D2}.arn}}"), False),
        ("FW199", granting(Condition={"StringEquals": {"AWS:SourceAccount": "1"}}), False),
        ("FW361", controlled(), True),
        ("FW361", controlled(acl="public-read"), False),
        ("FW361", {**controlled(), e.POLICY_A: e.of_bucket("a", policy=e.policy(e.grant("s3:GetObject", Principal="*")))}, False),
        ("FW361", {**controlled(), e.CONTROL: {"signing_behavior": "${var.signing}"}}, False),
        ("FW205", {**BEHIND_OAI, **e.kms(e.grant("kms:Decrypt"))}, True),
        ("FW205", {**e.site(), **e.kms(e.grant("kms:Decrypt"))}, False),
        ("FW215", e.replication(filter={}), False),
        ("FW216", {**e.BOTH_POLICIES, "aws_s3_bucket.a": e.bucket("a"), "aws_s3_bucket_policy.x": e.of_bucket("a",
           policy="{}")}, True),
        ("FW216", {**e.BOTH_POLICIES, "aws_s3_bucket_policy.x": {"bucket": "${var.bucket}", "policy": "{}"}}, False),
        ("FW216", {f"aws_s3_bucket_policy.{name}": {"bucket": "made-elsewhere"} for name in "xy"}, True),
        ("FW217", replicating(READS, writes("*")), False),
        ("FW217", below("releases/", "arn:aws:s3:::content-b/releases/*"), False),
        ("FW217", below("releases/", "arn:aws:s3:::content-b/*"), False),
        ("FW217", below("releases/", "arn:aws:s3:::content-b/other/*"), True),
        ("FW217", below("", "arn:aws:s3:::content-b/releases/*"), True),
        ("FW217", below("${var.prefix}", "arn:aws:s3:::content-b/releases/*"), False),
        ("FW217", replicating(READS, writes("arn:aws:s3:::content-b/*")), False),
        ("FW217", replicating(READS, writes("${aws_s3_bucket.b.arn}/*")), False),
        ("FW217", replicating(READS, writes("${aws_s3_bucket.b.arn}")), True),
        ("FW217", replicating(READS, writes("arn:aws:s3:::content-a/*")), True),
        ("FW217", replicating(READS, writes("${aws_s3_bucket.a.arn}/*")), True),
        ("FW217", replicating(READS, writes("${var.destination}")), False),
        ("FW217", replicating(READS, writes("*"), trust="lambda.amazonaws.com"), True),
        ("FW217", replicating(READS, **ATTACHED), False),
        ("FW217", replicating(READS, **GRANTED), False),
        ("FW217", replicating(READS, **{e.ROLE_POLICY: {"role": f"${{{e.ROLE}.id}}", "policy": "${var.policy}"}}), False),
        ("FW217", replicating(READS, **{"aws_iam_role_policy.x": {"role": "${var.role}", "policy": "${var.policy}"}}), False),
        ("FW219", {**e.replication(), e.REPLICATION: e.of_bucket("a", rule=[e.rule(), e.rule(status="Disabled")])}, False),
        ("FW219", e.replication(status="${var.status}"), False),
        ("FW219", {"aws_s3_bucket.a": {**e.bucket("a"), "replication_configuration": {"rules": [{"status": "Disabled"}]}}}, True),
        ("FW221", {**e.EU_CERTIFICATE, "aws_cloudfront_distribution_tenant.t": {
            "customizations": {"certificate": {"arn": f"${{{e.CERTIFICATE}.arn}}"}}}}, True),
        ("FW221", {**e.EU_CERTIFICATE, e.REST_NAME: {"certificate_arn": f"${{{e.CERTIFICATE}.arn}}"}}, True),
        ("FW221", {**e.EU_CERTIFICATE, e.REST_NAME: {"regional_certificate_arn": f"${{{e.CERTIFICATE}.arn}}"}}, False),
        ("FW228", {e.D1: e.distribution(viewer_certificate={"cloudfront_default_certificate": "${var.plain}"})}, False),
        ("FW218", {**e.replication(), e.REPLICATION: e.of_bucket("a", rule=[e.rule(), e.rule(priority="${var.p}")])}, False),
        ("FW242", {e.D1: e.distribution(origin_group=[]), "aws_pricingplanmanager_subscription.s": {
            "plan_tier": "FREE", "resource_arns": [f"${{{e.D1}.arn}}"]}}, False),
        ("FW242", {e.D1: e.distribution(), "awscc_pricingplanmanager_subscription.s": {
            "plan_tier": "BUSINESS", "resource_arns": [f"${{{e.D1}.arn}}"]}}, True),
        ("FW271", started("route53:*"), True),
        ("FW271", started("cloudfront:UpdateDistribution", by="aws.cloudwatch"), True),
        ("FW271", started("cloudfront:UpdateDistribution", by="aws.ec2"), False),
        ("FW271", started("cloudfront:UpdateDistribution", by="nobody"), False),
        ("FW271", started("*"), False),
        ("FW271", started("cloudfront:CreateInvalidation"), False),
        ("FW271", started("logs:PutLogEvents", **{"aws_iam_role_policy_attachment.a": {
            "role": f"${{{e.ROLE}.name}}", "policy_arn": "arn:aws:iam::aws:policy/AmazonRoute53FullAccess"}}), True),
        ("FW255", at_event("// updateRequestOrigin\ncf.kvs();", "viewer-response"), False),
        ("FW255", at_event("cf.updateRequestOrigin({});", "viewer-response"), True),
        ("FW255", at_event("cf.updateRequestOrigin({});", "${var.event}"), False),
        ("FW272", {"aws_ssm_document.d": {"document_type": "Command", "content": "aws route53 change-resource-record-sets"}},
           False),
        ("FW272", {"aws_ssm_document.d": {"document_type": "Automation", "content": "Api: AssociateAlias"}}, True),
        ("FW283", {e.ALARM: {"ok_actions": ["arn:aws:sns:eu-west-1:1:ops"]}}, True),
        ("FW283", {e.ALARM: {"alarm_actions": ["arn:aws:sns:us-east-1:1:ops", "${var.topic}"]}}, False),
        ("FW283", {"aws_cloudwatch_composite_alarm.c": {"alarm_actions": ["arn:aws:lambda:eu-west-1:1:function:f"]}}, True),
        ("FW284", {e.ALARM: {"namespace": "AWS/CloudFront", "dimensions": {"DistributionId": "E1", "Region": "us-east-1"}}},
           True),
        ("FW284", {e.ALARM: {"namespace": "AWS/CloudFront", "dimensions": {"DistributionId": "E1", "Region": "${var.r}"}}},
           False),
        ("FW284", {e.ALARM: {"namespace": "AWS/Route53", "dimensions": {"HealthCheckId": "${var.check}"}}}, False),
        ("FW284", {e.ALARM: {"namespace": "AWS/Route53", "dimensions": "${var.dimensions}"}}, False),
        ("FW285", {e.ALARM: {"actions_enabled": False}}, False),
        ("FW286", {"aws_sns_topic.t": {"kms_master_key_id": "${aws_kms_key.k.id}"}, e.ALARM: e.ALARMED}, False),
        ("FW286", {"aws_sns_topic.t": {"kms_master_key_id": AWS_KEY}, e.ALARM: e.ALARMED}, True),
        ("FW321", {"aws_wafv2_ip_set.i": {"scope": "CLOUDFRONT", "provider": "aws.eu"}}, True),
        ("FW321", {"aws_wafv2_web_acl.w": {"scope": "REGIONAL", "provider": "aws.eu"}}, False),
        ("FW321", {"aws_wafv2_web_acl.w": {"scope": "REGIONAL"},
           e.D1: e.distribution(web_acl_id="${aws_wafv2_web_acl.w.arn}")}, True),
        ("FW321", {e.D1: e.distribution(web_acl_id=WAF)}, True),
        ("FW321", {"aws_wafv2_web_acl.w": {"scope": "${var.scope}", "provider": "aws.eu"}}, False),
        ("FW322", edge("arn:aws:lambda:eu-west-1:1:function:f:3"), True),
        ("FW322", edge("${var.function}"), False),
        ("FW323", edge(f"{CODE}:3"), False),
        ("FW323", edge(f"{CODE}:$LATEST"), True),
        ("FW323", edge(CODE), True),
        ("FW323", edge(f"${{{e.LAMBDA}.arn}}"), True),
        ("FW323", edge(f"${{{e.LAMBDA}.arn}}:${{{e.LAMBDA}.version}}"), False),
        ("FW323", edge(f"${{{e.LAMBDA}.qualified_arn}}", publish="${var.publish}"), False),
        ("FW324", edge(f"${{{e.LAMBDA}.qualified_arn}}", architectures=["arm64"]), True),
        ("FW324", edge(f"${{{e.LAMBDA}.qualified_arn}}", layers=["arn:aws:lambda:us-east-1:1:layer:l:1"]), True),
        ("FW331", {**PAIR, **ZONE, **soa(86400, ttl=900)}, True),
        ("FW331", {**PAIR, **ZONE, **soa(60, ttl=900)}, False),
        ("FW331", {**PAIR, **ZONE, e.RECORD_3: e.record(**IN_ZONE, type="${var.type}")}, False),
        ("FW331", {**PAIR, **ZONE, e.RECORD_3: e.record(**IN_ZONE, type="${each.value.resource_record_type}")}, True),
        ("FW331", {**PAIR, **ZONE, **soa(86400, ttl=60)}, False),
        ("FW331", {**PAIR, **ZONE, **soa(86400, ttl="${var.ttl}")}, False),
        ("FW331", {**PAIR, "aws_route53_zone.z": {"name": "example.com", "vpc": [{"vpc_id": "v"}]}}, False),
        ("FW331", {**ZONE, e.RECORD_1: e.to_endpoint(**IN_ZONE)}, False),
        ("FW341", balanced("verify"), True),
        ("FW341", balanced("passthrough"), False),
        ("FW341", {e.NAME: {"domain_name": "api.example.com", "mutual_tls_authentication": [{"truststore_uri": "s3://t/ca.pem"}]},
                   e.CHECK: e.check(fqdn="api.example.com")}, True),
        ("FW341", {**e.site(viewer_mtls_config={"mode": "${var.mode}"}), e.CHECK: e.check()}, False),
        ("FW351", https("1 www.example.com. alpn=h2"), False),
        ("FW351", https("1 d1.cloudfront.net. alpn=h3"), True),
        ("FW351", https("0 d1.cloudfront.net."), True),
        ("FW351", https("1 . ipv6hint=2001:db8::1"), True),
        ("FW351", https("1 . ipv4hint=192.0.2.1", **PRIMARY), False),
        ("FW351", https("1 . ipv4hint=192.0.2.1", name="api.example.com"), False),
        ("FW351", https("${var.https}"), False),
    ],
)  # fmt: skip
def test_rule_knows_the_whole_kind(rule_id: str, resources: Json, expected: bool) -> None:
    assert is_found(rule_id, e.document(resources)) is expected


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [("", True), ("~> 6.20", True), (">= 5.100.0, < 7.0.0", False), ("~> 5.0", False), ("~> 6.12.0", False)],
)
def test_completion_timeout_is_asked_for_where_the_provider_has_it(constraint: str, expected: bool) -> None:
    terraform = {"required_providers": {"aws": {"version": constraint}}}
    slow = e.s3_origin("a", custom_origin_config={"origin_read_timeout": 4})
    site = e.site(origin=[slow, e.s3_origin("b")])
    assert is_found("FW134", e.document(site, terraform=terraform)) is expected


@pytest.mark.parametrize(("constraint", "expected"), [("", False), ("~> 6.20", True), ("~> 5.0", False)])
def test_completion_timeout_of_s3_is_asked_for_where_the_provider_is_named(constraint: str, expected: bool) -> None:
    terraform = {"required_providers": {"aws": {"version": constraint}}}
    assert is_found("FW134", e.document(e.site(), terraform=terraform)) is expected


def test_what_is_absent_may_be_in_a_module_that_was_not_read() -> None:
    call = {"module": {"more": {"source": "acme/records/aws"}}}
    assert not is_found("FW033", e.document({e.RECORD_1: e.to_endpoint(**PRIMARY)}, **call))
    assert is_found("FW197", e.document(BEHIND_OAI))
    assert not is_found("FW197", e.document(BEHIND_OAI, **call))


def test_bucket_without_policy_is_no_matter_of_failing_over_where_there_is_one_region() -> None:
    assert not is_found("FW197", {**e.document(BEHIND_OAI), "provider": {"aws": {"region": "us-east-1"}}})
