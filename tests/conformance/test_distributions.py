"""What CloudFront takes as a distribution, a policy, a function and an invalidation."""

from typing import Any

import pytest

from tests.conformance.cloud import ALL_METHODS, DISABLED, Cloud, items, methods, refused, unique
from tests.documented import documented, stated


def create(cloud: Cloud, config: dict[str, Any], code: str) -> str:
    return refused(code, cloud.aws("cloudfront").create_distribution, DistributionConfig=config)


def error_response(code: int, **more: Any) -> dict[str, Any]:
    return {"CustomErrorResponses": items([{"ErrorCode": code, "ErrorCachingMinTTL": 0, **more}])}


PAGE = {"ResponsePagePath": "/error.html"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        stated(
            "CF/DefaultRootObject",
            "DefaultRootObject does not begin with a slash.",
            {"DefaultRootObject": "/index.html"},
            "InvalidDefaultRootObject",
        ),
        stated(
            "CFAPI/API_DistributionConfig",
            "Comment has at most 128 characters.",
            {"Comment": "a" * 129},
            "InvalidArgument",
        ),
        stated(
            "CFAPI/API_DistributionConfig",
            "DefaultRootObject has at most 255 characters.",
            {"DefaultRootObject": "a" * 256},
            "InvalidArgument",
        ),
        stated(
            "CF/creating-custom-error-pages",
            "CloudFront has no error code 418.",
            error_response(418),
            "InvalidErrorCode",
        ),
        stated(
            "CF/creating-custom-error-pages",
            "CloudFront has no custom error for 429.",
            error_response(429),
            "InvalidErrorCode",
        ),
        stated(
            "CF/creating-custom-error-pages", "A success is no error code.", error_response(200), "InvalidErrorCode"
        ),
        stated(
            "CFAPI/API_CustomErrorResponse",
            "An error page comes with a response code.",
            error_response(404, **PAGE),
            "InvalidArgument",
        ),
        stated(
            "CFAPI/API_CustomErrorResponse",
            "A response code comes with an error page.",
            error_response(404, ResponseCode="404"),
            "InvalidArgument",
        ),
        stated(
            "CFAPI/API_CustomErrorResponse",
            "The response code is one that CloudFront can answer.",
            error_response(404, **PAGE, ResponseCode="302"),
            "InvalidResponseCode",
        ),
        stated(
            "CFAPI/API_CustomErrorResponse",
            "The path of an error page begins with a slash.",
            error_response(404, ResponsePagePath="error.html", ResponseCode="404"),
            "InvalidArgument",
        ),
        stated(
            "CF/CNAMEs",
            "A wildcard in an alternate domain name is its first label.",
            {"Aliases": items(["www.*.example.test"])},
            "InvalidArgument",
        ),
        stated(
            "CF/CNAMEs",
            "A wildcard replaces a whole label of an alternate domain name.",
            {"Aliases": items(["*www.example.test"])},
            "InvalidArgument",
        ),
        stated(
            "CF/CNAMEs",
            "An alternate domain name is a domain name.",
            {"Aliases": items(["not a name"])},
            "InvalidArgument",
        ),
        stated(
            "CFAPI/API_Aliases",
            "An alternate domain name has at most 253 characters.",
            {"Aliases": items([".".join(["a" * 60] * 5)])},
            "InvalidArgument",
        ),
        stated(
            "CF/CNAMEs",
            "An alternate domain name needs a certificate that covers it.",
            {"Aliases": items(["www.example.test"])},
            "InvalidViewerCertificate",
        ),
        stated(
            "CFAPI/API_DistributionConfig",
            "PriceClass is one of CloudFront's.",
            {"PriceClass": "PriceClass_300"},
            "InvalidArgument",
        ),
        stated(
            "CFAPI/API_DistributionConfig",
            "HttpVersion is one of CloudFront's.",
            {"HttpVersion": "http4"},
            "InvalidArgument",
        ),
        stated(
            "CFAPI/API_CreateDistribution",
            "Quantity and the number of Items agree.",
            {"Aliases": {"Quantity": 2, "Items": ["a.example.test"]}},
            "InconsistentQuantities",
        ),
    ],
)
def test_distribution_rejects(cloud: Cloud, changes: dict[str, Any], code: str) -> None:
    create(cloud, cloud.config([cloud.origin("nobody")]) | changes, code)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        stated("CFAPI/API_Origin", "ConnectionAttempts is at most 3.", {"ConnectionAttempts": 4}, "InvalidArgument"),
        stated(
            "CFAPI/API_Origin", "ConnectionTimeout is at most 10 seconds.", {"ConnectionTimeout": 11}, "InvalidArgument"
        ),
        stated(
            "CFAPI/API_S3OriginConfig",
            "OriginReadTimeout is at most 120 seconds.",
            {"S3OriginConfig": {"OriginAccessIdentity": "", "OriginReadTimeout": 121}},
            "InvalidArgument",
        ),
        stated(
            "CFAPI/API_Origin",
            "ResponseCompletionTimeout is no shorter than the read timeout.",
            {"ResponseCompletionTimeout": 5},
            "InvalidArgument",
        ),
        stated("CFAPI/API_Origin", "OriginPath begins with a slash.", {"OriginPath": "folder"}, "InvalidArgument"),
        stated(
            "CFAPI/API_Origin", "OriginPath does not end with a slash.", {"OriginPath": "/folder/"}, "InvalidArgument"
        ),
        stated(
            "CFAPI/API_Origin",
            "An origin access control exists.",
            {"OriginAccessControlId": "E00000000000000"},
            "NoSuchOriginAccessControl",
        ),
    ],
)
def test_origin_rejects(cloud: Cloud, changes: dict[str, Any], code: str) -> None:
    create(cloud, cloud.config([cloud.origin("nobody") | changes]), code)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        stated(
            "CFAPI/API_DefaultCacheBehavior",
            "TargetOriginId names an origin or an origin group.",
            {"TargetOriginId": "nobody"},
            "NoSuchOrigin",
        ),
        stated(
            "CFAPI/API_DefaultCacheBehavior",
            "A cache policy exists.",
            {"CachePolicyId": "11111111-2222-3333-4444-555555555555"},
            "NoSuchCachePolicy",
        ),
        stated(
            "CFAPI/API_DefaultCacheBehavior",
            "A response headers policy exists.",
            {"ResponseHeadersPolicyId": "11111111-2222-3333-4444-555555555555"},
            "NoSuchResponseHeadersPolicy",
        ),
        stated(
            "CFAPI/API_DefaultCacheBehavior",
            "ViewerProtocolPolicy is one of three.",
            {"ViewerProtocolPolicy": "http-only"},
            "InvalidArgument",
        ),
        stated(
            "CFAPI/API_AllowedMethods",
            "An allowed method is one of seven.",
            {"AllowedMethods": methods(["GET", "HEAD", "TRACE"])},
            "InvalidArgument",
        ),
    ],
)
def test_behavior_rejects(cloud: Cloud, changes: dict[str, Any], code: str) -> None:
    create(cloud, cloud.config([cloud.origin("nobody")], changes), code)


