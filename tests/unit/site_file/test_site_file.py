"""The site file: what is accepted, and what each refusal says."""

import re
from pathlib import Path

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.errors import ConfigError
from constructs_lib.site_file.aws_regions import HEALTH_CHECKER_REGIONS, REGIONS, UNKNOWN_TO_PROVIDER
from constructs_lib.site_file.loader import load_site_file
from constructs_lib.site_file.models import StateBackend
from tests.worlds.site_file_reports import GOOD, ROOT, load, report


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "config").glob("*.toml")))
def test_examples_are_accepted(name: str) -> None:
    site = load_site_file(ROOT / "config" / f"{name}.toml")
    assert (site.primary.name == site.secondary.name) is site.has_one_region


def test_models_are_frozen(tmp_path: Path) -> None:
    site = load(tmp_path, GOOD)
    with pytest.raises(ValueError, match="frozen"):
        site.site.hostname = "other.example.test"  # type: ignore[misc]


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no\.toml.*No such file"):
        load_site_file(tmp_path / "no.toml")


def test_folder_in_place_of_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="directory"):
        load_site_file(tmp_path)


def test_malformed_toml_is_named_with_its_line(tmp_path: Path) -> None:
    assert "line 2" in report(tmp_path, "[site]\ndomain_name = example.test\n")


def test_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not TOML"):
        load_site_file(path)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("file/site.toml", "Not a directory"),
        ("a\0b", r"a\\x00b' \(embedded null byte"),
        ("n" * 5000, "File name too long"),
        ("loop", "Too many levels of symbolic links"),
    ],
)
def test_path_that_cannot_be_read_is_a_problem(tmp_path: Path, path: str, reason: str) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ConfigError, match=reason) as caught:
        load_site_file(tmp_path / path)
    assert "\0" not in str(caught.value)
    assert len(str(caught.value)) < 1500


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"rto_seconds = {'9' * 5000}", "too many digits"),
        (f"rto_seconds = 0x{'f' * 5000}", "objectives.rto_seconds is too large"),
        (f"rto_seconds = '{'9' * 5000}'", 'objectives.rto_seconds is "999'),
        (f"rto = 0x{'f' * 5000}", "an unknown key (= too large"),
        (f"rto_seconds = {'[' * 3000}{']' * 3000}", "nested too deeply"),
        (f"rto_seconds = {'[' * 3000}", "not TOML"),
        (f"rto_seconds{'.a' * 3000} = 1", "objectives.rto_seconds is too large"),
        (f"{'a' * 5000} = 1", "objectives.aaa"),
    ],
)
def test_huge_value_is_a_short_problem(tmp_path: Path, text: str, reason: str) -> None:
    message = report(tmp_path, GOOD.replace("rto_seconds = 120", text))
    assert reason in message
    assert len(message) < 1000


def test_unknown_tables_are_named_in_the_order_of_the_file(tmp_path: Path) -> None:
    names = ["zebra", "apple", "mango", "kiwi", "banana"]
    message = report(tmp_path, GOOD + "".join(f"\n[{name}]\nx = 1\n" for name in names))
    assert re.findall(r"(\w+) is an unknown key", message) == names


