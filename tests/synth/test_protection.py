"""Named properties of what protects the content: keys, replication time, access logs, the experiment."""

import json
from itertools import chain
from typing import Any

import pytest

from tests.worlds.synthesized import Stacks, example_text, replaced, stacks_of

REGIONS = ("eu-central-1", "eu-west-1")
FEATURES = ("kms", "rtc", "access_logs", "replication_pause")
Body = dict[str, Any]


def without(*off: str) -> Stacks:
    """Returns the stacks of the example, with some of its features turned off."""
    switches = ((f"{name} = true", f"{name} = false") for name in off)
    return stacks_of(replaced(example_text("protected.example"), *switches))


@pytest.fixture(scope="module")
def protected() -> Stacks:
    return without()


@pytest.fixture(scope="module")
def plain() -> Stacks:
    return without(*FEATURES)


def of(stacks: Stacks, kind: str) -> list[Body]:
    return [body for stack in stacks.values() for body in stack.get("resource", {}).get(kind, {}).values()]


def ids(stacks: Stacks, kind: str) -> set[tuple[str, str]]:
    return {(name, id_) for name, stack in stacks.items() for id_ in stack.get("resource", {}).get(kind, {})}


def statements(policy: str) -> dict[str, Body]:
    return {statement["Sid"]: statement for statement in json.loads(policy)["Statement"]}


def keys(stacks: Stacks) -> list[Body]:
    return [*of(stacks, "aws_kms_key"), *of(stacks, "aws_kms_replica_key")]


def rules(stacks: Stacks) -> list[Body]:
    return list(chain.from_iterable(body["rule"] for body in of(stacks, "aws_s3_bucket_replication_configuration")))


# What cannot change in place: https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs
FIXED = {
    "aws_s3_bucket": ("bucket", "object_lock_enabled"),
    "aws_cloudfront_distribution": ("staging",),
    "aws_cloudfront_origin_access_control": ("name",),
    "aws_route53_zone": ("name", "delegation_set_id"),
    "aws_cloudfront_key_value_store": ("name",),
    "aws_s3_bucket_replication_configuration": ("bucket",),
    "aws_s3_bucket_server_side_encryption_configuration": ("bucket",),
    "aws_iam_role": ("name",),
    "aws_lambda_function": ("function_name",),
}


@pytest.mark.parametrize("kind", FIXED)
def test_turning_protection_on_replaces_nothing(protected: Stacks, plain: Stacks, kind: str) -> None:
    assert ids(plain, kind) <= ids(protected, kind)
    for stack, id_ in ids(plain, kind):
        before, after = (each[stack]["resource"][kind][id_] for each in (plain, protected))
        assert [before.get(name) for name in FIXED[kind]] == [after.get(name) for name in FIXED[kind]]


def test_turning_protection_on_keeps_everything_and_changes_what_it_should(protected: Stacks, plain: Stacks) -> None:
    changed = set()
    for name, stack in plain.items():
        for kind, found in stack["resource"].items():
            for id_, body in found.items():
                other = protected[name]["resource"][kind][id_]
                if {**body, "//": None} != {**other, "//": None}:
                    changed.add(kind)
    assert changed == {
        "aws_s3_bucket",  # the tag that the experiment finds it by
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_replication_configuration",
        "aws_cloudfront_distribution",  # 400 among what fails over
        "aws_cloudfront_function",
        "aws_cloudwatch_dashboard",
        "aws_lambda_function",  # what the parity check compares
    }


@pytest.mark.parametrize("off", FEATURES)
def test_each_part_is_off_by_itself(off: str) -> None:
    stacks = without(off)
    marks = {
        "kms": "aws_kms_replica_key",
        "access_logs": "aws_cloudwatch_log_delivery",
        "replication_pause": "aws_fis_experiment_template",
    }
    assert {name for name, kind in marks.items() if not of(stacks, kind)} == {off} & set(marks)
    has_time_control = [bool(rule["destination"].get("replication_time")) for rule in rules(stacks)]
    assert has_time_control == [off != "rtc"] * 2


