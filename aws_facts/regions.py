"""Regions of AWS that every account may use at once; the others are off in an account until they are enabled."""

ENABLED_BY_DEFAULT = frozenset(
    {
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    }
)
"""Those of before 2019-03-20; every later one is opt-in.

https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
"""


def needs_opt_in(region: str) -> bool:
    """Returns whether a region is off in an account until somebody enables it."""
    return region not in ENABLED_BY_DEFAULT
