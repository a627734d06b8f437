"""What CloudFront's control plane accepts and refuses.

Sources: `API` = https://docs.aws.amazon.com/cloudfront/latest/APIReference/ ,
`CF` = https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/
"""

from typing import Any

import pytest

from tests.worlds.gateway_world import GatewayWorld, behavior, listed, origin_group, refused

ROUTER = b"import cf from 'cloudfront';\nfunction handler(event) { cf.updateRequestOrigin({}); return event.request; }"


def make_function(world: GatewayWorld, *, code: bytes = ROUTER, is_published: bool = True, **config: Any) -> Any:
    cloudfront, name = world.client("cloudfront"), world.unique("function")
    config = {"Comment": "", "Runtime": "cloudfront-js-2.0", **config}
    function = cloudfront.create_function(Name=name, FunctionConfig=config, FunctionCode=code)
    if is_published:
        cloudfront.publish_function(Name=name, IfMatch=function["ETag"])
    return function


def function_behavior(arn: str, event: str) -> Any:
    return behavior(FunctionAssociations=listed([{"FunctionARN": arn, "EventType": event}]))


def alias_config(certificate: str, *aliases: str) -> dict[str, Any]:
    viewer = {
        "ACMCertificateArn": certificate,
        "SSLSupportMethod": "sni-only",
        "MinimumProtocolVersion": "TLSv1.2_2021",
    }
    return {"Aliases": listed(list(aliases)), "ViewerCertificate": viewer}


def test_distribution_keeps_what_was_sent_and_adds_defaults(gateway_world: GatewayWorld) -> None:
    # API/API_DistributionConfig.html; provider 5.100.0 dereferences Logging and Quantity
    sent = gateway_world.distribution_config(Comment="kept", DefaultRootObject="index.html")
    created = gateway_world.client("cloudfront").create_distribution(DistributionConfig=sent)["Distribution"]
    config = created["DistributionConfig"]
    assert (config["Comment"], config["DefaultRootObject"]) == ("kept", "index.html")
    assert config["Logging"]["Enabled"] is False
    assert config["Aliases"]["Quantity"] == 0
    assert config["Origins"]["Items"][0]["ConnectionAttempts"] == 3
    assert config["DefaultCacheBehavior"]["TargetOriginId"] == "origin-group"
    assert created["DomainName"].endswith(".cloudfront.net")


@pytest.mark.parametrize(
    ("etag", "code", "status"), [("E000STALE", "PreconditionFailed", 412), ("", "InvalidIfMatchVersion", 400)]
)
def test_distribution_update_rejects_a_wrong_etag(
    gateway_world: GatewayWorld, etag: str, code: str, status: int
) -> None:
    # API/API_UpdateDistribution.html, Errors
    created = gateway_world.distribution()["Distribution"]
    cloudfront = gateway_world.client("cloudfront")
    arguments = {"Id": created["Id"], "DistributionConfig": created["DistributionConfig"], "IfMatch": etag}
    refused(code, cloudfront.update_distribution, status, **arguments)


def test_distribution_update_with_the_etag_gives_a_new_one(gateway_world: GatewayWorld) -> None:
    created = gateway_world.distribution()
    config = created["Distribution"]["DistributionConfig"] | {"Comment": "changed"}
    cloudfront, identifier = gateway_world.client("cloudfront"), created["Distribution"]["Id"]
    updated = cloudfront.update_distribution(Id=identifier, DistributionConfig=config, IfMatch=created["ETag"])
    assert updated["ETag"] != created["ETag"]
    assert cloudfront.get_distribution_config(Id=identifier)["DistributionConfig"]["Comment"] == "changed"


def test_enabled_distribution_cannot_be_deleted(gateway_world: GatewayWorld) -> None:
    # API/API_DeleteDistribution.html: disable it first
    created = gateway_world.distribution(Enabled=True)
    arguments = {"Id": created["Distribution"]["Id"], "IfMatch": created["ETag"]}
    refused("DistributionNotDisabled", gateway_world.client("cloudfront").delete_distribution, 409, **arguments)


