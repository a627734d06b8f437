"""Named properties of the database: the writer, its replica, and what an apply after a promotion may touch."""

import json
from pathlib import Path
from typing import Any

import pytest
from cdktf import App, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider

from constructs_lib.extensions.database_network import DatabaseNetwork
from constructs_lib.extensions.postgres_instance import PostgresInstance
from constructs_lib.site_file.database import Database
from tests.synth.test_security import Body, bodies, one
from tests.worlds.synthesized import Stacks, example_text, replaced, site_of, stacks_of, synthesis_of

EXAMPLE, DEMO = example_text("extensions.example"), example_text("demo")
WRITER, REPLICA = "eu-central-1", "eu-west-1"
# Arguments whose change replaces an instance: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/db_instance
REPLACING = {"db_name", "username", "engine", "storage_encrypted", "kms_key_id", "identifier", "replicate_source_db"}


@pytest.fixture(scope="module")
def stacks() -> Stacks:
    return stacks_of(EXAMPLE)


@pytest.fixture(scope="module")
def promoted() -> Stacks:
    """The stacks after a promotion: the site file names the other region as the writer's."""
    return stacks_of(replaced(EXAMPLE, ("[database]\n", f'[database]\nwriter_region = "{REPLICA}"\n')))


def part(stacks: Stacks, region: str) -> Stacks:
    return {region: stacks[f"database-{region}"]}


def instance(stacks: Stacks, region: str) -> Body:
    return one(part(stacks, region), "aws_db_instance")


@pytest.mark.parametrize("region", [WRITER, REPLICA])
def test_instance_is_private_encrypted_backed_up_and_kept(stacks: Stacks, region: str) -> None:
    found = instance(stacks, region)
    assert found["publicly_accessible"] is False
    assert found["storage_encrypted"] is True
    assert "aws_kms_key" in found["kms_key_id"]
    assert found["backup_retention_period"] == 14
    assert found["deletion_protection"] is True
    assert found["iam_database_authentication_enabled"] is True
    assert found["delete_automated_backups"] is False


def test_replica_names_its_source_in_the_other_region_without_reading_its_state(stacks: Stacks) -> None:
    stack = stacks[f"database-{REPLICA}"]
    source = instance(stacks, REPLICA)["replicate_source_db"]
    assert source.startswith(f"arn:aws:rds:{WRITER}:")
    assert source.endswith(f":db:{instance(stacks, WRITER)['identifier']}")
    assert "terraform_remote_state" not in stack.get("data", {})
    assert [provider["region"] for provider in stack["provider"]["aws"]] == [REPLICA]


def test_password_is_in_no_plan_and_no_state(stacks: Stacks) -> None:
    """A write-only argument, fed by an ephemeral resource; RDS itself may not manage it where there is a replica."""
    found = instance(stacks, WRITER)
    assert (
        found["password_wo"] == "${ephemeral.aws_secretsmanager_random_password.database_administrator.random_password}"
    )
    assert not {"password", "manage_master_user_password"} & set(found)
    made = stacks[f"database-{WRITER}"]["ephemeral"]["aws_secretsmanager_random_password"]["database_administrator"]
    assert made["password_length"] >= 32
    assert not {"password_wo", "username", "engine"} & set(instance(stacks, REPLICA))


def test_final_snapshot_is_the_writers_alone(stacks: Stacks) -> None:
    """RDS makes none of a replica, and the provider deletes no instance that does not say which it wants."""
    assert instance(stacks, WRITER)["skip_final_snapshot"] is False
    assert instance(stacks, WRITER)["final_snapshot_identifier"]
    assert instance(stacks, REPLICA)["skip_final_snapshot"] is True


def test_connections_are_over_tls_only(stacks: Stacks) -> None:
    for region in (WRITER, REPLICA):
        parameters = one(part(stacks, region), "aws_db_parameter_group")["parameter"]
        assert {"name": "rds.force_ssl", "value": "1"} in parameters


