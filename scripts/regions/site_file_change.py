"""Another region in a site file's text: comments, order and everything else stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.errors import WrongUsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFileText:
    """A site file as text, with what the commands read of it.

    Attributes:
        path: the file.
        text: its text.
        document: what the text says.
    """

    path: Path
    text: str
    document: Mapping[str, Any]

    @property
    def regions(self) -> list[str]:
        """Names of the serving regions, in the file's order."""
        return [str(each.get("name")) for each in self.document.get("region", ())]

    def has_feature(self, name: str) -> bool:
        """Whether `[features]` switches something on."""
        return self.document.get("features", {}).get(name) is True

    @property
    def probers(self) -> list[str]:
        """Regions in which a prober looks at the site."""
        return [str(each) for each in self.document.get("features", {}).get("prober", ())]

    @property
    def entry(self) -> str:
        """What stands in the public name: `cloudfront` or `regional`."""
        return str(self.document.get("routing", {}).get("entry", "cloudfront"))

    def with_region(self, old: str, new: str) -> SiteFileText:
        """Returns the file in which `new` has the place of `old`, with its role, weight and areas.

        Raises:
            WrongUsageError: `old` is no region of it, or `new` is one.
        """
        import tomlkit

        if old not in self.regions:
            raise WrongUsageError(f"{old} is not a region of {self.path}: it has {', '.join(self.regions)}")
        if new in self.regions:
            raise WrongUsageError(f"{new} is a region of {self.path} already: name one that the site is not in")
        document: Any = tomlkit.parse(self.text)
        for region in document["region"]:
            if region["name"] == old:
                region["name"] = new
        return parsed(self.path, tomlkit.dumps(document))


def read_site_file(path: Path) -> SiteFileText:
    """Reads a site file; whether it is a good one is main.py's to say.

    Raises:
        WrongUsageError: there is none, or it is no TOML.
    """
    try:
        return parsed(path, path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WrongUsageError(f"{path}: {error.strerror}: name the site file that is deployed") from error
    except UnicodeDecodeError as error:
        raise WrongUsageError(f"{path} is no UTF-8 text ({error}): name the site file that is deployed") from error


def parsed(path: Path, text: str) -> SiteFileText:
    """Reads a site file's text.

    Raises:
        WrongUsageError: it is no TOML.
    """
    import tomllib

    try:
        return SiteFileText(path=path, text=text, document=tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise WrongUsageError(f"{path} is no TOML ({error}): name the site file that is deployed") from error