ORIGIN = {"Id": "o", "DomainName": "o.example.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        # API/API_CreateDistribution.html, Errors
        ("NoSuchOrigin", {"DefaultCacheBehavior": behavior("nowhere")}),
        ("NoSuchOrigin", {"OriginGroups": listed([origin_group(("s3-eu-central-1", "nowhere"))])}),
        # CF/high_availability_origin_failover.html: two members, nine status codes, no writes
        ("InvalidArgument", {"OriginGroups": listed([origin_group(("s3-eu-central-1",))])}),
        ("InvalidArgument", {"OriginGroups": listed([origin_group(codes=(418,))])}),
        ("InvalidArgument", {"OriginGroups": listed([origin_group(codes=(501,))])}),
        (
            "InvalidArgument",
            {"DefaultCacheBehavior": behavior(methods=("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"))},
        ),
        # API/API_Origin.html: attempts 1-3, connection timeout 1-10; the completion timeout is no shorter than the read timeout
        (
            "InvalidArgument",
            {
                "Origins": listed([ORIGIN | {"ResponseCompletionTimeout": 20}]),
                "DefaultCacheBehavior": behavior("o"),
                "OriginGroups": listed([]),
            },
        ),
        (
            "InvalidArgument",
            {
                "Origins": listed([ORIGIN | {"ConnectionAttempts": 4}]),
                "DefaultCacheBehavior": behavior("o"),
                "OriginGroups": listed([]),
            },
        ),
        (
            "InvalidArgument",
            {
                "Origins": listed([ORIGIN | {"ConnectionTimeout": 11}]),
                "DefaultCacheBehavior": behavior("o"),
                "OriginGroups": listed([]),
            },
        ),
        (
            "NoSuchOriginAccessControl",
            {
                "Origins": listed([ORIGIN | {"OriginAccessControlId": "E0"}]),
                "DefaultCacheBehavior": behavior("o"),
                "OriginGroups": listed([]),
            },
        ),
        ("NoSuchCachePolicy", {"DefaultCacheBehavior": behavior(CachePolicyId="00000000-0000-0000-0000-000000000000")}),
        (
            "NoSuchResponseHeadersPolicy",
            {"DefaultCacheBehavior": behavior(ResponseHeadersPolicyId="00000000-0000-0000-0000-000000000000")},
        ),
        (
            "NoSuchOriginRequestPolicy",
            {"DefaultCacheBehavior": behavior(OriginRequestPolicyId="00000000-0000-0000-0000-000000000000")},
        ),
        (
            "InvalidFunctionAssociation",
            {
                "DefaultCacheBehavior": function_behavior(
                    "arn:aws:cloudfront::123456789012:function/none", "viewer-request"
                )
            },
        ),
        ("InconsistentQuantities", {"OriginGroups": {"Quantity": 2, "Items": [origin_group()]}}),
        # CF/CNAMEs.html: an alias needs a certificate
        ("InvalidViewerCertificate", {"Aliases": listed(["www.example.test"])}),
        (
            "InvalidViewerCertificate",
            alias_config("arn:aws:acm:us-east-1:123456789012:certificate/none", "www.example.test"),
        ),
    ],
)
def test_distribution_rejects(gateway_world: GatewayWorld, code: str, changes: dict[str, Any]) -> None:
    refused(code, gateway_world.distribution, **changes)


def test_alias_belongs_to_one_distribution(gateway_world: GatewayWorld) -> None:
    # CF/CNAMEs.html and https://repost.aws/knowledge-center/resolve-cnamealreadyexists-error
    zone_id, domain = gateway_world.hosted_zone()
    certificate = gateway_world.certificate(zone_id, f"www.{domain}", f"*.{domain}")
    gateway_world.distribution(**alias_config(certificate, f"www.{domain}"))
    refused("CNAMEAlreadyExists", gateway_world.distribution, 409, **alias_config(certificate, f"www.{domain}"))
    other = gateway_world.distribution()
    config = other["Distribution"]["DistributionConfig"] | alias_config(certificate, f"www.{domain}")
    update = {"Id": other["Distribution"]["Id"], "DistributionConfig": config, "IfMatch": other["ETag"]}
    refused("CNAMEAlreadyExists", gateway_world.client("cloudfront").update_distribution, 409, **update)


def test_wildcard_alias_may_overlap_an_exact_one(gateway_world: GatewayWorld) -> None:
    # CF/CNAMEs.html: the exact name wins, wherever the wildcard is
    zone_id, domain = gateway_world.hosted_zone()
    certificate = gateway_world.certificate(zone_id, f"*.{domain}")
    exact = gateway_world.distribution(**alias_config(certificate, f"www.{domain}"))["Distribution"]
    wildcard = gateway_world.distribution(**alias_config(certificate, f"*.{domain}"))["Distribution"]
    cloudfront = gateway_world.client("cloudfront")
    conflicts = cloudfront.list_conflicting_aliases(DistributionId=wildcard["Id"], Alias=f"www.{domain}")
    assert [c["DistributionId"] for c in conflicts["ConflictingAliasesList"]["Items"]] == [exact["Id"]]


