"""The site file's sections about security: what is accepted, and what each refusal says."""

from pathlib import Path

import pytest

from constructs_lib.errors import ConfigError
from constructs_lib.site_file.loader import load_site_file
from constructs_lib.site_file.models import SiteFile

GOOD = (Path(__file__).parents[3] / "config" / "demo.toml").read_text(encoding="utf-8")
BOTH_FORMS = '["repo:org/site", "repo:org@1/site@2"]'


def load(tmp_path: Path, addition: str) -> SiteFile:
    path = tmp_path / "site.toml"
    path.write_text(f"{GOOD}\n{addition}\n", encoding="utf-8")
    return load_site_file(path)


def test_everything_that_costs_or_binds_is_off_by_default(tmp_path: Path) -> None:
    site = load(tmp_path, "")
    assert not any(site.features.model_dump().values())
    assert not any(site.headers.model_dump(exclude={"content_security_policy"}).values())
    assert (site.github.subjects, site.residency.allowed_regions) == ((), ())


# (what is added to the good file, the key named, a part of what is allowed, a part of what to do)
REFUSED = [
    ("[features]\ndnssec = 1", "features.dnssec", "true or false", ""),
    ("[features]\nkms = true", "features.kms", 'region_check_protocol = "https"', "plain HTTP"),
    ("[features]\nfirewall = true", "features.firewall", "waf", ""),
    (
        "[headers]\ncontent_security_policy = \"scrip-src 'self'\"",
        "headers.content_security_policy",
        "",
        "did you mean script-src?",
    ),
    (
        '[headers]\ncontent_security_policy = "img-src a; img-src b"',
        "headers.content_security_policy",
        "once",
        "write img-src once",
    ),
    ('[headers]\ncontent_security_policy = "img-src é"', "headers.content_security_policy", "printable ASCII", "xn--"),
    (
        '[headers]\ncontent_security_policy = "img-src\\n*"',
        "headers.content_security_policy",
        "printable characters",
        "",
    ),
    (f'[headers]\ncontent_security_policy = "img-src {"x" * 1783}"', "headers.content_security_policy", "1783", ""),
    ("[content]\nfallback = 1", "content.fallback", "/index.html", ""),
    ('[content]\nignore = "*.map"', "content.ignore", "a list of patterns", ""),
    ("[headers]\nhsts_preload = true", "headers.hsts_preload", "hsts_include_subdomains = true", "hstspreload.org"),
    ('[github]\nsubjects = ["repo:org/*"]', "github.subjects", "repo:example-org/site", "without wildcards"),
    ('[github]\nsubjects = ["repo:org@1/*"]', "github.subjects", "repo:example-org/site", "without wildcards"),
    ('[github]\nsubjects = ["*"]', "github.subjects", "repo:example-org/site", "without wildcards"),
    (
        '[github]\nsubjects = ["repo:org@1/site@2:ref:refs/heads/main"]',
        "github.subjects",
        "repo:example-org/site",
        "without a suffix",
    ),
    ('[github]\nsubjects = ["repo:org/site"]', "github.subjects", "@5678", "immutable form"),
    ('[github]\nbranch = "trunk"', "github", "[github] with subjects", "remove the section"),
    (f'[github]\nsubjects = {BOTH_FORMS}\nbranch = "*"', "github.branch", "without spaces", ""),
    (
        f'[github]\nsubjects = {BOTH_FORMS}\ncontent_environment = "production"',
        "github",
        "four different environments",
        "an environment of its own",
    ),
    (
        f'[github]\nsubjects = {BOTH_FORMS}\noidc_provider_arn = "arn:aws:iam::1:oidc-provider/example.com"',
        "github.oidc_provider_arn",
        "token.actions.githubusercontent.com",
        "",
    ),
    (
        f'[github]\nsubjects = {BOTH_FORMS}\nkey_value_store_arn = "arn:aws:cloudfront::123456789012:key-value-store/*"',
        "github.key_value_store_arn",
        "output key_value_store_arn",
        "",
    ),
    ('[residency]\nallowed_regions = ["europe"]', "residency.allowed_regions", "an AWS region", ""),
    (
        '[residency]\nallowed_regions = ["eu-central-1"]',
        'region[1].name is "us-east-1"',
        "residency.allowed_regions: eu-central-1",
        "choose an allowed region",
    ),
]


@pytest.mark.parametrize(("addition", "key", "allowed", "remedy"), REFUSED)
def test_addition_is_refused_by_name(tmp_path: Path, addition: str, key: str, allowed: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, addition)
    message = str(caught.value)
    assert key in message
    assert allowed in message
    assert remedy in message


def test_subjects_in_both_forms_are_accepted(tmp_path: Path) -> None:
    assert load(tmp_path, f"[github]\nsubjects = {BOTH_FORMS}").github.subjects == (
        "repo:org/site",
        "repo:org@1/site@2",
    )


STATE = 'backend = "s3"\nbucket = "states"\nregion = "eu-west-1"\nreplica_region = "eu-north-1"'


@pytest.mark.parametrize(
    ("allowed", "refused"),
    [
        ('"eu-central-1", "us-east-1", "eu-north-1"', 'state.region is "eu-west-1"'),
        ('"eu-central-1", "us-east-1", "eu-west-1"', 'state.replica_region is "eu-north-1"'),
    ],
)
def test_state_and_its_copy_lie_in_allowed_regions(tmp_path: Path, allowed: str, refused: str) -> None:
    path = tmp_path / "site.toml"
    text = GOOD.replace('backend = "local"', STATE) + f"\n[residency]\nallowed_regions = [{allowed}]\n"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_site_file(path)
    assert refused in str(caught.value)


def test_query_log_lies_in_an_allowed_region(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    text = GOOD.replace('name = "us-east-1"', 'name = "eu-west-1"')
    text += '\n[features]\nquery_log = true\n\n[residency]\nallowed_regions = ["eu-central-1", "eu-west-1"]\n'
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"features\.query_log is true \(a log in us-east-1\)"):
        load_site_file(path)