def test_keys_have_a_stack_of_their_own_that_nothing_else_is_in(protected: Stacks, plain: Stacks) -> None:
    assert not any(name.startswith("keys-") for name in plain)
    kinds = {name: set(stack["resource"]) for name, stack in protected.items() if name.startswith("keys-")}
    assert kinds == {"keys-eu-central-1": {"aws_kms_key"}, "keys-eu-west-1": {"aws_kms_replica_key"}}


def test_key_outlives_the_region_of_the_key_that_it_is_a_replica_of(protected: Stacks) -> None:
    """A site whose primary region is gone gets another primary key, and Terraform would replace every replica of the old one."""
    (replica,) = of(protected, "aws_kms_replica_key")
    assert replica["lifecycle"] == {"ignore_changes": ["primary_key_arn"]}


def test_key_is_multi_region_and_rotates(protected: Stacks) -> None:
    (primary,) = of(protected, "aws_kms_key")
    assert (primary["multi_region"], primary["enable_key_rotation"]) == (True, True)
    assert all(key["deletion_window_in_days"] == 30 for key in keys(protected))


def test_cloudfront_decrypts_for_distributions_of_this_account_only(protected: Stacks) -> None:
    for key in keys(protected):
        grant = statements(key["policy"])["DecryptedForDistributions"]
        assert grant["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        assert grant["Action"] == "kms:Decrypt"
        (arn,) = grant["Condition"]["ArnLike"].values()
        assert arn.startswith("arn:aws:cloudfront::${data.aws_caller_identity")
        assert arn.endswith("}:distribution/*")


def test_everybody_in_the_key_policy_is_this_account_through_s3_of_the_region(protected: Stacks) -> None:
    places = set()
    for key in keys(protected):
        for statement in statements(key["policy"]).values():
            if statement["Principal"] == {"AWS": "*"}:
                bound = statement["Condition"]["StringEquals"]
                assert "account_id" in bound["kms:CallerAccount"]
                assert "role/failover-site-keep" in str(statement["Condition"]["ArnLike"]["aws:PrincipalArn"])
                places.add(bound["kms:ViaService"])
    assert places == {f"s3.{region}.amazonaws.com" for region in REGIONS}


def test_parity_check_takes_no_etag_under_a_key_for_an_md5(protected: Stacks, plain: Stacks) -> None:
    def told(stacks: Stacks) -> list[str | None]:
        regional = {name: stack for name, stack in stacks.items() if name.startswith("region-")}
        functions = [body for body in of(regional, "aws_lambda_function") if "-parity-" in body["function_name"]]
        return [body["environment"]["variables"].get("COMPARES_ETAGS") for body in functions]

    assert told(protected) == ["false", "false"]
    assert told(plain) == [None, None]


def test_only_those_that_write_may_encrypt(protected: Stacks) -> None:
    for key in keys(protected):
        grant = statements(key["policy"])["EncryptedForThoseThatWrite"]
        roles = [arn.rpartition("failover-site-keep-")[2] for arn in grant["Condition"]["ArnLike"]["aws:PrincipalArn"]]
        assert roles == ["replicate-*", "parity-*", "ci-content", "ci-deploy"]


@pytest.mark.parametrize("region", REGIONS)
def test_content_is_encrypted_with_the_regions_key_and_bucket_keys(protected: Stacks, region: str) -> None:
    found = protected[f"region-{region}"]["resource"]["aws_s3_bucket_server_side_encryption_configuration"]
    (content,) = [body for id_, body in found.items() if id_.startswith("content_bucket_")]
    (rule,) = content["rule"]
    assert rule["bucket_key_enabled"] is True
    default = rule["apply_server_side_encryption_by_default"]
    assert default["sse_algorithm"] == "aws:kms"
    kind = "aws_kms_key" if region == REGIONS[0] else "aws_kms_replica_key"
    assert kind.replace("_", "") in default["kms_master_key_id"].replace("_", "")


def test_replication_selects_objects_under_the_key_and_encrypts_with_the_destinations(protected: Stacks) -> None:
    for rule in rules(protected):
        criteria = rule["source_selection_criteria"]["sse_kms_encrypted_objects"]
        assert criteria == {"status": "Enabled"}
    names = [rule["destination"]["encryption_configuration"]["replica_kms_key_id"] for rule in rules(protected)]
    assert len(set(names)) == 2


def test_time_control_is_fifteen_minutes_both_ways_and_brings_the_metrics(protected: Stacks) -> None:
    for rule in rules(protected):
        destination = rule["destination"]
        assert destination["replication_time"] == {"status": "Enabled", "time": {"minutes": 15}}
        assert destination["metrics"] == {"status": "Enabled", "event_threshold": {"minutes": 15}}


def test_time_control_has_its_alarms(protected: Stacks) -> None:
    late = [
        body for body in of(protected, "aws_cloudwatch_metric_alarm") if body.get("metric_name") == "ReplicationLatency"
    ]
    assert [body["threshold"] for body in late] == [900, 900]


def test_log_buckets_are_written_about_their_own_bucket_and_by_log_delivery_only(protected: Stacks) -> None:
    for region in REGIONS:
        (policy,) = protected[f"region-{region}"]["resource"]["aws_s3_bucket_policy"].values()
        found = statements(policy["policy"])
        assert found.pop("DenyInsecureTransport")["Effect"] == "Deny"
        for statement in found.values():
            assert statement["Action"] == "s3:PutObject"
            assert "account_id" in statement["Condition"]["StringEquals"]["aws:SourceAccount"]
            assert statement["Condition"]["ArnLike"]["aws:SourceArn"] != "*"


def test_logs_expire(protected: Stacks) -> None:
    for region in REGIONS:
        found = protected[f"region-{region}"]["resource"]["aws_s3_bucket_lifecycle_configuration"]
        (rule,) = next(body["rule"] for id_, body in found.items() if id_.startswith("access_logs_"))
        assert rule["expiration"] == [{"days": 90}]


def test_every_distribution_logs_to_a_bucket_of_a_serving_region(protected: Stacks) -> None:
    assert len(of(protected, "aws_cloudwatch_log_delivery")) == len(of(protected, "aws_cloudfront_distribution")) == 2
    for body in of(protected, "aws_cloudwatch_log_delivery_destination"):
        (where,) = body["delivery_destination_configuration"]
        assert "access_logs_bucket" in where["destination_resource_arn"].replace("-", "_")


def test_experiment_pauses_one_tagged_bucket_and_an_alarm_of_its_region_stops_it(protected: Stacks) -> None:
    for template in of(protected, "aws_fis_experiment_template"):
        (action,), (target,), (stop,) = template["action"], template["target"], template["stop_condition"]
        assert action["action_id"] == "aws:s3:bucket-pause-replication"
        assert [tag["key"] for tag in target["resource_tag"]] == ["ReplicationPause"]
        alarm = stop["value"].removeprefix("${aws_cloudwatch_metric_alarm.").removesuffix(".arn}")
        (stack,) = (
            each
            for each in protected.values()
            if template in each["resource"].get("aws_fis_experiment_template", {}).values()
        )
        assert alarm in stack["resource"]["aws_cloudwatch_metric_alarm"]


def test_experiment_may_change_rules_for_a_pause_only(protected: Stacks) -> None:
    policies = [
        statements(body["policy"])
        for name, stack in protected.items()
        if name.startswith("attachment-")
        for id_, body in stack["resource"]["aws_iam_role_policy"].items()
        if id_.startswith("replication_pause_")
    ]
    assert len(policies) == 2
    for policy in policies:
        condition = policy["ChangeRulesForThePauseOnly"]["Condition"]
        assert condition == {"BoolIfExists": {"s3:IsReplicationPauseRequest": "true"}}
