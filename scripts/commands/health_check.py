"""`failover health-check`: one look at everything, for cron and CI; the same as `failover probe --once`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.commands.probe import DEFAULT_HISTORY, HistoryOption, ReleaseOption, ResolverOption, look_once
from scripts.commands.shared.options import DEFAULT_OUTPUTS, JsonOption, LocalcloudOption, OutputsOption


def health_check(
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    resolver: ResolverOption = None,
    release: ReleaseOption = None,
    history: HistoryOption = DEFAULT_HISTORY,
    alert_topic: Annotated[str, typer.Option(help="ARN of the SNS topic that hears of changes.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Look once at resolvers, authoritative servers, every name and endpoint, certificates and health objects.

    Exit code 1 when one of them is not as it must be. The same as `failover probe --once`.
    """
    look_once(
        outputs,
        localcloud,
        resolvers=resolver,
        release=release,
        history=Path(history),
        alert_topic=alert_topic,
        as_json=as_json,
    )
