"""The log of calls: AWS's operation names for every protocol, who called, and what no log may hold."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.gateway.server import Gateway
from tests.worlds.gateway_world import SPEED, GatewayWorld


class LoggedWorld:
    """A gateway with a log of calls. moto's state is shared with every other gateway of the run."""

    def __init__(self, gateway: Gateway, path: Path) -> None:
        self.world = GatewayWorld(gateway)
        self._path = path

    def last(self, operation: str) -> dict[str, Any]:
        lines = [json.loads(line) for line in self._path.read_text(encoding="utf-8").splitlines()]
        return next(line for line in reversed(lines) if line["operation"] == operation)


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoggedWorld]:
    path = tmp_path_factory.mktemp("calls") / "calls.jsonl"
    with Gateway(speed=SPEED, call_log=path) as gateway:
        world = LoggedWorld(gateway, path)
        yield world
        world.world.close()


# The names are those of AWS's API models: https://github.com/boto/botocore/tree/develop/botocore/data
@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("sts", "GetCallerIdentity", {}),  # query
        ("acm", "ListCertificates", {}),  # JSON
        ("cloudwatch", "PutMetricData", {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1}]}),
        ("lambda", "ListFunctions", {}),  # REST with JSON
        ("apigatewayv2", "GetDomainNames", {}),  # one signing name, two APIs
        ("route53", "ListHostedZones", {}),  # REST with XML
        ("cloudfront", "ListDistributions", {}),
        ("s3", "ListBuckets", {}),
    ],
)
def test_operation_has_awss_name(logged: LoggedWorld, service: str, operation: str, arguments: dict[str, Any]) -> None:
    client = logged.world.client(service)
    client._make_api_call(operation, arguments)
    line = logged.last(operation)
    assert (line["caller"], line["status"]) == ("localcloud", 200)
    assert line["user_agent"].startswith("Boto3/")


def test_operation_of_s3_follows_path_query_and_headers(logged: LoggedWorld) -> None:
    bucket, client = logged.world.bucket(), logged.world.client("s3", "eu-central-1")
    client.put_object(Bucket=bucket, Key="a/b", Body=b"secret", Tagging="k=v")
    assert logged.last("PutObject")["headers"] == {"x-amz-tagging": "k=v"}
    assert logged.last("PutObject")["parameters"] == {"Bucket": bucket, "Key": "a/b"}
    client.copy_object(Bucket=bucket, Key="c", CopySource={"Bucket": bucket, "Key": "a/b"})
    assert logged.last("CopyObject")["headers"] == {"x-amz-copy-source": f"{bucket}/a/b"}
    upload = client.create_multipart_upload(Bucket=bucket, Key="d")["UploadId"]
    client.upload_part(Bucket=bucket, Key="d", UploadId=upload, PartNumber=1, Body=b"1")
    client.abort_multipart_upload(Bucket=bucket, Key="d", UploadId=upload)
    client.list_objects_v2(Bucket=bucket)
    client.list_object_versions(Bucket=bucket)
    client.get_bucket_versioning(Bucket=bucket)
    for operation in ("CreateMultipartUpload", "UploadPart", "AbortMultipartUpload", "ListObjectsV2",
                      "ListObjectVersions", "GetBucketVersioning"):  # fmt: skip
        assert logged.last(operation)["region"] == "eu-central-1"


def test_contents_of_objects_are_not_logged(logged: LoggedWorld) -> None:
    bucket = logged.world.bucket()
    logged.world.client("s3", "eu-central-1").put_object(Bucket=bucket, Key="k", Body=b"secret")
    assert logged.last("PutObject")["body"] is None


def test_settings_are_logged(logged: LoggedWorld) -> None:
    data = [{"MetricName": "m", "Value": 1}]
    logged.world.client("cloudwatch").put_metric_data(Namespace="log", MetricData=data)
    assert json.loads(logged.last("PutMetricData")["body"])["Namespace"] == "log"


def test_key_value_store_keeps_its_arn(logged: LoggedWorld) -> None:
    client = logged.world.client("cloudfront")
    store = client.create_key_value_store(Name=logged.world.unique("logged"))["KeyValueStore"]["ARN"]
    logged.world.client("cloudfront-keyvaluestore").describe_key_value_store(KvsARN=store)
    assert logged.last("DescribeKeyValueStore")["parameters"] == {"KvsARN": store}


def test_refused_call_is_logged_with_its_status(logged: LoggedWorld) -> None:
    with pytest.raises(Exception, match="NotImplemented"):
        logged.world.client("lambda").list_code_signing_configs()
    assert logged.last("ListCodeSigningConfigs")["status"] == 501