def test_certificate_must_be_issued_in_us_east_1_and_cover_the_alias(gateway_world: GatewayWorld) -> None:
    # CF/cnames-and-https-requirements.html
    zone_id, domain = gateway_world.hosted_zone()
    elsewhere = gateway_world.certificate(zone_id, f"www.{domain}", region="eu-central-1")
    narrow = gateway_world.certificate(zone_id, f"other.{domain}")
    pending = gateway_world.client("acm").request_certificate(DomainName=f"pending.{domain}", ValidationMethod="DNS")
    for arn in (elsewhere, narrow, pending["CertificateArn"]):
        refused("InvalidViewerCertificate", gateway_world.distribution, **alias_config(arn, f"www.{domain}"))


def two_holders(world: GatewayWorld) -> tuple[str, str, Any, Any]:
    """Returns a zone, its domain, a distribution that holds www of it, and one that holds another name."""
    zone_id, domain = world.hosted_zone()
    certificate = world.certificate(zone_id, f"*.{domain}")
    source = world.distribution(**alias_config(certificate, f"www.{domain}"))["Distribution"]
    target = world.distribution(**alias_config(certificate, f"new.{domain}"))["Distribution"]
    return zone_id, domain, source, target


def prove(world: GatewayWorld, zone_id: str, name: str, value: str) -> None:
    world.change(zone_id, "CREATE", Name=f"_{name}", Type="TXT", TTL=60, ResourceRecords=[{"Value": f'"{value}"'}])


def test_associate_alias_moves_the_name(gateway_world: GatewayWorld) -> None:
    # API/API_AssociateAlias.html
    zone_id, domain, source, target = two_holders(gateway_world)
    prove(gateway_world, zone_id, f"www.{domain}", target["DomainName"])
    cloudfront = gateway_world.client("cloudfront")
    cloudfront.associate_alias(TargetDistributionId=target["Id"], Alias=f"www.{domain}")
    aliases = {
        name: cloudfront.get_distribution(Id=held["Id"])["Distribution"]["DistributionConfig"]["Aliases"]["Quantity"]
        for name, held in (("source", source), ("target", target))
    }
    assert aliases == {"source": 0, "target": 2}


def test_associate_alias_wants_a_txt_record_that_names_the_target(gateway_world: GatewayWorld) -> None:
    # CF/alternate-domain-names-move-options.html
    zone_id, domain, source, target = two_holders(gateway_world)
    prove(gateway_world, zone_id, f"www.{domain}", source["DomainName"])
    arguments = {"TargetDistributionId": target["Id"], "Alias": f"www.{domain}"}
    message = refused("IllegalUpdate", gateway_world.client("cloudfront").associate_alias, 400, **arguments)
    assert f"_www.{domain}" in message


def test_associate_alias_wants_a_certificate_for_the_name(gateway_world: GatewayWorld) -> None:
    # API/API_AssociateAlias.html, IllegalUpdate
    _, domain, _, target = two_holders(gateway_world)
    arguments = {"TargetDistributionId": target["Id"], "Alias": f"a.b.{domain}"}
    refused("IllegalUpdate", gateway_world.client("cloudfront").associate_alias, 400, **arguments)


def test_invalidation_completes(gateway_world: GatewayWorld) -> None:
    # API/API_GetInvalidation.html: Completed, which boto3's waiter compares literally
    identifier = gateway_world.distribution()["Distribution"]["Id"]
    cloudfront = gateway_world.client("cloudfront")
    batch = {"Paths": listed(["/*"]), "CallerReference": "1"}
    created = cloudfront.create_invalidation(DistributionId=identifier, InvalidationBatch=batch)["Invalidation"]
    cloudfront.get_waiter("invalidation_completed").wait(DistributionId=identifier, Id=created["Id"])
    listing = cloudfront.list_invalidations(DistributionId=identifier)["InvalidationList"]["Items"]
    assert [item["Status"] for item in listing] == ["Completed"]


