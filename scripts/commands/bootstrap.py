"""`failover bootstrap`: make and harden the bucket of Terraform's state, and its replica."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from scripts.aws.clients import caller_account, iam_client, s3_client, translated
from scripts.clock import AwsClock
from scripts.commands.shared.options import ApplyOption, JsonOption, LocalcloudOption, use_localcloud
from scripts.commands.shared.parity_words import PLAN_ONLY
from scripts.commands.shared.tables import results_console, results_table
from scripts.errors import StacksError
from scripts.terraform.state_bucket import Setting, bucket_settings, replication_settings, unmet


def bootstrap(
    stacks: Annotated[Path, typer.Option("--stacks", help="Folder of the synthesized stacks.")] = Path(
        "cdktf.out/stacks"
    ),
    localcloud: LocalcloudOption = None,
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make the state bucket that the site file names, and its replica, private, versioned and TLS only.

    Run it once before the first deploy, and again whenever you like: what is as it must be already is left alone.
    """
    use_localcloud(localcloud)
    settings = _settings(_state(stacks))
    pending = unmet(settings)
    if not as_json:
        _print(settings, pending)
    if apply:
        for setting in pending:
            with translated(setting.title, "state bucket"):
                setting.write()
    if as_json:
        print(json.dumps({"pending": [setting.title for setting in pending], "applied": apply}))
    elif pending:
        print(f"Done: {len(pending)}." if apply else PLAN_ONLY)


def make_state_bucket(stacks: Path) -> None:
    """Makes and hardens the state bucket that the synthesized stacks name; does nothing where the state is local."""
    state = _state(stacks, may_be_local=True)
    if state["backend"] == "s3":
        for setting in unmet(_settings(state)):
            with translated(setting.title, "state bucket"):
                setting.write()


def _state(stacks: Path, *, may_be_local: bool = False) -> dict[str, str | None]:
    """Returns the site file's `[state]`, which the edge stack repeats as an output; cdktf leaves out what is not given."""
    path = stacks / "edge" / "cdk.tf.json"
    try:
        state: dict[str, str | None] = json.loads(path.read_bytes())["output"]["state"]["value"]
        state["backend"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StacksError(f"{path} is not there or older than this command: run `python main.py SITE_FILE`") from error
    if may_be_local and state["backend"] == "local":
        return state
    if state.get("bucket") is None:
        raise StacksError(f'{path}: the site file says state.backend = "local", which needs no bucket')
    if state.get("region") is None:
        raise StacksError(f"{path} names a state bucket and no region: synthesize the site again")
    return state


def _settings(state: dict[str, str | None]) -> list[Setting]:
    name, region, replica_region = str(state["bucket"]), str(state["region"]), state.get("replica_region")
    owner = caller_account(region)  # never somebody else's bucket of that name, were its policy to let us in
    s3 = s3_client(region, owner=owner)
    settings = bucket_settings(s3, name=name, region=region)
    if replica_region is None:
        return settings
    replica = f"{name}-replica"
    settings += bucket_settings(s3_client(replica_region, owner=owner), name=replica, region=replica_region)
    return settings + replication_settings(s3, iam_client(), source=name, destination=replica, clock=AwsClock())


def _print(settings: list[Setting], pending: list[Setting]) -> None:
    table = results_table("Setting", "State")
    for setting in settings:
        table.add_row(setting.title, "to do" if setting in pending else "as it must be")
    console = results_console()
    console.print(table)
    if not pending:
        console.print("Nothing to do.")