def test_apply_after_a_promotion_keeps_the_promoted_instance(stacks: Stacks, promoted: Stacks) -> None:
    """Before and after the site file follows: the same resource, and nothing that would replace it is looked at."""
    before = stacks[f"database-{REPLICA}"]["resource"]["aws_db_instance"]
    after = promoted[f"database-{REPLICA}"]["resource"]["aws_db_instance"]
    assert before.keys() == after.keys()
    (was,), (becomes,) = before.values(), after.values()
    ignored = set(was["lifecycle"]["ignore_changes"])
    assert ignored == set(becomes["lifecycle"]["ignore_changes"])
    differing = {key for key in {*was, *becomes} if was.get(key) != becomes.get(key)}
    assert {"replicate_source_db", "username", "db_name"} <= differing & ignored
    assert (differing - ignored) & REPLACING <= {"engine"}  # read from AWS, postgres either way
    for kind in ("aws_kms_key", "aws_db_subnet_group", "aws_security_group", "aws_db_parameter_group"):
        assert (
            stacks[f"database-{REPLICA}"]["resource"][kind].keys()
            == promoted[f"database-{REPLICA}"]["resource"][kind].keys()
        )


def test_old_writer_becomes_a_replica_of_the_promoted_one(promoted: Stacks) -> None:
    assert instance(promoted, WRITER)["replicate_source_db"].startswith(f"arn:aws:rds:{REPLICA}:")
    assert promoted[f"database-{REPLICA}"]["output"]["role"]["value"] == "writer"
    assert promoted[f"database-{WRITER}"]["output"]["role"]["value"] == "replica"


def test_replica_waits_for_its_writer() -> None:
    dependencies = synthesis_of(site_of(EXAMPLE)).dependencies
    assert dependencies[f"database-{REPLICA}"] == [f"database-{WRITER}"]
    assert dependencies[f"database-{WRITER}"] == []


def test_own_networks_do_not_overlap_and_lead_nowhere(stacks: Stacks) -> None:
    cidrs = [one(part(stacks, region), "aws_vpc")["cidr_block"] for region in (WRITER, REPLICA)]
    assert len(set(cidrs)) == 2
    for kind in ("aws_internet_gateway", "aws_nat_gateway", "aws_route"):
        assert bodies(stacks, kind) == []
    for region, cidr in zip((WRITER, REPLICA), cidrs, strict=True):
        rule = one(part(stacks, region), "aws_vpc_security_group_ingress_rule")
        assert (rule["cidr_ipv4"], rule["from_port"], rule["to_port"]) == (cidr, 5432, 5432)


NETWORK = f"""[database]
[database.network.{WRITER}]
vpc_id = "vpc-0123456789abcdef0"
subnet_ids = ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"]
client_security_group_ids = ["sg-0123456789abcdef0"]
[database_]
"""


def test_given_network_is_used_and_lets_its_clients_in() -> None:
    text = NETWORK.replace("[database_]\n", "")
    found = part(stacks_of(replaced(EXAMPLE, ("[database]\nbackup_retention_days = 14\n", text))), WRITER)
    assert bodies(found, "aws_vpc") == []
    assert one(found, "aws_db_subnet_group")["subnet_ids"] == ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"]
    rule = one(found, "aws_vpc_security_group_ingress_rule")
    assert rule["referenced_security_group_id"] == "sg-0123456789abcdef0"
    assert "cidr_ipv4" not in rule


def test_standby_is_the_writers_alone() -> None:
    stacks = stacks_of(replaced(EXAMPLE, ("[database]\n", "[database]\nmulti_az = true\n")))
    assert instance(stacks, WRITER)["multi_az"] is True
    assert "multi_az" not in instance(stacks, REPLICA)


def test_logs_are_kept_for_a_year_and_are_there_before_the_instance(stacks: Stacks) -> None:
    for region in (WRITER, REPLICA):
        groups = part(stacks, region)[region]["resource"]["aws_cloudwatch_log_group"]
        assert {group["retention_in_days"] for group in groups.values()} == {365}
        waits = instance(stacks, region)["depends_on"]
        assert {f"aws_cloudwatch_log_group.{name}" for name in groups} <= set(waits)


def test_database_changes_nothing_else() -> None:
    without = stacks_of(DEMO)
    with_it = stacks_of(replaced(DEMO, ("[objectives]", "[features]\ndatabase = true\n\n[objectives]")))
    assert {name: stack for name, stack in with_it.items() if not name.startswith("database-")} == without


def test_constructs_can_be_used_alone(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    stack = TerraformStack(app, "teams-own")
    provider = AwsProvider(stack, "aws", region=WRITER)
    network = DatabaseNetwork(stack, "network", name="x", region=WRITER, number=1, network=None, provider=provider)
    PostgresInstance(stack, "db", name="x", settings=Database(), network=network, source_arn=None, provider=provider)
    app.synth()
    found: dict[str, Any] = json.loads((tmp_path / "stacks" / "teams-own" / "cdk.tf.json").read_bytes())
    assert len(found["resource"]["aws_db_instance"]) == 1