# (what stands in the good file, what replaces it, the key named, a part of what is allowed or to do)
REFUSED = [
    (
        'hostname = "www.example.test"',
        'hostname = "www.example.org"',
        "site.hostname",
        "site.domain_name or a name below it",
    ),
    ('hostname = "www.example.test"', 'hostname = "https://www.example.test"', "site.hostname", "without scheme"),
    ('hostname = "www.example.test"', 'hostname = "notexample.test"', "site.hostname", "a name below"),
    ('hostname = "www.example.test"', f'hostname = "{"w" * 52}.example.test"', "site.hostname", "64 characters"),
    ('hostname = "www.example.test"', f'hostname = "{"w" * 52}.example.test"', "site.hostname", "common name"),
    ('hostname = "www.example.test"', 'hostname = "www.example.test\\n"', "site.hostname", "control characters"),
    ('hostname = "www.example.test"', "", "site.hostname is missing", "lower case such as www.example.com"),
    ('domain_name = "example.test"', 'domain_name = "example.test\\n"', "site.domain_name", "control characters"),
    ('domain_name = "example.test"', 'domain_name = "10.0.0.1"', "site.domain_name", "lower case"),
    ('domain_name = "example.test"', 'domain_name = "example.0"', "site.domain_name", "lower case"),
    ('domain_name = "example.test"', "", "site.domain_name is missing", "lower case such as example.com"),
    ('domain_name = "example.test"', "domain_name = 5", "site.domain_name is 5", "lower case such as example.com"),
    ('domain_name = "example.test"', 'domain_name = "Example.test"', "site.domain_name", "lower case"),
    ('domain_name = "example.test"', "", "site.domain_name is missing", "add domain_name"),
    ('project = "failover-site"', 'project = "UPPER"', "site.project", "2 to 20 of a-z"),
    ('project = "failover-site"', 'project = "failover-site\\n"', "site.project", "2 to 20 of a-z"),
    ('project = "failover-site"', 'project = "xn--site"', "site.project", "reserves xn--"),
    ('project = "failover-site"', 'project = "sthree"', "site.project", "reserves sthree-"),
    ('project = "failover-site"', 'project = "sthree-configurator"', "site.project", "reserves sthree-"),
    ('project = "failover-site"', 'project = "amzn-s3-demo-site"', "site.project", "reserves amzn-s3-demo-"),
    ('project = "failover-site"', 'project = "amzn-s3"', "site.project", "reserves amzn-s3-demo-"),
    ('environment = "demo"', "environment = 5", "site.environment is 5", "2 to 12 of a-z"),
    ('environment = "demo"', 'environment = "demo"\nhosted_zone_id = "nope"', "site.hosted_zone_id", "hosted zone id"),
    ('environment = "demo"', 'environment = "demo"\nenviroment = "x"', "site.enviroment", "did you mean 'environment'"),
    ('name = "us-east-1"', 'name = "us-esat-1"', "region[1].name", "us-east-1 or"),
    ('name = "us-east-1"', 'name = "ap-southeast-6"', "region[1].name", "provider 5.100.0 does not know"),
    ('name = "us-east-1"', "", "region[1].name is missing", "an AWS region: af-south-1"),
    ('name = "us-east-1"', 'name = "eu-central-1"', "region[1].name", "no other [[region]]"),
    ('role = "secondary"', 'role = "standby"', "region[1].role", '"primary" or "secondary"'),
    ('role = "secondary"', 'role = "primary"', "2 primary regions", 'role = "secondary"'),
    (
        "[health_check]",
        "[dns]\nnegative_ttl_seconds = 0\n[health_check]",
        "dns.negative_ttl_seconds is 0",
        "1 to 10800",
    ),
    (
        "[site]",
        '[features]\naccelerated_recovery = true\n[site]\nhosted_zone_id = "Z0123456789ABCDEFGHIJ"',
        "features.accelerated_recovery",
        "update-hosted-zone-features",
    ),
    ("[health_check]", "[dns]\nnegative_ttl_seconds = 86400\n[health_check]", "negative_ttl_seconds", "1 to 10800"),
    ("request_interval_seconds = 10", "request_interval_seconds = 20", "request_interval_seconds is 20", "10 or 30"),
    ("request_interval_seconds = 10", 'request_interval_seconds = "10"', "request_interval_seconds", "a whole number"),
    ("failure_threshold = 3", "failure_threshold = 0", "failure_threshold is 0", "from 1 to 10"),
    ("failure_threshold = 3", "failure_threshold = 11", "failure_threshold is 11", "from 1 to 10"),
    ("failure_threshold = 3", "failure_threshold = true", "failure_threshold is true", "a whole number"),
    ("failure_threshold = 3", 'checker_regions = ["us-east-1"]', "checker_regions", "three or more"),
    (
        "failure_threshold = 3",
        'checker_regions = ["us-east-1", "eu-west-1", "eu-central-1"]',
        "checker_regions",
        "Route 53",
    ),
    ("failure_threshold = 3", "checker_regions = [1, 2, 3]", "checker_regions[0] is 1", "of us-east-1, us-west-1"),
    ("failure_threshold = 3", 'checker_regions = "us-east-1"', "checker_regions", "of us-east-1, us-west-1"),
    ("rto_seconds = 120", "rto_seconds = 0", "objectives.rto_seconds", "from 1"),
    ("rto_seconds = 120", "rto = 120", "objectives.rto", "did you mean 'rto_seconds'"),
    ('backend = "local"', 'backend = "s3"', "state is", "name the state bucket"),
    ('backend = "local"', 'backend = "local"\nbucket = "abc"', "state is", "remove bucket"),
    ('backend = "local"', 'backend = "s3"\nbucket = "abc"\nregion = "us-east-1"', "state.region", "third region"),
    ('backend = "local"', 'backend = "local"\nreplica_region = "eu-west-1"', "state is", "remove bucket"),
    (
        'backend = "local"',
        'backend = "s3"\nbucket = "abc"\nregion = "eu-west-1"\nreplica_region = "eu-west-1"',
        "state is",
        "other than region",
    ),
    ('backend = "local"', 'backend = "s3"\nbucket = "xn--a"', "state.bucket", "does not start with xn--"),
    ('backend = "local"', 'backend = "s3"\nbucket = "a--x-s3"', "state.bucket", "does not end with -s3alias"),
    ('backend = "local"', 'backend = "s3"\nregion = "ap-east-2"', "state.region", "S3 backend of Terraform 1.11"),
    ('backend = "local"', 'backend = "s3"\nregion = 1', "state.region", "an AWS region: af-south-1"),
    ('backend = "local"', 'backend = "gcs"', "state.backend", '"s3" or "local"'),
    ("[state]", '[routing]\npolicy = "multivalue"\n[state]', "routing.policy", "no alias in a multivalue answer"),
    ("[state]", '[routing]\npolicy = "random"\n[state]', "routing.policy", '"failover" or "weighted"'),
    (
        "[state]",
        '[routing]\nentry = "regional"\nprice_class = "PriceClass_100"\n[state]',
        "routing.price_class",
        "no distribution is made",
    ),
    (
        "failure_threshold = 3",
        'failure_threshold = 3\ninsufficient_data_health_status = "LastKnownStatus"',
        "health_check.insufficient_data_health_status",
        "set alarm_check = true",
    ),
    ("[state]", '[routing]\nentry = "lambda"\n[state]', "routing.entry", '"cloudfront" or "regional"'),
    ("[state]", "[stat]\nx = 1\n[state]", "stat is an unknown key", "did you mean 'state'"),
    ("[state]", "[state]\nlock = true", "state.lock", "unknown key"),
]


