"""What `failover replace-region` refuses before anything is changed."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from scripts.errors import AwsError, MissingOutputError, OpsError, UnsafePlanError, WrongUsageError
from scripts.regions import plan as planning
from scripts.regions.plan import Replacement, plan_replacement
from scripts.regions.site_file_change import parsed
from scripts.terraform.cli import Terraform
from scripts.terraform.outputs import Deployment, Objectives
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world
from tests.worlds.states_in_memory import StatesInMemory
from tests.worlds.two_region_stacks import write_stacks

NEW = "eu-west-1"
SITE = f'[[region]]\nname = "{PRIMARY}"\nrole = "primary"\n\n[[region]]\nname = "{SECONDARY}"\nrole = "secondary"\n'
RECORD = {"mode": "managed", "type": "aws_route53_record", "name": "www", "provider": "p", "instances": []}
POLICY = {**RECORD, "type": "aws_s3_bucket_policy"}


def state(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"version": 4, "serial": 1, "lineage": "l", "outputs": {}, "resources": [*entries]}


class Site:
    """A site that is ready to be moved; a test makes one thing of it wrong."""

    def __init__(self, world: ReleaseWorld, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self.memory = StatesInMemory()
        self.memory.states["terraform.edge.tfstate"] = state(RECORD)
        self.text = SITE
        self.path = folder / "site.toml"

    def plan(self, old: str = PRIMARY, new: str = NEW) -> Replacement:
        self.path.write_text(self.text, encoding="utf-8")
        return plan_replacement(
            cast("Terraform", self.memory),
            parsed(self.path, self.text),
            old=old,
            new=new,
            outdir=self.folder / "cdktf.out",
            website=self.world.site,
            deployment=_deployment(),
        )

    def refused(self, kind: type[OpsError], match: str, **regions: str) -> None:
        before = dict(self.memory.states), dict(self.world.store.values)
        with pytest.raises(kind, match=match):
            self.plan(**regions)
        assert (self.memory.states, self.world.store.values) == before
        assert self.path.read_text(encoding="utf-8") == self.text


def _deployment() -> Deployment:
    objectives = Objectives(rto_seconds=180, rpo_seconds=900, availability_ratio=0.999, monthly_cost_usd=3)
    return Deployment(
        hostname="www.example.test", hosted_zone_id="Z1", key_value_store_arn="arn:store", health_check_ids={"path": "c"},
        buckets={PRIMARY: "a", SECONDARY: "b"}, roles={PRIMARY: "primary", SECONDARY: "secondary"}, distributions={},
        objectives=objectives,
    )  # fmt: skip


@pytest.fixture
def site(world: ReleaseWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    def synthesize(path: Path, folder: Path) -> None:
        write_stacks(folder, *parsed(path, path.read_text(encoding="utf-8")).regions)

    class Global:
        def get_hosted_zone(self, **_arguments: str) -> None: ...

    monkeypatch.setattr(planning, "synthesize", synthesize)
    monkeypatch.setattr(planning, "aws_client", lambda *_arguments, **_options: Global())
    world.publish()
    yield Site(world, tmp_path)


def test_dead_region_is_replaced_with_its_role(site: Site) -> None:
    site.world.kill(PRIMARY)
    plan = site.plan()
    assert (plan.is_old_silent, plan.is_primary, plan.is_resumed, plan.staying) == (True, True, False, [SECONDARY])
    assert plan.source.files == 3


def test_region_that_answers_is_a_planned_move(site: Site) -> None:
    plan = site.plan(old=SECONDARY)
    assert (plan.is_old_silent, plan.is_primary, plan.staying) == (False, False, [PRIMARY])


def test_run_that_got_as_far_as_the_site_file_goes_on(site: Site) -> None:
    site.text = SITE.replace(PRIMARY, NEW)
    plan = site.plan()
    assert plan.is_resumed
    assert plan.before.regions == [PRIMARY, SECONDARY]
    assert plan.after.text == site.text


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("eu-north-1", NEW, "eu-north-1 is not a region of .*site.toml"),
        (PRIMARY, SECONDARY, f"{SECONDARY} is a region of .*site.toml already"),
        (PRIMARY, PRIMARY, "are one region"),
    ],
)
def test_region_that_is_wrong_is_refused(site: Site, old: str, new: str, said: str) -> None:
    site.refused(WrongUsageError, said, old=old, new=new)


@pytest.mark.parametrize("feature", ["api", "database", "multi_account"])
def test_site_whose_extensions_need_the_old_region_is_refused(site: Site, feature: str) -> None:
    site.text = f"{SITE}\n[features]\n{feature} = true\n"
    site.refused(UnsafePlanError, rf"features\.{feature} is on: .*docs/")


def test_canary_is_ended_first(site: Site) -> None:
    store = site.world.site.routing
    current = store.read()
    assert current.routing.active is not None
    store.write(current.routing.with_canary(replace(current.routing.active, id="c"), 10), expected_etag=current.etag)
    site.refused(UnsafePlanError, "release c runs as a canary for 10% of the viewers: end it first")


def test_both_regions_dead_is_refused(site: Site) -> None:
    site.world.kill(PRIMARY)
    site.world.kill(SECONDARY)
    site.refused(UnsafePlanError, f"S3 in {SECONDARY} does not answer, so nothing could fill the new region")


def test_region_that_stays_and_is_drained_is_brought_back_first(site: Site) -> None:
    store = site.world.site.routing
    current = store.read()
    store.write(current.routing.draining(SECONDARY), expected_etag=current.etag)
    site.refused(UnsafePlanError, f"{SECONDARY} is drained.*failover restore REGION --apply first")


def test_only_region_is_not_replaced_since_nothing_stays(site: Site) -> None:
    site.text = SITE.partition("\n\n")[0]
    site.refused(WrongUsageError, f"needs two regions, and the site has one, {PRIMARY}")


def test_global_control_planes_that_are_away_are_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        def get_hosted_zone(self, **_arguments: str) -> None:
            raise AwsError(operation="GetHostedZone", resource="Z1", code="EndpointConnectionError")

    monkeypatch.setattr(planning, "aws_client", lambda *_arguments, **_options: Away())
    site.refused(
        UnsafePlanError, "control planes of Route 53 and CloudFront, in us-east-1, do not answer.*Every layer goes on"
    )


def test_site_file_that_refuses_the_region_is_told_in_its_own_words(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, _folder: Path) -> None:
        raise WrongUsageError(f"{path}: region[0].name is eu-west-1, allowed are residency.allowed_regions")

    monkeypatch.setattr(planning, "synthesize", refuse)
    site.refused(WrongUsageError, r"site\.toml with that change: region\[0\]\.name is eu-west-1, allowed are residency")


def test_states_of_an_earlier_layout_are_brought_over_first(site: Site) -> None:
    site.memory.states["terraform.edge.tfstate"] = state(RECORD, POLICY)
    site.refused(UnsafePlanError, "failover migrate-states --apply")


def test_site_that_is_not_deployed_is_refused(site: Site) -> None:
    site.memory.states.clear()
    site.refused(MissingOutputError, "the stack edge has no state")


def test_region_whose_remains_are_still_there_is_retired_first(site: Site) -> None:
    site.memory.states[f"terraform.retired-{NEW}-region-{NEW}.tfstate"] = state(RECORD)
    site.refused(UnsafePlanError, f"failover retire-region {NEW} --apply")
