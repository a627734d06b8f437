"""[content] is checked twice, by the site file and by the commands, which import nothing from each other: they must agree."""

from pathlib import Path

import pytest

from constructs_lib.errors import ConfigError
from constructs_lib.site_file.content import Content
from constructs_lib.site_file.loader import load_site_file
from scripts.release.serving.content_settings import parse_content
from scripts.release.serving.file_rules import ContentRules

DEMO = (Path(__file__).parents[2] / "config" / "demo.toml").read_text(encoding="utf-8")
EVERYTHING = """
[content]
clean_urls = "file"
trailing_slash = "remove"
precompress = false
largest_page_bytes = 100_000
largest_asset_bytes = 1_000_000

[[content.rule]]
pattern = "/downloads/**"
content_type = "application/zip"
cache_control = "no-store"
content_encoding = "gzip"
fingerprinted = false
largest_bytes = 50_000_000

[[content.redirect]]
from = "/old"
to = "/new"
status = 308

[[content.redirect]]
from = "/a b/"
to = "https://example.com/?x=1#y"
"""


def content_of(tmp_path: Path, text: str) -> Content:
    path = tmp_path / "site.toml"
    path.write_text(DEMO + text, encoding="utf-8")
    return load_site_file(path).content


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        content_of(tmp_path, text)
    return str(caught.value)


def test_defaults_are_the_same_on_both_sides() -> None:
    assert parse_content(Content().as_output()) == ContentRules()


def test_what_the_site_file_passes_on_is_what_the_commands_read(tmp_path: Path) -> None:
    rules = parse_content(content_of(tmp_path, EVERYTHING).as_output())
    assert (rules.style.clean_urls, rules.style.trailing_slash, rules.precompress) == ("file", "remove", False)
    assert (rules.largest_page_bytes, rules.largest_asset_bytes) == (100_000, 1_000_000)
    (rule,) = rules.rules
    assert (rule.settings.cache_control, rule.settings.content_encoding, rule.settings.fingerprinted) == (
        "no-store",
        "gzip",
        False,
    )
    assert [(redirect.source, redirect.status) for redirect in rules.redirects] == [("/old", 308), ("/a b/", 301)]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[content]\nclean_urls = "yes"\n', 'content.clean_urls'),
        ('[content]\nclean_urls = "yes"\n', '"folder" or "file" or "off"'),
        ("[content]\nlargest_page_bytes = 0\n", "content.largest_page_bytes"),
        ("[content]\nrules = []\n", "did you mean 'rule'?"),
        ("[content]\nrule = 1\n", "tables [[content.rule]]"),
        ('[[content.rule]]\npatern = "*"\n', "content.rule[0].patern"),
        ('[[content.rule]]\npatern = "*"\n', "did you mean 'pattern'?"),
        ('[[content.rule]]\npattern = "*"\ncontent_encoding = "zip"\n', '"br" or "gzip"'),
        ('[[content.rule]]\npattern = "*"\nlargest_bytes = "1"\n', "content.rule[0].largest_bytes"),
        ('[[content.rule]]\npattern = "${a}"\nlargest_bytes = 1\n', "Terraform reads them as templates"),
        ('[[content.redirect]]\nto = "/a"\n', "content.redirect[0].from"),
        ('[[content.redirect]]\nto = "/a"\n', "a path such as /old"),
        ('[[content.redirect]]\nfrom = "/a"\nto = "/b"\nstatus = 303\n', "301 or 302 or 307 or 308"),
    ],
)  # fmt: skip
def test_site_file_rejects(tmp_path: Path, text: str, named: str) -> None:
    assert named in refusal(tmp_path, text)