@pytest.mark.parametrize(("found", "replacement", "key", "text"), REFUSED)
def test_site_file_rejects(tmp_path: Path, found: str, replacement: str, key: str, text: str) -> None:
    assert found in GOOD
    message = report(tmp_path, GOOD.replace(found, replacement))
    assert key in message
    assert text in message
    assert "to do:" in message


def test_site_file_rejects_a_table_that_is_a_value(tmp_path: Path) -> None:
    head, _, tail = GOOD.partition("[objectives]")
    assert "objectives is 5" in report(
        tmp_path, "objectives = 5\n" + head + tail.partition("[state]")[1] + tail.partition("[state]")[2]
    )


def test_site_file_rejects_regions_that_are_not_tables(tmp_path: Path) -> None:
    text = 'region = ["eu-central-1", "us-east-1"]\n' + GOOD.replace("[[region]]", "[[other]]")
    assert "tables [[region]], each with name and role: two" in report(tmp_path, text)


def test_all_problems_are_in_one_report(tmp_path: Path) -> None:
    text = GOOD.replace('name = "us-east-1"', 'name = "mars-1"').replace("= 10 #", "= 20 #").replace("= 120", "= -1")
    message = report(tmp_path, text.replace("www.example.test", "www.example.org"))
    assert "4 problems" in message
    for key in ("region[1].name", "request_interval_seconds", "objectives.rto_seconds", "site.hostname"):
        assert key in message


def test_state_bucket_in_a_third_region_is_accepted(tmp_path: Path) -> None:
    text = GOOD.replace('backend = "local"', 'backend = "s3"\nbucket = "state-bucket"\nregion = "eu-west-1"')
    assert load(tmp_path, text).state.backend is StateBackend.S3


def test_zone_apex_is_accepted(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD.replace("www.example.test", "example.test")).site.hostname == "example.test"


def test_hostname_of_64_characters_is_accepted(tmp_path: Path) -> None:
    longest = f"{'w' * 51}.example.test"
    assert load(tmp_path, GOOD.replace("www.example.test", longest)).site.hostname == longest


def test_region_names_are_those_that_sdk_and_provider_know() -> None:
    assert {*REGIONS, *UNKNOWN_TO_PROVIDER} == set(boto3.Session().get_available_regions("s3"))
    assert not set(REGIONS) & set(UNKNOWN_TO_PROVIDER)


def test_checker_regions_are_those_of_the_api() -> None:
    model = boto3.client("route53", region_name="us-east-1").meta.service_model
    assert set(HEALTH_CHECKER_REGIONS) == set(model.shape_for("HealthCheckRegion").enum)  # type: ignore[attr-defined]


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters='"\\'), max_size=80))
def test_any_hostname_is_accepted_below_the_domain_or_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    folder = tmp_path_factory.mktemp("site")
    try:
        site = load(folder, GOOD.replace("www.example.test", name))
    except ConfigError as error:
        assert "site.hostname" in str(error) or "not TOML" in str(error)
    else:
        assert f".{site.site.hostname}".endswith(".example.test")