def test_managed_policies_are_listed_and_fixed(gateway_world: GatewayWorld) -> None:
    # CF/using-managed-cache-policies.html
    cloudfront = gateway_world.client("cloudfront")
    items = cloudfront.list_cache_policies(Type="managed")["CachePolicyList"]["Items"]
    names = {item["CachePolicy"]["CachePolicyConfig"]["Name"] for item in items}
    assert {"Managed-CachingOptimized", "Managed-CachingDisabled"} <= names
    policy = items[0]["CachePolicy"]
    refused("IllegalDelete", cloudfront.delete_cache_policy, 400, Id=policy["Id"], IfMatch="E0")


def test_policy_in_use_cannot_be_deleted(gateway_world: GatewayWorld) -> None:
    # API/API_DeleteCachePolicy.html
    cloudfront = gateway_world.client("cloudfront")
    created = cloudfront.create_cache_policy(CachePolicyConfig={"Name": gateway_world.unique("policy"), "MinTTL": 0})
    identifier = created["CachePolicy"]["Id"]
    gateway_world.distribution(DefaultCacheBehavior=behavior(CachePolicyId=identifier))
    refused("CachePolicyInUse", cloudfront.delete_cache_policy, 409, Id=identifier, IfMatch=created["ETag"])


def test_origin_access_control_in_use_cannot_be_deleted(gateway_world: GatewayWorld) -> None:
    # API/API_DeleteOriginAccessControl.html
    cloudfront = gateway_world.client("cloudfront")
    config = {
        "Name": gateway_world.unique("oac"),
        "SigningProtocol": "sigv4",
        "SigningBehavior": "always",
        "OriginAccessControlOriginType": "s3",
    }
    created = cloudfront.create_origin_access_control(OriginAccessControlConfig=config)
    identifier = created["OriginAccessControl"]["Id"]
    origins = listed([ORIGIN | {"OriginAccessControlId": identifier}])
    gateway_world.distribution(Origins=origins, OriginGroups=listed([]), DefaultCacheBehavior=behavior("o"))
    delete = cloudfront.delete_origin_access_control
    refused("OriginAccessControlInUse", delete, 409, Id=identifier, IfMatch=created["ETag"])
    refused(
        "OriginAccessControlAlreadyExists",
        cloudfront.create_origin_access_control,
        409,
        OriginAccessControlConfig=config,
    )


