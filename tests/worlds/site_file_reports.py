"""A good site file, and what is said of a changed one."""

from pathlib import Path

import pytest

from constructs_lib.errors import ConfigError
from constructs_lib.site_file.loader import load_site_file
from constructs_lib.site_file.models import SiteFile

ROOT = Path(__file__).parents[2]
GOOD = (ROOT / "config" / "demo.toml").read_text(encoding="utf-8")


def load(tmp_path: Path, text: str) -> SiteFile:
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    return load_site_file(path)


def report(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    return str(caught.value)
