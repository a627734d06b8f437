"""`failover init`: a site file of a team's own."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from scripts.errors import WrongUsageError
from scripts.files import write_atomically


def init(
    path: Annotated[Path, typer.Argument(help="Where the site file is written.")] = Path("config/prod.toml"),
    domain: Annotated[str | None, typer.Option(help="The domain, such as example.com.")] = None,
    hostname: Annotated[str | None, typer.Option(help="The site's public name. Default: www. and the domain.")] = None,
    project: Annotated[
        str | None, typer.Option(help="A short name that every resource gets. Default: from the domain.")
    ] = None,
    environment: Annotated[str, typer.Option(help="prod, staging, ...")] = "prod",
    primary: Annotated[str | None, typer.Option(help="The region that serves. Default: eu-central-1.")] = None,
    secondary: Annotated[
        str | None, typer.Option(help="The region that takes over; empty: none yet. Default: us-east-1.")
    ] = None,
    email: Annotated[str | None, typer.Option(help="Who is told of alarms; empty: nobody.")] = None,
    hosted_zone_id: Annotated[str, typer.Option(help="A hosted zone that exists already. Default: make one.")] = "",
    state_bucket: Annotated[
        str | None, typer.Option(help="Bucket of Terraform's states. Default: PROJECT-ENVIRONMENT-state.")
    ] = None,
    state_region: Annotated[str, typer.Option(help="Its region: a third one.")] = "eu-west-1",
    interval: Annotated[int, typer.Option(help="Seconds between two probes of a health checker: 10 or 30.")] = 30,
    page_views: Annotated[int, typer.Option(help="Page views a month, for the cost.")] = 100_000,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file that is there.")] = False,
) -> None:
    """Write a commented site file, and show what the site costs and how fast it recovers.

    What is not given is asked for in a terminal, and has its default elsewhere. Example: failover init config/prod.toml
    --domain example.com --email oncall@example.com
    """
    from aws_facts.regions import needs_opt_in
    from scripts.cost.estimate import (  # pydantic takes time that `--help` should not
        estimate,
        load_stacks,
        monthly_cost_usd,
    )
    from scripts.onboarding.site_file import Answers, text_of
    from scripts.terraform.synthesis import synthesize

    if path.exists() and not force:
        raise WrongUsageError(f"{path} is there already: name another file, or overwrite it with --force")
    domain = _answer("Domain (its zone in DNS)", domain, None)
    name = project or domain.split(".")[0]
    answers = Answers(
        domain=domain,
        hostname=_answer("Public name of the site", hostname, f"www.{domain}"),
        project=_answer("Project", project, name),
        environment=environment,
        primary=_answer("Primary region", primary, "eu-central-1"),
        secondary=_answer("Secondary region (empty: none yet)", secondary, "us-east-1"),
        email=_answer("E-mail for alarms (empty: nobody is told)", email, ""),
        hosted_zone_id=hosted_zone_id,
        state_bucket=_answer(
            "Bucket for Terraform's states (empty: this machine)", state_bucket, f"{name}-{environment}-state"
        ),
        state_region=state_region,
        interval=interval,
        page_views=page_views,
        budget=4.00 if interval == 30 else 8.50,
    )
    text = text_of(answers)
    with TemporaryDirectory() as folder:  # a file that is refused is not left behind
        draft = Path(folder) / path.name
        draft.write_text(text, encoding="utf-8")
        stacks = load_stacks(synthesize(draft, Path(folder) / "out"))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, text)
    print(f"{path}: {answers.hostname} in {answers.primary}{f' and {answers.secondary}' if answers.secondary else ''}.")
    cost = monthly_cost_usd(estimate(stacks))
    print(f"  cost      {cost:.2f} USD a month at {page_views:,} page views (failover cost --site-file {path})")
    print(f"  recovery  {_recovery(stacks)}")
    for region in dict.fromkeys((answers.primary, answers.secondary, answers.state_bucket and answers.state_region)):
        if region and needs_opt_in(region):
            print(
                f"  {region} is an opt-in region: aws account enable-region --region-name {region}, which takes minutes to hours"
            )
    print(f"Next: failover doctor --site-file {path}")


def _recovery(stacks: Mapping[str, Mapping[str, Any]]) -> str:
    from scripts.simulate.prediction import in_words, layers
    from scripts.simulate.site import site_of_stacks

    return "; ".join(f"layer {each['layer']}: {in_words(each)}" for each in layers(site_of_stacks(stacks)))


def _answer(question: str, given: str | None, default: str | None) -> str:
    """Returns what was given, else asks in a terminal, else takes the default.

    Raises:
        WrongUsageError: there is neither an answer nor a default.
    """
    if given is not None:
        return given
    if sys.stdin.isatty():
        return str(typer.prompt(question, default=default, err=True))
    if default is None:
        raise WrongUsageError("--domain is missing: give it, or run this in a terminal, where it is asked for")
    return default
