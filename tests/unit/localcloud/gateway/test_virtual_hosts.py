"""A bucket in the host becomes one in the path, and nothing else does."""

import pytest

from localcloud.gateway.s3.virtual_hosts import to_path_style

S3 = "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/s3/aws4_request"
STORE = "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/cloudfront-keyvaluestore/aws4_request"


@pytest.mark.parametrize(
    ("host", "target", "authorization", "expected"),
    [
        ("example.com.127.0.0.1:4566", "/", S3, ("127.0.0.1:4566", "/example.com/")),
        ("example.com.127.0.0.1:4566", "/a%20b?x=1", S3, ("127.0.0.1:4566", "/example.com/a%20b?x=1")),
        ("p", "http://example.com.127.0.0.1:4566/", "", ("127.0.0.1:4566", "/example.com/")),
        ("127.0.0.1:4566", "/bucket/key", S3, ("127.0.0.1:4566", "/bucket/key")),
        (
            "123456789012.127.0.0.1:4566",
            "/key-value-stores/x",
            S3,
            ("123456789012.127.0.0.1:4566", "/key-value-stores/x"),
        ),
        ("a.127.0.0.1:4566", "/key-value-stores/x", STORE, ("a.127.0.0.1:4566", "/key-value-stores/x")),
        ("evil.example.com", "/", S3, ("evil.example.com", "/")),
    ],
)
def test_bucket_moves_from_the_host_to_the_path(
    host: str, target: str, authorization: str, expected: tuple[str, str]
) -> None:
    environ = {"HTTP_HOST": host, "REQUEST_URI": target, "PATH_INFO": "/", "HTTP_AUTHORIZATION": authorization}
    to_path_style(environ)
    assert (environ["HTTP_HOST"], environ["REQUEST_URI"]) == expected


def test_global_endpoint_is_us_east_1() -> None:
    signature = S3.replace("us-east-1", "aws-global")
    environ = {"HTTP_HOST": "a.b.127.0.0.1:1", "REQUEST_URI": "/", "PATH_INFO": "/", "HTTP_AUTHORIZATION": signature}
    to_path_style(environ)
    assert environ["HTTP_AUTHORIZATION"] == S3
