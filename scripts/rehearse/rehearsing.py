"""The whole of a rehearsal: copy, replace, lint, apply, drill. Everything ends with the localcloud that it started."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.errors import WrongUsageError
from scripts.lint.model import Configuration
from scripts.lint.reading import read_paths
from scripts.lint.rules import ALL_RULES
from scripts.lint.waivers import judge
from scripts.local.endpoints import Endpoints
from scripts.local.process import ANY_PORT, running_localcloud
from scripts.rehearse.applying import Applied, apply
from scripts.rehearse.copying import copy_of
from scripts.rehearse.drilling import Rehearser, drills_for
from scripts.rehearse.identities import looked_up, named, supply
from scripts.rehearse.result import DrillResult, Finding, Rehearsal
from scripts.rehearse.rewriting import rewrite
from scripts.rehearse.sites import Site, publish, sites_of, undrilled_names
from scripts.rehearse.surroundings import expected, make, stand_ins
from scripts.terraform.cli import Progress, from_this_machine

UTILITIES = frozenset({"aws", "archive", "local", "null", "random", "template", "terraform", "time", "tls"})
"""Providers that reach nothing outside this machine and the AWS that they are given."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be rehearsed.

    Attributes:
        directory: a root module.
        folder: for the copy, logs and the localcloud; made anew.
        variables: name -> text, as `terraform plan -var` takes it.
        variable_files: as `terraform plan -var-file` takes them.
        origins: `NAME=ADDRESS:PORT` of web servers of one's own that stand for custom origins.
        drills: words of which one is in the name of each drill that is run; none: all.
        most_sites: how many distributions are drilled.
    """

    directory: Path
    folder: Path
    variables: Mapping[str, str]
    variable_files: Sequence[Path] = ()
    origins: Sequence[str] = ()
    drills: Sequence[str] = ()
    speed: float = 10.0
    most_sites: int = 3


def rehearse(wish: Wish, tell: Tell) -> Rehearsal:
    """Rehearse.

    Raises:
        WrongUsageError: there is nothing that could be rehearsed.
        EnvironmentFailureError: Terraform, its provider or localcloud do not do their part.
    """
    tell("copying")
    module = copy_of(wish.directory, wish.folder / "copy")
    replaced = rewrite(wish.folder / "copy")
    _write_variables(module, wish)
    tell("reading")
    configuration = read_paths([module])
    _refuse_other_providers(configuration)
    findings = _findings(configuration)
    wanted = expected(configuration.with_doubtful())
    given = {each.partition("=")[0].partition(":")[0].lower() for each in wish.origins}
    served = tuple(name for name in wanted.web_servers if name not in given and not _is_local(name))
    own = tuple(part for each in wish.origins for part in ("--origin", each))
    with (
        stand_ins(served, wish.folder) as stands,
        running_localcloud(
            wish.folder / "localcloud", speed=wish.speed, arguments=(*ANY_PORT, *stands.arguments, *own)
        ) as endpoints,
        _only_localcloud(endpoints),
    ):
        assumed = [*make(endpoints, wanted), *(f"a stand-in of the web server {name}" for name in served)]
        assumed += supply(looked_up(configuration.with_doubtful()), endpoints, wish.folder / "copy")[0]
        applied = _applied(module, wish, endpoints, tell, assumed)
        tell("looking at what is served")
        sites = sites_of(endpoints)
        drills, published = asyncio.run(_drilled(endpoints, wish, sites, applied.made, tell))
        notes = [*applied.notes, *undrilled_names(endpoints, sites), *_notes(wish.folder)]
    return Rehearsal(
        directory=str(wish.directory),
        speed=wish.speed,
        made=applied.made,
        left_out=applied.left_out,
        findings=tuple(findings),
        drills=tuple(drills),
        replaced=tuple(replaced),
        assumed=(*assumed, *(f"pages in the bucket {bucket}" for bucket in published)),
        notes=tuple(notes),
    )


def _write_variables(module: Path, wish: Wish) -> None:
    """Later files win, as of terraform plan: its automatic ones are read in the order of their names."""
    for number, file in enumerate(wish.variable_files):
        if not file.is_file():
            raise WrongUsageError(f"{file} does not exist: give a file that does")
        suffix = ".json" if file.name.endswith(".json") else ""
        (module / f"zz-rehearsal-{number:03}.auto.tfvars{suffix}").write_bytes(file.read_bytes())
    if wish.variables:
        values = {name: _value(text) for name, text in wish.variables.items()}
        (module / "zz-rehearsal-values.auto.tfvars.json").write_text(json.dumps(values), encoding="utf-8")


def _value(text: str) -> object:
    """Return a list, map, number or boolean as what it is; any other text is text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _refuse_other_providers(configuration: Configuration) -> None:
    others = sorted({each.type.partition("_")[0] for each in configuration.resources} - UTILITIES)
    if others:
        raise WrongUsageError(
            f"it uses the providers {', '.join(others)}, which would reach what is real: nothing was started. "
            f"Rehearse the part that uses {', '.join(sorted(UTILITIES))} alone"
        )


