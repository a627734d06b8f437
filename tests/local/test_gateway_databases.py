"""RDS's control plane.

Source: `RDSAPI` = https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/
"""

from tests.worlds.gateway_world import GatewayWorld, refused


def test_parameter_that_was_set_is_the_users(gateway_world: GatewayWorld) -> None:
    # RDSAPI/API_Parameter.html, Source
    rds, name = gateway_world.client("rds", "eu-central-1"), gateway_world.unique("parameters")
    rds.create_db_parameter_group(DBParameterGroupName=name, DBParameterGroupFamily="postgres17", Description="x")
    parameter = {"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName=name, Parameters=[parameter])
    (found,) = rds.describe_db_parameters(DBParameterGroupName=name, Source="user")["Parameters"]
    assert {key: found[key] for key in (*parameter, "Source")} == {**parameter, "Source": "user"}


def test_promotion_is_refused_because_no_database_runs(gateway_world: GatewayWorld) -> None:
    rds = gateway_world.client("rds", "eu-west-1")
    refused("NotImplemented", rds.promote_read_replica, DBInstanceIdentifier="x")


def test_instance_has_the_default_authority_unless_it_names_one(gateway_world: GatewayWorld) -> None:
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
    rds = gateway_world.client("rds", "eu-central-1")
    for named in ({}, {"CACertificateIdentifier": "rds-ca-ecc384-g1"}):
        name = gateway_world.unique("database")
        rds.create_db_instance(
            DBInstanceIdentifier=name,
            DBInstanceClass="db.t4g.micro",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="administrator",
            MasterUserPassword="secret-enough",
            **named,
        )
        (found,) = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
        assert found["CACertificateIdentifier"] == named.get("CACertificateIdentifier", "rds-ca-rsa2048-g1")
