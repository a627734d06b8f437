"""`failover probe`: look at the site as its visitors do, once or for ever, and keep what was seen."""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.commands.shared.options import (
    DEFAULT_OUTPUTS,
    JsonOption,
    LocalcloudOption,
    OutputsOption,
    use_localcloud,
)
from scripts.errors import EnvironmentFailureError, WrongUsageError

if TYPE_CHECKING:
    from scripts.probe.network import Network
    from scripts.probe.openmetrics import Totals
    from scripts.probe.resolver import Nameserver
    from scripts.probe.survey import SurveyedSite

DEFAULT_HISTORY = Path("build/probe/history.sqlite")
HistoryOption = Annotated[Path, typer.Option("--history", help="SQLite file that keeps what was seen; made if absent.")]
ResolverOption = Annotated[
    list[str] | None,
    typer.Option(
        "--resolver",
        help="ADDRESS or ADDRESS#PORT of a resolver to look through and to compare with the zone's own servers, such as "
        "1.1.1.1; may be given more than once. Default: those of this machine.",
    ),
]
ReleaseOption = Annotated[
    str | None, typer.Option("--release", help="Release that every page must show. Default: any page is right.")
]
_MOST_PAGE_VIEWS_PER_SECOND = 200


def probe(
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    once: Annotated[bool, typer.Option("--once", help="Look once and exit: for cron and CI.")] = False,
    rate: Annotated[float, typer.Option(min=0.01, max=_MOST_PAGE_VIEWS_PER_SECOND, help="Page views a second.")] = 1.0,
    for_seconds: Annotated[
        float | None, typer.Option("--for", min=1, help="Seconds to run. Default: until Ctrl-C.")
    ] = None,
    survey: Annotated[float, typer.Option(min=5, help="Seconds between two looks at everything else.")] = 60.0,
    resolver: ResolverOption = None,
    release: ReleaseOption = None,
    history: HistoryOption = DEFAULT_HISTORY,
    retain_days: Annotated[
        float, typer.Option(min=1, help="Days after which the history forgets.")
    ] = 400,  # as history.DEFAULT_RETAIN_DAYS
    metrics_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Serve OpenMetrics at http://127.0.0.1:PORT/metrics; 0 takes a free port."),
    ] = None,
    cloudwatch: Annotated[
        str,
        typer.Option(
            help="Region whose CloudWatch gets five metrics a minute (docs/MONITORING.md): 1.50 USD a month, and 0.44 USD "
            "for the calls above the first million."
        ),
    ] = "",
    probe_region: Annotated[str, typer.Option(help="Where this prober is, a dimension of its metrics.")] = "",
    alert_topic: Annotated[str, typer.Option(help="ARN of the SNS topic that hears of changes.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Look at the site as its visitors do: every resolver, A and AAAA, every name and endpoint, until Ctrl-C.

    Needs no AWS credentials but for --cloudwatch and --alert-topic. Exit code 1 when less than the objective's share of page
    views was good, or something is not as it must be at the end.
    """
    if once:
        look_once(
            outputs,
            localcloud,
            resolvers=resolver,
            release=release,
            history=history,
            alert_topic=alert_topic,
            as_json=as_json,
        )
        return
    if cloudwatch and not probe_region:
        raise WrongUsageError("--cloudwatch needs --probe-region NAME: the dimension that tells probers apart")
    from scripts.commands.shared.prober import Prober
    from scripts.probe.watch import WatchSettings

    site, network, objective = _site(outputs, localcloud, release)
    resolvers = _resolvers(resolver, network)
    settings = WatchSettings(
        hostname=site.hostname,
        resolver_names=tuple(resolvers),
        survey_seconds=survey,
        for_seconds=for_seconds,
        retain_days=retain_days,
    )
    prober = Prober(site, network, resolvers, history, alert_topic=alert_topic)
    totals = asyncio.run(
        prober.watch(settings, rate=rate, metrics_port=metrics_port, cloudwatch=cloudwatch, probe_region=probe_region)
    )
    _conclude(totals, site.hostname, objective, as_json=as_json)


def run_prober(
    outputs: Path,
    localcloud: Path | None,
    *,
    resolver: Sequence[str] | None,
    history: Path,
    rate: float,
    for_seconds: float,
) -> Totals:
    """Probes for a while into a history, for commands that then read it.

    Raises:
        EnvironmentFailureError: this machine could not keep up.
    """
    from scripts.commands.shared.prober import Prober
    from scripts.probe.history import DEFAULT_RETAIN_DAYS
    from scripts.probe.watch import WatchSettings

    site, network, _ = _site(outputs, localcloud, None)
    resolvers = _resolvers(resolver, network)
    settings = WatchSettings(
        hostname=site.hostname,
        resolver_names=tuple(resolvers),
        for_seconds=for_seconds,
        retain_days=DEFAULT_RETAIN_DAYS,
    )
    prober = Prober(site, network, resolvers, history, alert_topic="")
    totals = asyncio.run(prober.watch(settings, rate=rate, metrics_port=None, cloudwatch="", probe_region=""))
    _insist_on_keeping_up(totals)
    return totals


def look_once(
    outputs: Path,
    localcloud: Path | None,
    *,
    resolvers: Sequence[str] | None,
    release: str | None,
    history: Path,
    alert_topic: str,
    as_json: bool,
) -> None:
    """Surveys the site once and prints what was found.

    Raises:
        typer.Exit: with 1, something is not as it must be.
    """
    from scripts.commands.shared.probe_table import findings_document, findings_table
    from scripts.commands.shared.prober import Prober
    from scripts.commands.shared.tables import results_console

    site, network, _ = _site(outputs, localcloud, release)
    findings = asyncio.run(
        Prober(site, network, _resolvers(resolvers, network), history, alert_topic=alert_topic).once()
    )
    bad = [each for each in findings if not each.is_ok]
    if as_json:
        print(json.dumps({"hostname": site.hostname, "ok": not bad, "checks": findings_document(findings)}))
    else:
        console = results_console()
        console.print(findings_table(findings))
        console.print(f"{site.hostname}: {len(findings) - len(bad)} of {len(findings)} checks are as they must be")
    if bad:
        raise typer.Exit(1)


def _site(outputs: Path, localcloud: Path | None, release: str | None) -> tuple[SurveyedSite, Network, float]:
    from scripts.local.network import network_of
    from scripts.probe.survey import SurveyedSite
    from scripts.terraform.outputs import deployment_of, last_exits, load_outputs, regional_endpoints

    endpoints = use_localcloud(localcloud)
    document = load_outputs(outputs)
    deployment = deployment_of(document, outputs)
    by_role = sorted(deployment.roles, key=lambda region: deployment.roles[region] != "primary")
    site = SurveyedSite(
        hostname=deployment.hostname,
        regional_hostnames={region: f"{region}.{deployment.hostname}" for region in by_role},
        endpoints=regional_endpoints(document),
        exits=last_exits(deployment, {} if endpoints is None else endpoints.web_servers),
        release_id=release,
        has_path_object=bool(deployment.distributions),
    )
    return site, network_of(endpoints), deployment.objectives.availability_ratio


def _resolvers(named: Sequence[str] | None, network: Network) -> dict[str, Nameserver]:
    """Returns name -> resolver.

    Raises:
        WrongUsageError: one is no numeric address with an optional port.
    """
    from scripts.probe.resolver import Nameserver

    if not named:
        return {each.address: each for each in network.resolvers}
    found = {}
    for text in named:
        address, _, port = text.partition("#")
        try:
            ipaddress.ip_address(address)
            found[text] = Nameserver(address=address, port=int(port or 53))
        except ValueError as error:
            raise WrongUsageError(f"--resolver {text}: {error}; give ADDRESS or ADDRESS#PORT") from error
    return found


def _conclude(totals: Totals, hostname: str, objective: float, *, as_json: bool) -> None:
    from scripts.commands.shared.probe_table import (
        findings_document,
        findings_table,
        summary,
        totals_document,
    )
    from scripts.commands.shared.tables import results_console

    bad = [each for each in totals.findings if not each.is_ok]
    if as_json:
        document = {"hostname": hostname, **totals_document(totals), "checks": findings_document(totals.findings)}
        print(json.dumps(document))
    else:
        console = results_console()
        console.print(f"{hostname}: {summary(totals)}")
        if bad:
            console.print(findings_table(bad))
    count = totals.views.total()
    _insist_on_keeping_up(totals)
    if bad or (count and totals.good / count < objective):
        raise typer.Exit(1)


def _insist_on_keeping_up(totals: Totals) -> None:
    from scripts.commands.shared.probe_table import keeps_up

    if not keeps_up(totals):
        raise EnvironmentFailureError(
            "this machine could not keep up: it began page views more than a second late, so they say nothing about the"
            " site; run the prober on a machine with a free core, or lower --rate"
        )
