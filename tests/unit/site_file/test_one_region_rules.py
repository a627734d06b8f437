"""A site file with one region: what it may have, and what each refusal says."""

from pathlib import Path

import pytest

from constructs_lib.errors import ConfigError
from constructs_lib.site_file.loader import load_site_file
from constructs_lib.site_file.models import SiteFile
from constructs_lib.site_file.rules.one_region import BETWEEN_REGIONS

SITE = """
[site]
domain_name = "example.com"
hostname = "www.example.com"
environment = "test"
project = "failover-site"
certificate = "wildcard"
[[region]]
name = "eu-central-1"
role = "primary"
[health_check]
region_check_protocol = "https"
[state]
backend = "local"
"""
SECOND = '[[region]]\nname = "us-east-1"\nrole = "secondary"\n'


def load(tmp_path: Path, text: str) -> SiteFile:
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    return load_site_file(path)


@pytest.mark.parametrize("features", ["", "kms = true", "waf = true", 'prober = ["eu-west-1"]', "access_logs = true"])
def test_one_region_takes_what_needs_no_other(tmp_path: Path, features: str) -> None:
    site = load(tmp_path, f"{SITE}[features]\n{features}\n")
    assert site.has_one_region
    assert site.secondary is site.primary


# (what is changed, by what, the key named, a part of the value, of what is allowed or of what to do)
REFUSED = [
    ('certificate = "wildcard"', "", "site.certificate", 'add certificate = "wildcard" to [site]'),
    ('role = "primary"', 'role = "secondary"', "region", 'add one [[region]] with role = "primary"'),
    ("[health_check]", '[routing]\nentry = "regional"\n[health_check]', "routing.entry", 'use entry = "cloudfront"'),
    (
        'role = "primary"',
        'role = "primary"\nweight = 1\n[routing]\npolicy = "weighted"',
        "routing.policy",
        'use policy = "failover"',
    ),
    (
        "[state]",
        '[[endpoint]]\nname = "exit"\nipv4_address = "203.0.113.1"\nipv6_address = "2001:db8::1"\n[state]',
        "endpoint",
        "or add the second [[region]]",
    ),
    *(
        ("[state]", f"[features]\n{name} = true\n[state]", f"features.{name}", f"or add the second [[region]]: it {what}")
        for name, what in BETWEEN_REGIONS.items()
    ),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "key", "said"), REFUSED)
def test_what_needs_two_regions_is_refused_with_one(tmp_path: Path, old: str, new: str, key: str, said: str) -> None:
    assert old in SITE
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, SITE.replace(old, new))
    assert key in [problem.key for problem in refused.value.problems]
    assert said in str(refused.value)


@pytest.mark.parametrize("name", BETWEEN_REGIONS)
def test_second_region_allows_it(tmp_path: Path, name: str) -> None:
    assert getattr(load(tmp_path, f"{SITE}{SECOND}[features]\n{name} = true\n").features, name)


def test_wildcard_leaves_room_for_a_regions_name_where_that_is_on_a_certificate_of_its_own(tmp_path: Path) -> None:
    """Without CloudFront the regional names are on a second certificate, and the first of them is its common name."""
    hostname = f"{'w' * 42}.example.com"
    text = f"{SITE}{SECOND}".replace("www.example.com", hostname)
    assert load(tmp_path, text).site.hostname == hostname
    with pytest.raises(ConfigError, match='with certificate = "wildcard"'):
        load(tmp_path, f'{text}[routing]\nentry = "regional"\n')
