"""`[accounts]`: which roles are wanted, and what several accounts rule out."""

from pathlib import Path

import pytest

from constructs_lib.errors import ConfigError
from constructs_lib.site_file.loader import load_site_file
from constructs_lib.site_file.models import SiteFile

ROOT = Path(__file__).parents[3]
GOOD = (ROOT / "config" / "accounts.example.toml").read_text(encoding="utf-8")
ZONE, FIRST, SECOND = (f"arn:aws:iam::{digit * 12}:role/site-deploy" for digit in "123")


def load(tmp_path: Path, *replacements: tuple[str, str]) -> SiteFile:
    text = GOOD
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    return load_site_file(path)


def feature(name: str) -> tuple[str, str]:
    return "multi_account = true", f"multi_account = true\n{name} = true"


TO_US_EAST_1 = (
    ('name = "eu-west-1"', 'name = "us-east-1"'),
    ("[accounts.region.eu-west-1]", "[accounts.region.us-east-1]"),
)
GITHUB = '[github]\nsubjects = ["repo:org/site", "repo:org@1/site@2"]\n\n[objectives]'
REGIONS = '"eu-central-1", "eu-west-1", "eu-north-1"'
RESIDENCY = f"[residency]\nallowed_regions = [{REGIONS}]\n\n[objectives]"
REGIONAL = '[routing]\nentry = "regional"\n\n[health_check]\nregion_check_protocol = "https"\nalarm_check = true\n\n[objectives]'

# (what is replaced in the example, the key named, a part of what is allowed, a part of what to do)
REFUSED = [
    ([("multi_account = true", "")], "accounts is a table without features.multi_account", "multi_account = true", ""),
    (
        [(f'role_arn = "{ZONE}"', ""), ("[accounts.zone]", "")],
        "accounts.zone is missing",
        "role_arn",
        "[accounts.zone]",
    ),
    ([("[accounts.region.eu-west-1]", "[accounts.region.eu-west-2]")], "accounts.region.eu-west-1 is missing", "", ""),
    (
        [("[accounts.region.eu-west-1]", "[accounts.region.eu-west-2]")],
        "accounts.region.eu-west-2",
        "eu-west-1",
        "remove it",
    ),
    ([(FIRST, "arn:aws:iam::1:role/x")], "accounts.region.eu-central-1.role_arn", "the ARN of a role", ""),
    ([(f'"{FIRST}"', f'"{FIRST}"\nsession = "x"')], "accounts.region.eu-central-1.session", "external_id", ""),
    ([(SECOND, FIRST)], "accounts.region.eu-west-1", "no other region has", "both regions"),
    (TO_US_EAST_1, "accounts.region.us-east-1", ZONE, "the same role"),
    (
        [("111111111111:role/site-publish", "222222222222:role/site-publish")],
        "accounts.publisher_arns",
        "111111111111",
        "",
    ),
    ([("role/site-publish", "role/*")], "accounts.publisher_arns", "ARNs of roles or users", "without wildcards"),
    ([("[objectives]", GITHUB)], "github.subjects", "without features.multi_account", "boundary"),
    ([feature("audit")], "features.audit", "one account", "organisation's trail"),
    ([feature("api")], "features.api", "one account", "replicas"),
    ([feature("database")], "features.database", "one account", "same account"),
    ([feature("parity")], "features.parity", "one account", "bucket"),
    ([("[objectives]", REGIONAL)], "health_check.alarm_check", "one account", "own account alone"),
    ([("[objectives]", RESIDENCY)], "residency.allowed_regions", "one account", "allow us-east-1"),
]


@pytest.mark.parametrize(("replacements", "key", "allowed", "remedy"), REFUSED)
def test_change_is_refused_by_name(
    tmp_path: Path, replacements: list[tuple[str, str]], key: str, allowed: str, remedy: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, *replacements)
    message = str(caught.value)
    assert key in message
    assert allowed in message
    assert remedy in message


@pytest.mark.parametrize("name", ["api", "audit", "parity"])
def test_roles_of_one_account_rule_out_nothing(tmp_path: Path, name: str) -> None:
    site = load(tmp_path, (FIRST, ZONE), (SECOND, ZONE), feature(name))
    assert getattr(site.features, name)


def test_us_east_1_is_the_zones(tmp_path: Path) -> None:
    site = load(tmp_path)
    assert site.account_of("us-east-1") == site.accounts.zone
    assert site.is_of_zone_account("us-east-1")
    assert not site.is_of_zone_account("eu-central-1")


def test_site_without_accounts_takes_no_role() -> None:
    site = load_site_file(ROOT / "config" / "demo.toml")
    assert site.account_of("eu-central-1") is None
    assert site.is_of_zone_account("eu-central-1")
