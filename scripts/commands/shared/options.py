"""Options that several commands share."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.errors import UnknownReleaseError, WrongUsageError

if TYPE_CHECKING:  # AWS's client and pydantic take 0.2 s that `--help` should not
    from scripts.local.endpoints import Endpoints
    from scripts.release.publish import Publisher
    from scripts.release.serving.file_rules import ContentRules
    from scripts.release.switching import Switcher
    from scripts.release.website import Website

OutputsOption = Annotated[
    Path,
    typer.Option(
        "--outputs",
        envvar="FAILOVER_OUTPUTS",
        help="File with the Terraform outputs, written by `failover outputs`.",
    ),
]
LocalcloudOption = Annotated[
    Path | None,
    typer.Option(
        "--localcloud",
        envvar="FAILOVER_LOCALCLOUD",
        help="State folder of a running localcloud; without it the command talks to AWS.",
    ),
]
TerraformOption = Annotated[
    str | None,
    typer.Option(
        "--terraform",
        metavar="PROGRAM",
        envvar="TERRAFORM_BINARY_NAME",
        show_envvar=True,
        help="Terraform or OpenTofu: a name in PATH, such as tofu, or a path. Default: terraform.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]
ApplyOption = Annotated[
    bool, typer.Option("--apply", help="Do it. Without this the command prints its plan and stops.")
]
RegionArgument = Annotated[str, typer.Argument(help="AWS region of the website, such as eu-central-1.")]

DEFAULT_OUTPUTS = Path("build/outputs.json")


def release_argument(help_: str) -> Any:  # noqa: ANN401  (as typer's own Argument)
    """Returns an argument that names a release. An empty one is refused: it is a variable that was not set, not the default.

    Raises:
        WrongUsageError: it is empty.
    """

    def insist(value: str | None) -> str | None:
        if value is not None and not value.strip():
            raise WrongUsageError(
                "RELEASE_ID is empty: name a release of `failover releases`, or leave the argument out"
            )
        return value

    return typer.Argument(help=help_, callback=insist)


@contextmanager
def release_of_the_command_line(release_id: str | None) -> Iterator[None]:
    """Turns a release that no region has into wrong usage, if the command line named it.

    Raises:
        WrongUsageError: `release_id` is that release.
    """
    try:
        yield
    except UnknownReleaseError as error:
        if release_id is None:
            raise
        raise WrongUsageError(str(error)) from error


def use_localcloud(folder: Path | None) -> Endpoints | None:
    """Points this process's AWS clients at a running localcloud; without a folder AWS is meant.

    Raises:
        MissingOutputError: no localcloud runs on that folder.
    """
    if folder is None:
        return None
    from scripts.local.endpoints import read_endpoints  # as above

    if folder.is_file():
        raise WrongUsageError(f"--localcloud {folder} is a file: give localcloud's state folder")
    endpoints = read_endpoints(folder / "endpoints.json")
    os.environ.update(endpoints.environment)
    return endpoints


def use_terraform(program: str | None, *, is_needed: bool = True) -> None:
    """Makes this process, and what it starts (cdktf, a synth), run that program in Terraform's place.

    Args:
        program: a name in PATH, or a path. None leaves it as it is.
        is_needed: whether the command ends where the program is not there.

    Raises:
        ToolMissingError: it is not there, too old, or neither Terraform nor OpenTofu.
    """
    if program is not None:
        from scripts.terraform import toolchain

        os.environ[toolchain.SETTING] = program
        toolchain.terraform.cache_clear()
        if is_needed:
            toolchain.terraform()


def open_website(outputs: Path, *, is_hasty: bool = False) -> Website:
    """Returns a deployment's buckets and routing.

    Args:
        outputs: the saved outputs.
        is_hasty: give a region that is silent 20 s at most: for commands that move no files. Default: two minutes.
    """
    from scripts.aws.clients import key_value_store_client, s3_client  # as above
    from scripts.release.bucket import ContentBucket
    from scripts.release.routing import RoutingStore
    from scripts.release.transfer import PARALLEL_UPLOADS
    from scripts.release.website import Website
    from scripts.terraform.outputs import load_deployment

    deployment = load_deployment(outputs)
    buckets = {
        region: ContentBucket(
            s3_client(region, connections=PARALLEL_UPLOADS, is_hasty=is_hasty), region=region, name=name
        )
        for region, name in deployment.buckets.items()
    }
    routing = RoutingStore(key_value_store_client(), deployment.key_value_store_arn)
    return Website(
        hostname=deployment.hostname,
        buckets=buckets,
        routing=routing,
        regional_hostnames=deployment.regional_hostnames,
        takes_name=deployment.takes_name,
        entry=deployment.routing.entry,
        parity_regions=deployment.parity_regions,
        content=deployment.content,
        content_security_policy=deployment.content_security_policy,
        health_check_ids=deployment.health_check_ids,
    )


def content_rules(outputs: Path) -> ContentRules:
    """Returns the site file's `[content]`, as the saved outputs have it.

    Raises:
        MissingOutputError: no such file, not ours, or an output is missing.
    """
    from scripts.release.serving.content_settings import parse_content

    try:
        content = dict(json.loads(outputs.read_bytes())["edge"]["content"])
    except (OSError, ValueError, LookupError, TypeError):
        from scripts.terraform.outputs import (
            load_deployment,  # says what is wrong; pydantic takes 0.05 s where nothing is
        )

        content = dict(load_deployment(outputs).content)
    return parse_content(content)


def publisher(site: Website) -> Publisher:
    """Returns the publisher of a deployment."""
    from scripts.release.publish import Publisher  # as above

    return Publisher(list(site.buckets.values()), site.routing)


def switcher(site: Website) -> Switcher:
    """Returns what switches a deployment between releases that it holds."""
    from scripts.release.switching import Switcher  # as above

    return Switcher(list(site.buckets.values()), site.routing)
