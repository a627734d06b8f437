"""ACM: requests, validation, GetCertificate and ImportCertificate."""

from typing import Any

import pytest
import trustme
from cryptography import x509

from tests.conformance.cloud import Cloud, record, refused
from tests.documented import documented


def requested(cloud: Cloud, *names: str, region: str = "us-east-1") -> str:
    acm = cloud.aws("acm", region)
    settings = {"DomainName": names[0], "SubjectAlternativeNames": list(names), "ValidationMethod": "DNS"}
    return str(acm.request_certificate(**settings)["CertificateArn"])


def described(cloud: Cloud, arn: str) -> Any:
    return cloud.aws("acm", arn.split(":")[3]).describe_certificate(CertificateArn=arn)["Certificate"]


def issued(cloud: Cloud, *labels: str, region: str = "us-east-1") -> tuple[str, str]:
    """Requests and validates a certificate for names of a new zone; returns its ARN and the zone's name."""
    zone_id, name = cloud.zone()
    arn = requested(cloud, *(f"{label}.{name}" for label in labels), region=region)
    for option in described(cloud, arn)["DomainValidationOptions"]:
        wanted = option["ResourceRecord"]
        cloud.change(zone_id, record(wanted["Name"], wanted["Type"], wanted["Value"]))
    cloud.until(lambda: described(cloud, arn)["Status"] == "ISSUED")
    return arn, name


@documented("ACM/dns-validation", "A certificate is pending until its validation records are there.")
def test_certificate_waits_for_its_records(cloud: Cloud) -> None:
    assert described(cloud, requested(cloud, "www.example.test"))["Status"] == "PENDING_VALIDATION"


@documented("ACM/dns-validation", "A certificate is issued when its CNAME records are in the zone.")
def test_certificate_is_issued(cloud: Cloud) -> None:
    arn, name = issued(cloud, "www", "api")
    assert set(described(cloud, arn)["SubjectAlternativeNames"]) == {f"www.{name}", f"api.{name}"}


@documented("ACM/dns-validation", "One CNAME validates a name in every region.")
def test_one_record_validates_in_every_region(cloud: Cloud) -> None:
    arn, name = issued(cloud, "www")
    other = requested(cloud, f"www.{name}", region="eu-central-1")
    first, second = (described(cloud, each)["DomainValidationOptions"][0]["ResourceRecord"] for each in (arn, other))
    assert first == second
    cloud.until(lambda: described(cloud, other)["Status"] == "ISSUED")