def _findings(configuration: Configuration) -> list[Finding]:
    judgement = judge(configuration, ALL_RULES)
    return [
        Finding(
            rule=each.rule.id,
            severity=each.rule.severity.value,
            address=each.finding.address,
            detail=each.finding.detail,
        )
        for each in judgement.violations
    ]


def _is_local(name: str) -> bool:
    return name == "localhost" or name.endswith(".localhost") or name.startswith("127.")


@contextmanager
def _only_localcloud(endpoints: Endpoints) -> Iterator[None]:
    """Let nothing that Terraform starts know another AWS: no profile, role or endpoint of the user's."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    for name in kept:
        del os.environ[name]
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    os.environ.update({**endpoints.environment, **nowhere})
    try:
        yield
    finally:
        for name in {*endpoints.environment, *nowhere}:
            os.environ.pop(name, None)
        os.environ.update(kept)


def _applied(module: Path, wish: Wish, endpoints: Endpoints, tell: Tell, assumed: list[str]) -> Applied:
    """Apply; what is made beside it is added to `assumed`."""
    build = wish.folder / "terraform"
    build.mkdir(parents=True, exist_ok=True)
    terraform = from_this_machine(build, endpoints.environment)

    def progress(found: Progress) -> None:
        tell(f"applying: {found.done} of {found.planned or '?'}")

    def supplied(plan: Mapping[str, Any]) -> bool:
        made, is_changed = supply(named(plan), endpoints, wish.folder / "copy")
        assumed.extend(made)
        if is_changed:
            tell("planning again, with what was made for it")
        return is_changed

    tell("planning")
    return apply(terraform, module, build / f"terraform-{module.name}.log", progress, supplied)


async def _drilled(
    endpoints: Endpoints, wish: Wish, sites: Sequence[Site], made: Sequence[str], tell: Tell
) -> tuple[list[DrillResult], list[str]]:
    chosen = [site for site in sites if site.origins][: wish.most_sites]
    published = sorted({bucket for site in chosen for bucket in publish(site, endpoints)})
    has_checks = any("aws_route53_health_check." in address for address in made)
    rehearser = Rehearser(endpoints, has_health_checks=has_checks)
    results = []
    for site in chosen:
        for drill in drills_for(site):
            if wish.drills and not any(word in drill.name for word in wish.drills):
                continue

            def phase(word: str, where: Site = site, what: str = drill.name) -> None:
                tell(f"{where.hostname}, {what}: {word}")

            results.append(await rehearser.run(site, drill, phase))
    return results, published


def _notes(folder: Path) -> list[str]:
    """Return what localcloud refused to serve, from its log, each once."""
    log = folder / "localcloud" / "localcloud.log"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []
    found = [f"localcloud: {line.partition(' ERROR ')[2]}" for line in lines if " ERROR " in line]
    return list(dict.fromkeys(found))[:10]