def grouped(cloud: Cloud, codes: list[int], members: tuple[str, ...] = ("a", "b"), **behavior: Any) -> dict[str, Any]:
    group = {
        "Id": "g",
        "FailoverCriteria": {"StatusCodes": items(codes)},
        "Members": items([{"OriginId": each} for each in members]),
    }
    origins = [cloud.origin("nobody", "a"), cloud.origin("nobody", "b")]
    return cloud.config(origins, {"TargetOriginId": "g", **behavior}, OriginGroups=items([group]))


@documented("CF/high_availability_origin_failover", "CloudFront does not fail over on 418.")
def test_group_rejects_418(cloud: Cloud) -> None:
    create(cloud, grouped(cloud, [418]), "InvalidArgument")


@documented("CF/high_availability_origin_failover", "CloudFront does not fail over on 501.")
def test_group_rejects_501(cloud: Cloud) -> None:
    create(cloud, grouped(cloud, [501]), "InvalidArgument")


@documented("CFAPI/API_OriginGroupMembers", "An origin group has two members.")
def test_group_rejects_one_member(cloud: Cloud) -> None:
    create(cloud, grouped(cloud, [500], ("a",)), "InvalidArgument")


@documented("CFAPI/API_OriginGroup", "A member of an origin group is an origin of the distribution.")
def test_group_rejects_a_member_that_is_not_there(cloud: Cloud) -> None:
    create(cloud, grouped(cloud, [500], ("a", "c")), "NoSuchOrigin")


@documented("CF/high_availability_origin_failover", "A behavior with an origin group allows no writing methods.")
def test_group_rejects_writing_methods(cloud: Cloud) -> None:
    create(cloud, grouped(cloud, [500], AllowedMethods=methods(ALL_METHODS)), "InvalidArgument")


@documented("CFAPI/API_DistributionConfig", "One caller reference makes one distribution.")
def test_distribution_rejects_a_reference_twice(cloud: Cloud) -> None:
    config = cloud.config([cloud.origin("nobody")], Enabled=False)
    cloud.aws("cloudfront").create_distribution(DistributionConfig=config)
    create(cloud, config, "DistributionAlreadyExists")


