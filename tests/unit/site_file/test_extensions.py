"""The site file's sections of the extensions: what is accepted, and what each refusal says."""

from pathlib import Path

import pytest

from constructs_lib.errors import ConfigError
from constructs_lib.site_file.loader import load_site_file
from constructs_lib.site_file.models import SiteFile

ROOT = Path(__file__).parents[3]
GOOD = (ROOT / "config" / "demo.toml").read_text(encoding="utf-8")
API = "[features]\napi = true\n"
DB = "[features]\ndatabase = true\n"
NETWORK = f'{DB}[database.network.eu-central-1]\nvpc_id = "vpc-01234567"\n'


def load(tmp_path: Path, addition: str, *, base: str = GOOD) -> SiteFile:
    path = tmp_path / "site.toml"
    path.write_text(f"{base}\n{addition}\n", encoding="utf-8")
    return load_site_file(path)


# (what is added to the good file, the key named, a part of what is allowed, a part of what to do)
REFUSED = [
    ("[api]\ntracing = true", "api is a table without features.api", "features.api = true", "remove [api]"),
    (f'{API}[api]\nhostname = "https://x"', "api.hostname", "api.example.com", "without scheme"),
    (f'{API}[api]\nhostname = "api.other.test"', "api.hostname", "a name below", "inside the hosted zone"),
    (f'{API}[api]\nhostname = "HOSTNAME"', "api.hostname", "other than the website's", "the website has"),
    (f'{API}[api]\nhostname = "eu-central-1.HOSTNAME"', "api.hostname", "the website's", "has eu-central-1.www"),
    (f'{API}[api]\nhostname = "{"a" * 60}.DOMAIN"', "api.hostname", "64 characters", "shorten it"),
    (f'{API}[api]\njwt_issuer = "http://x.test"\njwt_audiences = ["a"]', "api.jwt_issuer", "https URL", "`iss`"),
    (f'{API}[api]\njwt_issuer = "https://x.test"', "api.jwt_audiences is missing", "together", "add jwt_audiences"),
    (f'{API}[api]\njwt_audiences = ["a"]', "api.jwt_issuer is missing", "together", "add jwt_issuer"),
    (f'{API}[api]\njwt_issuer = "https://x.test"\njwt_audiences = [""]', "api.jwt_audiences", "none empty", ""),
    (f'{API}[api]\npolicy = "multivalue"', "api.policy", '"latency"', ""),
    (f'{API}[api]\npolicy = "weighted"', 'api.policy is "weighted"', '"failover" or "latency"', "routing.policy"),
    (f"{API}[api]\nwrite_ratio = 2", "api.write_ratio", "to 1", ""),
    (
        "[database]\nmulti_az = true",
        "database is a table without features.database",
        "database = true",
        "remove [database]",
    ),
    (f'{DB}[database]\nwriter_region = "eu-west-3"', "database.writer_region", "eu-central-1", "add the region"),
    (f'{DB}[database]\nwriter_region = "moon"', "database.writer_region", "an AWS region", ""),
    (f'{DB}[database]\ninstance_class = "db.x1.32xlarge"', "database.instance_class", "db.t4g.micro", ""),
    (
        f"{DB}[database]\nstorage_gigabytes = 100",
        "database.storage_limit_gigabytes is 100",
        "a tenth above",
        "raise it",
    ),
    (f"{DB}[database]\nbackup_retention_days = 0", "database.backup_retention_days", "from 1 to 35", ""),
    (
        f'{DB}[database.network.eu-west-3]\nvpc_id = "vpc-01234567"\nsubnet_ids = ["subnet-1", "subnet-2"]',
        "database.network.eu-west-3",
        "eu-central-1",
        "correct the region's name",
    ),
    (
        f'{NETWORK}subnet_ids = ["subnet-1"]',
        "database.network.eu-central-1.subnet_ids",
        "two or more",
        "two availability zones",
    ),
    (f"{NETWORK}", "database.network.eu-central-1.subnet_ids is missing", "two or more", "add subnet_ids"),
    (
        f'{NETWORK}subnet_ids = ["subnet-1", "subnet-2"]\nclient_security_group_ids = ["0.0.0.0/0"]',
        "client_security_group_ids",
        "security groups",
        "",
    ),
]


@pytest.mark.parametrize(("addition", "key", "allowed", "remedy"), REFUSED)
def test_addition_is_refused_by_name(tmp_path: Path, addition: str, key: str, allowed: str, remedy: str) -> None:
    site = load(tmp_path, "").site
    addition = addition.replace("HOSTNAME", site.hostname).replace("DOMAIN", site.domain_name)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, addition)
    message = str(caught.value)
    assert key in message
    assert allowed in message
    assert remedy in message


@pytest.mark.parametrize("key", ["project", "environment"])
def test_database_refuses_names_that_rds_refuses(tmp_path: Path, key: str) -> None:
    lines = [f'{key} = "a--b"' if line.startswith(f"{key} = ") else line for line in GOOD.splitlines()]
    base = "\n".join(lines)
    assert base != GOOD
    load(tmp_path, "", base=base)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, DB, base=base)
    (problem,) = caught.value.problems
    assert (problem.key, problem.value) == (f"site.{key}", '"a--b"')
    assert "two hyphens in a row" in problem.allowed


def test_all_problems_are_in_one_report(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f'{API}[api]\nhostname = "api.other.test"\njwt_audiences = ["a"]\npolicy = "weighted"')
    assert {problem.key for problem in caught.value.problems} == {"api.hostname", "api.jwt_issuer", "api.policy"}


@pytest.mark.parametrize("example", ["multivalue.example", "geoproximity.example"])
def test_policy_that_does_not_fit_the_regions_is_refused(tmp_path: Path, example: str) -> None:
    """multivalue takes no alias; failover has two roles, and the second example three regions."""
    base = (ROOT / "config" / f"{example}.toml").read_text(encoding="utf-8")
    policy = "" if example.startswith("multivalue") else '[api]\npolicy = "failover"'
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f"{API}{policy}", base=base)
    assert [problem.key for problem in caught.value.problems] == ["api.policy"]


def test_geolocation_of_the_api_needs_its_default_in_a_region(tmp_path: Path) -> None:
    """An external endpoint that takes the rest of the world does not serve the API."""
    base = (ROOT / "config" / "geolocation.example.toml").read_text(encoding="utf-8")
    assert base.count("is_default_location = true") == 1
    moved = base.replace("is_default_location = true", 'continents = ["AF"]').replace('"cloudfront"', '"regional"')
    moved = f'{moved}\n[health_check]\nregion_check_protocol = "https"\n'
    endpoint = '[[endpoint]]\nname = "rest"\nipv4_address = "203.0.113.9"\nipv6_address = "2001:db8::9"\n'
    endpoint += "is_default_location = true\n"
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f"{endpoint}\n{API}", base=moved)
    (problem,) = caught.value.problems
    assert problem.key == "api.policy"
    assert '"latency"' in problem.allowed
    assert "is_default_location on a region" in problem.remedy
    load(tmp_path, f'{endpoint}\n{API}[api]\npolicy = "latency"', base=moved)
