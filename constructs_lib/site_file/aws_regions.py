"""Region names that a site file may use.

Source: the `aws` partition of botocore 1.44's endpoint data (`boto3.Session().get_available_regions("s3")`);
tests/unit/site_file/test_site_file.py compares the two. Left out is what the oldest provider that we allow does not know.
The health checker regions are the API's own enumeration:
https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
"""

REGIONS: tuple[str, ...] = (
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
)

# Terraform's AWS provider 5.100.0 ends a plan with "invalid AWS Region" there. It accepts all of REGIONS, one by one.
UNKNOWN_TO_PROVIDER: tuple[str, ...] = ("ap-southeast-6",)
# The S3 backend of Terraform 1.11.4 ends `terraform init` with "Invalid AWS Region" there, and with no other of REGIONS.
UNKNOWN_TO_STATE_BACKEND: tuple[str, ...] = ("ap-east-2",)

HEALTH_CHECKER_REGIONS: tuple[str, ...] = (
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "sa-east-1",
)