@documented("CFAPI/API_UpdateDistribution", "An update needs the current ETag: PreconditionFailed with another one.")
def test_update_rejects_a_stale_etag(cloud: Cloud) -> None:
    cloudfront = cloud.aws("cloudfront")
    config = cloud.config([cloud.origin("nobody")], Enabled=False)
    made = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]
    call, other = cloudfront.update_distribution, "E00000000000000"
    refused("PreconditionFailed", call, Id=made["Id"], IfMatch=other, DistributionConfig=config)


@documented("CFAPI/API_DeleteDistribution", "An enabled distribution is not deleted.")
def test_enabled_distribution_is_not_deleted(cloud: Cloud) -> None:
    cloudfront = cloud.aws("cloudfront")
    made = cloudfront.create_distribution(DistributionConfig=cloud.config([cloud.origin("nobody")]))
    call, identity = cloudfront.delete_distribution, made["Distribution"]["Id"]
    refused("DistributionNotDisabled", call, Id=identity, IfMatch=made["ETag"])


def invalidation(cloud: Cloud, *paths: str, code: str) -> None:
    cloudfront = cloud.aws("cloudfront")
    config = cloud.config([cloud.origin("nobody")], Enabled=False)
    made = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]["Id"]
    batch = {"Paths": items(paths), "CallerReference": unique("batch")}
    refused(code, cloudfront.create_invalidation, DistributionId=made, InvalidationBatch=batch)


@documented("CF/invalidation-specifying-objects", "The wildcard of an invalidation is the path's last character.")
def test_invalidation_rejects_a_wildcard_in_the_middle(cloud: Cloud) -> None:
    invalidation(cloud, "/images/*.jpg", code="InvalidArgument")


@documented("CF/invalidation-specifying-objects", "A path of an invalidation begins with a slash.")
def test_invalidation_rejects_a_path_without_a_slash(cloud: Cloud) -> None:
    invalidation(cloud, "images/a.jpg", code="InvalidArgument")


@documented("CF/cloudfront-limits", "At most 3,000 paths are invalidated at a time.")
def test_invalidation_rejects_more_than_3000_paths(cloud: Cloud) -> None:
    invalidation(cloud, *(f"/{number}" for number in range(3001)), code="BatchTooLarge")


CODE = b"function handler(event) { return event.request; }"


def function(cloud: Cloud, name: str, *, code: bytes = CODE, runtime: str = "cloudfront-js-2.0", **more: Any) -> str:
    config = {"Comment": "", "Runtime": runtime, **more}
    made = cloud.aws("cloudfront").create_function(Name=name, FunctionConfig=config, FunctionCode=code)
    return str(made["ETag"])


@pytest.mark.parametrize(
    "name",
    [
        stated("CFAPI/API_CreateFunction", "A function's name has at most 64 characters.", "a" * 65),
        stated("CFAPI/API_CreateFunction", "A function's name has letters, digits, hyphens and underscores.", "a.b"),
    ],
)
def test_function_rejects_the_name(cloud: Cloud, name: str) -> None:
    config = {"Comment": "", "Runtime": "cloudfront-js-2.0"}
    create_function = cloud.aws("cloudfront").create_function
    refused("InvalidArgument", create_function, Name=name, FunctionConfig=config, FunctionCode=CODE)


@documented("CF/cloudfront-limits", "A function's code has at most 10 KB.")
def test_function_rejects_more_than_10_kb(cloud: Cloud) -> None:
    code = CODE + b" " * 10_240
    config = {"Comment": "", "Runtime": "cloudfront-js-2.0"}
    create_function = cloud.aws("cloudfront").create_function
    refused("FunctionSizeLimitExceeded", create_function, Name=unique("f"), FunctionConfig=config, FunctionCode=code)


@documented("CF/kvs-with-functions", "Key value stores need runtime 2.0.")
def test_function_of_runtime_1_rejects_a_store(cloud: Cloud) -> None:
    arn = cloud.aws("cloudfront").create_key_value_store(Name=unique("kvs"))["KeyValueStore"]["ARN"]
    config = {
        "Comment": "",
        "Runtime": "cloudfront-js-1.0",
        "KeyValueStoreAssociations": items([{"KeyValueStoreARN": arn}]),
    }
    create_function = cloud.aws("cloudfront").create_function
    refused("InvalidArgument", create_function, Name=unique("f"), FunctionConfig=config, FunctionCode=CODE)


