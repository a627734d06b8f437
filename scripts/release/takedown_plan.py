"""Which file a takedown means, and what it would do. takedown.py carries it out."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from scripts.errors import WrongUsageError
from scripts.release.routing import Routing
from scripts.release.serving.clean_urls import canonical
from scripts.release.serving.variant_contents import VARIANT_SUFFIXES
from scripts.release.takedown_search import Survey, survey
from scripts.release.taken_down import Takedown, names_of, takedowns
from scripts.release.website import Website

_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TakedownPlan:
    """What a takedown would do.

    Attributes:
        paths: the files.
        found: what the regions hold.
        routing: what viewers may get now.
        noted: those that were taken down before, by path.
    """

    paths: tuple[str, ...]
    found: Survey
    routing: Routing
    noted: Mapping[str, Takedown]

    @property
    def names(self) -> frozenset[str]:
        """The files and their compressed variants."""
        return names_of(self.paths)

    @property
    def versions(self) -> dict[str, int]:
        """Region -> how many versions and delete markers go."""
        return {region: len(holding.versions_of(self.names)) for region, holding in self.found.regions.items()}

    @property
    def releases(self) -> tuple[str, ...]:
        """Releases with a manifest that lists one of the files itself."""
        of_each = (holding.releases_with(self.names) for holding in self.found.regions.values())
        return tuple(sorted({each for releases in of_each for each in releases}))

    def notes(self, at: str) -> list[Takedown]:
        """Returns what is noted of each file; not the digests of what lies under other names too, which stay."""
        elsewhere = set(self.found.same_content(self.names).values())
        return [
            Takedown(
                path=path,
                at=at,
                md5s=tuple(
                    dict.fromkeys(
                        file.md5
                        for file in self.found.files(names_of((path,)))
                        if file.size_bytes and file.md5 not in elsewhere
                    )
                ),
            )
            for path in self.paths
        ]

    @property
    def is_done(self) -> bool:
        """Whether nothing is left of the files, and they are noted."""
        is_noted = self.noted.keys() >= set(self.paths)
        return (
            is_noted
            and not self.found.holds(self.names)
            and not self.found.outdated(self.names, self.since(""), self.routing.increments)
        )

    def since(self, at: str) -> str:
        """Returns when the last of the files was taken down; `at` is when those are that were not yet."""
        return max(self.noted[path].at if path in self.noted else at for path in self.paths)


def plan_takedown(site: Website, arguments: Sequence[str]) -> TakedownPlan:
    """Finds files in every region.

    Raises:
        WrongUsageError: an argument names no file that lies, or lay, anywhere.
        RegionUnavailableError: no region answers.
    """
    routing = site.routing.read().routing
    found = survey(site.buckets)
    noted = {each.path: each for each in takedowns(site.routing)}
    known, paths = frozenset(noted) | found.taken_down, found.paths
    hostnames = (site.hostname, *site.regional_hostnames)
    asked = [path_of(each, paths=paths, known=known, hostnames=hostnames) for each in arguments]
    return TakedownPlan(paths=tuple(dict.fromkeys(asked)), found=found, routing=routing, noted=noted)


def addresses_of(path: str) -> list[str]:
    """Returns the addresses that show a file, clean URLs included."""
    found = [f"/{canonical(path)}"]
    folder, _, name = f"/{canonical(path)}".rpartition("/")
    if name == "index.html":
        found += [f"{folder}/", folder] if folder else ["/"]
    elif name.endswith(".html"):
        found.append(f"{folder}/{name.removesuffix('.html')}")
    return found


def noted_path(site: Website, argument: str) -> str:
    """Returns the path of a file that was taken down, by what the command line has.

    Raises:
        WrongUsageError: no such one was.
    """
    known = frozenset(each.path for each in takedowns(site.routing))
    path = meant(argument, known, hostnames=(site.hostname, *site.regional_hostnames))
    if path is None:
        were = ", ".join(sorted(known)[:_SHOWN]) or "nothing"
        raise WrongUsageError(f"{argument} was not taken down, so sync-content does not refuse it; taken down: {were}")
    return path


def path_of(argument: str, *, paths: frozenset[str], known: frozenset[str], hostnames: Sequence[str]) -> str:
    """Returns the path of the file that an argument means: a path of the folder, an address's path, or an address.

    Args:
        argument: what the command line has.
        paths: of every file that lies anywhere.
        known: of files that were taken down before.
        hostnames: of the site.

    Raises:
        WrongUsageError: it is no file, another site's, or a folder.
    """
    path = meant(argument, paths | known, hostnames=hostnames)
    if path is None:
        raise WrongUsageError(_no_file(argument, unquote(_path_in(argument, hostnames)).strip("/"), paths))
    return _without_coding(path, paths)


def meant(argument: str, paths: frozenset[str], *, hostnames: Sequence[str]) -> str | None:
    """Returns which of the paths an argument means, None: none of them.

    Raises:
        WrongUsageError: it is empty, or another site's address.
    """
    asked = _path_in(argument, hostnames)
    for spelling in dict.fromkeys((asked, unquote(asked))):
        bare = spelling.strip("/")
        pages = ("index.html",) if not bare else (f"{bare}/index.html", f"{bare}.html")
        candidates: tuple[str, ...] = pages if spelling.endswith("/") or not bare else (bare, *pages)
        for each in candidates:
            if each in paths:
                return each
    return None


def _without_coding(path: str, paths: frozenset[str]) -> str:
    """Returns the file of which this is a compressed variant, else the path."""
    bare, dot, end = path.rpartition(".")
    return bare if f"{dot}{end}" in VARIANT_SUFFIXES and bare in paths else path


def _path_in(argument: str, hostnames: Sequence[str]) -> str:
    if not argument.strip():
        raise WrongUsageError("PATH is empty: name a file, such as data/customers.csv or the address that shows it")
    if "://" not in argument:
        return argument.removeprefix("/")
    address = urlsplit(argument)
    if address.hostname not in hostnames:
        raise WrongUsageError(f"{argument} is not an address of this website; its names: {', '.join(hostnames)}")
    return str(address.path).removeprefix("/")


def _no_file(argument: str, path: str, paths: frozenset[str]) -> str:
    if below := sorted(each for each in paths if each.startswith(f"{path}/")):
        more = f" and {len(below) - _SHOWN} more" if len(below) > _SHOWN else ""
        return f"{argument} is a folder: name its files. It holds {', '.join(below[:_SHOWN])}{more}"
    near = difflib.get_close_matches(path, paths, n=3, cutoff=0.5) or [
        each for each in sorted(paths) if each.rpartition("/")[2] == path.rpartition("/")[2]
    ]
    meant = f" Did you mean {', '.join(near[:3])}?" if near else " `failover releases` lists what there is."
    return f"no release and no version in any region that answers has a file {argument}.{meant}"