@documented("ACM/setup-caa", "A CAA record that names no Amazon authority forbids the certificate.")
def test_caa_forbids_the_certificate(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    cloud.change(zone_id, record(name, "CAA", '0 issue "other.example"'))
    arn = requested(cloud, f"www.{name}")
    wanted = described(cloud, arn)["DomainValidationOptions"][0]["ResourceRecord"]
    cloud.change(zone_id, record(wanted["Name"], wanted["Type"], wanted["Value"]))
    cloud.until(lambda: described(cloud, arn)["Status"] == "FAILED")
    assert described(cloud, arn)["FailureReason"] == "CAA_ERROR"


@documented("ACMAPI/API_GetCertificate", "GetCertificate gives an issued certificate with its chain.")
def test_issued_certificate_can_be_read(cloud: Cloud) -> None:
    arn, name = issued(cloud, "www")
    found = cloud.aws("acm").get_certificate(CertificateArn=arn)
    certificate = x509.load_pem_x509_certificate(found["Certificate"].encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [f"www.{name}"]
    issuer = x509.load_pem_x509_certificate(found["CertificateChain"].encode())
    certificate.verify_directly_issued_by(issuer)
    assert cloud.aws("acm").get_certificate(CertificateArn=arn)["Certificate"] == found["Certificate"]


@documented(
    "ACMAPI/API_GetCertificate", "GetCertificate of a pending certificate is refused: RequestInProgressException."
)
def test_pending_certificate_cannot_be_read(cloud: Cloud) -> None:
    arn = requested(cloud, "www.example.test")
    refused("RequestInProgressException", cloud.aws("acm").get_certificate, CertificateArn=arn)


def pair(*names: str) -> tuple[bytes, bytes, bytes]:
    """Returns certificate, key and chain."""
    authority = trustme.CA()
    made = authority.issue_cert(*names)
    return made.cert_chain_pems[0].bytes(), made.private_key_pem.bytes(), authority.cert_pem.bytes()


@documented("ACMAPI/API_ImportCertificate", "An imported certificate is issued at once, of type IMPORTED.")
def test_certificate_is_imported(cloud: Cloud) -> None:
    certificate, key, chain = pair("own.example.test", "*.example.test")
    acm = cloud.aws("acm")
    arn = acm.import_certificate(Certificate=certificate, PrivateKey=key, CertificateChain=chain)["CertificateArn"]
    found = described(cloud, arn)
    assert (found["Status"], found["Type"], found["RenewalEligibility"]) == ("ISSUED", "IMPORTED", "INELIGIBLE")
    assert set(found["SubjectAlternativeNames"]) == {"own.example.test", "*.example.test"}
    read = acm.get_certificate(CertificateArn=arn)
    assert (read["Certificate"].encode(), read["CertificateChain"].encode()) == (certificate, chain)


@documented("ACMAPI/API_ImportCertificate", "An imported certificate is replaced under its ARN.")
def test_imported_certificate_is_replaced(cloud: Cloud) -> None:
    acm = cloud.aws("acm")
    (first, key, _), (second, other_key, _) = pair("a.example.test"), pair("b.example.test")
    arn = acm.import_certificate(Certificate=first, PrivateKey=key)["CertificateArn"]
    again = acm.import_certificate(CertificateArn=arn, Certificate=second, PrivateKey=other_key)
    assert again["CertificateArn"] == arn
    assert described(cloud, arn)["SubjectAlternativeNames"] == ["b.example.test"]


@documented("ACM/import-certificate-prerequisites", "A certificate is imported with its own private key.")
def test_import_rejects_another_key(cloud: Cloud) -> None:
    (certificate, _, _), (_, key, _) = pair("a.example.test"), pair("b.example.test")
    call = cloud.aws("acm").import_certificate
    refused("ValidationException", call, Certificate=certificate, PrivateKey=key)


@documented("ACM/import-certificate-prerequisites", "An imported certificate is PEM.")
def test_import_rejects_what_is_not_pem(cloud: Cloud) -> None:
    call = cloud.aws("acm").import_certificate
    refused("ValidationException", call, Certificate=b"not a certificate", PrivateKey=b"no key")


@documented("ACMAPI/API_DescribeCertificate", "A certificate that is not there is ResourceNotFoundException.")
@pytest.mark.parametrize("operation", ["describe_certificate", "get_certificate", "delete_certificate"])
def test_absent_certificate_is_not_found(cloud: Cloud, operation: str) -> None:
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
    refused("ResourceNotFoundException", getattr(cloud.aws("acm"), operation), CertificateArn=arn)


@documented("R53API/API_CreateQueryLoggingConfig", "The log group's ARN is taken as DescribeLogGroups gives it.")
def test_query_log_takes_the_arn_of_describe_log_groups(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    logs = cloud.aws("logs")
    logs.create_log_group(logGroupName=f"/aws/route53/{name}")
    arn = logs.describe_log_groups(logGroupNamePrefix=f"/aws/route53/{name}")["logGroups"][0]["arn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "route53.amazonaws.com"},
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": arn,
    }
    logs.put_resource_policy(policyName=name, policyDocument=_json({"Version": "2012-10-17", "Statement": [statement]}))
    route53 = cloud.aws("route53")
    made = route53.create_query_logging_config(HostedZoneId=zone_id, CloudWatchLogsLogGroupArn=arn)
    assert made["QueryLoggingConfig"]["CloudWatchLogsLogGroupArn"] == arn


def _json(document: Any) -> str:
    import json

    return json.dumps(document)