@documented("CF/associate-function", "A behavior takes a function that is published.")
def test_behavior_rejects_a_function_that_is_not_published(cloud: Cloud) -> None:
    name = unique("f")
    function(cloud, name)
    found = cloud.aws("cloudfront").describe_function(Name=name)["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
    associations = items([{"EventType": "viewer-request", "FunctionARN": found}])
    config = cloud.config([cloud.origin("nobody")], {"FunctionAssociations": associations})
    create(cloud, config, "InvalidFunctionAssociation")


@documented("CFAPI/API_PublishFunction", "PublishFunction needs the current ETag of the development stage.")
def test_publish_rejects_a_stale_etag(cloud: Cloud) -> None:
    name = unique("f")
    function(cloud, name)
    refused("PreconditionFailed", cloud.aws("cloudfront").publish_function, Name=name, IfMatch="E00000000000000")


@documented("CFAPI/API_CreateKeyValueStore", "A key value store's name has at most 64 characters.")
def test_store_rejects_a_long_name(cloud: Cloud) -> None:
    refused("InvalidArgument", cloud.aws("cloudfront").create_key_value_store, Name="a" * 65)


@documented("CFAPI/API_CreateKeyValueStore", "A key value store's comment has at most 128 characters.")
def test_store_rejects_a_long_comment(cloud: Cloud) -> None:
    call = cloud.aws("cloudfront").create_key_value_store
    refused("InvalidArgument", call, Name=unique("kvs"), Comment="a" * 129)


@documented("CFAPI/API_OriginAccessControlConfig", "SigningProtocol is one of CloudFront's.")
def test_access_control_rejects_another_protocol(cloud: Cloud) -> None:
    config = {
        "Name": unique("oac"),
        "SigningProtocol": "sigv2",
        "SigningBehavior": "always",
        "OriginAccessControlOriginType": "s3",
    }
    refused("InvalidArgument", cloud.aws("cloudfront").create_origin_access_control, OriginAccessControlConfig=config)


@documented("CFAPI/API_OriginAccessControlConfig", "The name of an origin access control has at most 64 characters.")
def test_access_control_rejects_a_long_name(cloud: Cloud) -> None:
    config = {
        "Name": "a" * 65,
        "SigningProtocol": "sigv4",
        "SigningBehavior": "always",
        "OriginAccessControlOriginType": "s3",
    }
    refused("InvalidArgument", cloud.aws("cloudfront").create_origin_access_control, OriginAccessControlConfig=config)


def behaviors(*patterns: str) -> dict[str, Any]:
    common = {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all", "CachePolicyId": DISABLED}
    return {"CacheBehaviors": items([{"PathPattern": pattern, **common} for pattern in patterns])}


@documented("CF/DownloadDistValuesCacheBehavior", "A path pattern stands once in a distribution.")
def test_distribution_rejects_a_path_pattern_twice(cloud: Cloud) -> None:
    create(cloud, cloud.config([cloud.origin("nobody")]) | behaviors("/a/*", "/a/*"), "InvalidArgument")


@documented("CF/cloudfront-limits", "A distribution has at most 75 cache behaviors.")
def test_distribution_rejects_more_than_75_behaviors(cloud: Cloud) -> None:
    many = behaviors(*(f"/{number}" for number in range(76)))
    create(cloud, cloud.config([cloud.origin("nobody")]) | many, "TooManyCacheBehaviors")


@documented("CF/cloudfront-limits", "A distribution has at most 100 origins.")
def test_distribution_rejects_more_than_100_origins(cloud: Cloud) -> None:
    origins = [cloud.origin("nobody", f"o{number}") for number in range(101)]
    create(cloud, cloud.config(origins), "TooManyOrigins")


@documented("CFAPI/API_CustomErrorResponse", "An error code stands once among the custom error responses.")
def test_distribution_rejects_an_error_code_twice(cloud: Cloud) -> None:
    responses = items([{"ErrorCode": 404, "ErrorCachingMinTTL": ttl} for ttl in (0, 1)])
    create(cloud, cloud.config([cloud.origin("nobody")], CustomErrorResponses=responses), "InvalidArgument")


@pytest.mark.parametrize(
    "ttls",
    [
        stated(
            "CF/Expiration",
            "The minimum TTL of a cache policy is no longer than its maximum.",
            {"MinTTL": 10, "MaxTTL": 5},
        ),
        stated(
            "CF/Expiration",
            "The default TTL of a cache policy is no longer than its maximum.",
            {"MinTTL": 0, "DefaultTTL": 10, "MaxTTL": 5},
        ),
        stated(
            "CF/Expiration",
            "The default TTL of a cache policy is no shorter than its minimum.",
            {"MinTTL": 10, "DefaultTTL": 5, "MaxTTL": 20},
        ),
    ],
)
def test_cache_policy_rejects_ttls_out_of_order(cloud: Cloud, ttls: dict[str, int]) -> None:
    config = {"Name": unique("policy"), **ttls}
    refused("InvalidArgument", cloud.aws("cloudfront").create_cache_policy, CachePolicyConfig=config)
