"""What moto must not load for a site that does not use it, nor keep of what is gone.

In processes of their own: others import whatever they like.
"""

import subprocess
import sys

import pytest

_GATEWAY = """
import sys, boto3
from botocore.exceptions import ClientError
from localcloud.gateway.server import Gateway
with Gateway() as gateway:
    def client(service):
        return boto3.client(
            service, region_name="us-east-1", endpoint_url=gateway.url, aws_access_key_id="x", aws_secret_access_key="y"
        )
    {program}
"""
_REST_APIS = """
    api = client("apigateway")
    assert api.get_rest_apis()["items"] == [] and client("apigatewayv2").get_apis()["Items"] == []
    assert "jsonschema" not in sys.modules
    whole = b'{"openapi": "3.0.0", "info": {"title": "a", "version": "1", "description": "b"}, "paths": {}}'
    for body, is_refused in ((b'{"openapi": "3.0.0", "info": {}}', True), (whole, False), (b'{"openapi": "3.0.0"}', True)):
        try:
            api.import_rest_api(body=body, failOnWarnings=True)
            assert not is_refused
        except ClientError as error:
            assert is_refused and error.response["Error"]["Code"] == "BadRequestException", error
    assert "jsonschema" in sys.modules
    assert [each["name"] for each in api.get_rest_apis()["items"]] == ["a"]
"""
_PARTITIONS = """
    iam = client("iam")
    assert iam.list_policies(Scope="AWS", MaxItems=1)["Policies"]
    client("s3").list_buckets()
    from moto.iam.models import iam_backends
    assert [list(account) for account in iam_backends.values()] == [["aws"]]
    iam_backends["123456789012"]["aws-cn"].create_user("aws-cn", "a")
    key = iam_backends["123456789012"]["aws-cn"].create_access_key("a").access_key_id
    from moto.iam import models
    assert models.get_account_id_from(key) == "123456789012"
"""
_VERSIONS = """
    import copy, gc
    from moto.s3.models import FakeKey
    def kept():
        gc.collect()
        return sum(isinstance(each, FakeKey) for each in gc.get_objects())
    s3 = client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"2"):
        s3.put_object(Bucket="bucket", Key="a", Body=body)
    s3.delete_object(Bucket="bucket", Key="a")
    for _ in range(3):
        listed = s3.list_object_versions(Bucket="bucket")
    assert kept() == 2
    key = next(each for each in gc.get_objects() if isinstance(each, FakeKey))
    assert copy.deepcopy(key)._value_buffer is key._value_buffer
    del key
    assert [each["IsLatest"] for each in (*listed["DeleteMarkers"], *listed["Versions"])] == [True, False, False]
    ids = [each["VersionId"] for each in listed["Versions"]]
    read = lambda id_: s3.get_object(Bucket="bucket", Key="a", VersionId=id_)["Body"].read()
    assert {read(id_) for id_ in ids} == {b"1", b"2"}
    s3.delete_object(Bucket="bucket", Key="a", VersionId=ids[1])
    assert kept() == 1 and read(ids[0]) in (b"1", b"2")
"""


@pytest.mark.parametrize(
    "program", [_REST_APIS, _PARTITIONS, _VERSIONS], ids=["validator of REST APIs", "partitions", "copies of versions"]
)
def test_what_is_not_needed_takes_no_memory(program: str) -> None:
    subprocess.run([sys.executable, "-c", _GATEWAY.format(program=program.strip())], check=True)


def test_data_plane_reads_the_control_plane_without_boto3() -> None:
    program = (
        "import sys, localcloud.dataplane.__main__\n"
        "from localcloud.dataplane.readers.clients import Clients\n"
        "assert Clients('http://127.0.0.1:9', 'secret').get('s3').meta.region_name == 'us-east-1'\n"
        "assert 'botocore' in sys.modules and 'boto3' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