def test_function_has_two_stages(gateway_world: GatewayWorld) -> None:
    # API/API_PublishFunction.html
    cloudfront, function = gateway_world.client("cloudfront"), make_function(gateway_world, is_published=False)
    name = function["FunctionSummary"]["Name"]
    refused("NoSuchFunctionExists", cloudfront.describe_function, 404, Name=name, Stage="LIVE")
    arn = function["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
    unpublished = {"DefaultCacheBehavior": function_behavior(arn, "viewer-request")}
    refused("InvalidFunctionAssociation", gateway_world.distribution, **unpublished)
    cloudfront.publish_function(Name=name, IfMatch=function["ETag"])
    assert cloudfront.get_function(Name=name, Stage="LIVE")["FunctionCode"].read() == ROUTER
    gateway_world.distribution(**unpublished)
    refused("FunctionInUse", cloudfront.delete_function, 409, Name=name, IfMatch=function["ETag"])


def test_function_that_chooses_the_origin_runs_on_viewer_request_only(gateway_world: GatewayWorld) -> None:
    # CF/helper-functions-origin-modification.html
    function = make_function(gateway_world)
    arn = function["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
    on_response = {"DefaultCacheBehavior": function_behavior(arn, "viewer-response")}
    refused("InvalidFunctionAssociation", gateway_world.distribution, **on_response)


def test_function_rejects_more_than_10_kb(gateway_world: GatewayWorld) -> None:
    # CF/cloudfront-limits.html
    make_function(gateway_world, code=b"x" * 10_240)
    with pytest.raises(gateway_world.client("cloudfront").exceptions.FunctionSizeLimitExceeded):
        make_function(gateway_world, code=b"x" * 10_241)


def test_function_rejects_a_store_on_runtime_1_and_a_second_store(gateway_world: GatewayWorld) -> None:
    # CF/kvs-with-functions.html
    cloudfront = gateway_world.client("cloudfront")
    stores = [cloudfront.create_key_value_store(Name=gateway_world.unique("kvs"))["KeyValueStore"] for _ in range(2)]
    associations = [{"KeyValueStoreARN": store["ARN"]} for store in stores]
    for config in (
        {"Runtime": "cloudfront-js-1.0", "KeyValueStoreAssociations": listed(associations[:1])},
        {"KeyValueStoreAssociations": listed(associations)},
    ):
        with pytest.raises(cloudfront.exceptions.InvalidArgument):
            make_function(gateway_world, **config)


def test_store_in_use_cannot_be_deleted(gateway_world: GatewayWorld) -> None:
    # API/API_DeleteKeyValueStore.html
    cloudfront = gateway_world.client("cloudfront")
    created = cloudfront.create_key_value_store(Name=gateway_world.unique("kvs"))
    store = created["KeyValueStore"]
    make_function(gateway_world, KeyValueStoreAssociations=listed([{"KeyValueStoreARN": store["ARN"]}]))
    delete = cloudfront.delete_key_value_store
    refused("CannotDeleteEntityWhileInUse", delete, 409, Name=store["Name"], IfMatch=created["ETag"])


def test_tags_and_monitoring_of_a_distribution(gateway_world: GatewayWorld) -> None:
    # API/API_TagResource.html, API_CreateMonitoringSubscription.html
    cloudfront = gateway_world.client("cloudfront")
    config = gateway_world.distribution_config()
    with_tags = {"DistributionConfig": config, "Tags": {"Items": [{"Key": "a", "Value": "1"}]}}
    created = cloudfront.create_distribution_with_tags(DistributionConfigWithTags=with_tags)["Distribution"]
    cloudfront.tag_resource(Resource=created["ARN"], Tags={"Items": [{"Key": "b", "Value": "2"}]})
    cloudfront.untag_resource(Resource=created["ARN"], TagKeys={"Items": ["a"]})
    assert cloudfront.list_tags_for_resource(Resource=created["ARN"])["Tags"]["Items"] == [{"Key": "b", "Value": "2"}]
    refused("NoSuchMonitoringSubscription", cloudfront.get_monitoring_subscription, 404, DistributionId=created["Id"])
    metrics = {"RealtimeMetricsSubscriptionConfig": {"RealtimeMetricsSubscriptionStatus": "Enabled"}}
    cloudfront.create_monitoring_subscription(DistributionId=created["Id"], MonitoringSubscription=metrics)
    assert cloudfront.get_monitoring_subscription(DistributionId=created["Id"])["MonitoringSubscription"] == metrics


def test_unmodelled_operation_is_named(gateway_world: GatewayWorld) -> None:
    message = refused("NotImplemented", gateway_world.client("cloudfront").list_key_groups, 501)
    assert message == "localcloud does not model cloudfront ListKeyGroups"


def test_monitoring_subscription_is_kept_until_it_is_deleted(gateway_world: GatewayWorld) -> None:
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_GetMonitoringSubscription.html
    client = gateway_world.client("cloudfront")
    id_ = gateway_world.distribution()["Distribution"]["Id"]
    wanted = {"RealtimeMetricsSubscriptionConfig": {"RealtimeMetricsSubscriptionStatus": "Enabled"}}
    refused("NoSuchMonitoringSubscription", lambda: client.get_monitoring_subscription(DistributionId=id_), 404)
    client.create_monitoring_subscription(DistributionId=id_, MonitoringSubscription=wanted)
    found = client.get_monitoring_subscription(DistributionId=id_)["MonitoringSubscription"]
    assert found == wanted
    client.delete_monitoring_subscription(DistributionId=id_)
    refused("NoSuchMonitoringSubscription", lambda: client.get_monitoring_subscription(DistributionId=id_), 404)


def test_monitoring_subscription_needs_its_distribution(gateway_world: GatewayWorld) -> None:
    client = gateway_world.client("cloudfront")
    refused("NoSuchDistribution", lambda: client.get_monitoring_subscription(DistributionId="E0"), 404)


def test_move_of_a_name_that_is_not_modelled_is_refused_by_its_name(gateway_world: GatewayWorld) -> None:
    """docs/MIGRATING.md says so: AssociateAlias is what the commands call."""
    cloudfront = gateway_world.client("cloudfront")
    arguments = {"Domain": "www.example.test", "TargetResource": {"DistributionId": "E1"}}
    message = refused("NotImplemented", cloudfront.update_domain_association, 501, **arguments)
    assert message == "localcloud does not model cloudfront UpdateDomainAssociation"
