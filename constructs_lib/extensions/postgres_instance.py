"""A PostgreSQL instance on RDS: the writer, or its read replica in another region."""

from typing import Any

from cdktf import TerraformResourceLifecycle, TerraformStack
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from cdktf_cdktf_provider_aws.db_instance import DbInstance
from cdktf_cdktf_provider_aws.db_parameter_group import DbParameterGroup, DbParameterGroupParameter
from cdktf_cdktf_provider_aws.kms_key import KmsKey
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib import policies
from constructs_lib.checkov_skips import skip
from constructs_lib.extensions.database_network import POSTGRES_PORT, DatabaseNetwork
from constructs_lib.site_file.database import Database

ADMINISTRATOR = "administrator"
_PASSWORD = "database_administrator"  # noqa: S105  (the id of what makes it)
_PASSWORD_CHARACTERS = 40
_DELETION_WINDOW_DAYS = 30
_LOG_RETENTION_DAYS = 365
_LOGS = ("postgresql", "upgrade")
_PARAMETERS = {
    "rds.force_ssl": "1",
    # Changes of the schema, and statements of a second or longer.
    "log_statement": "ddl",
    "log_min_duration_statement": "1000",
}
# What an instance is made with and keeps: a difference would replace it, and a promoted replica differs in all of it.
_MADE_WITH = ("replicate_source_db", "db_name", "username")
_SKIPS = {
    "CKV_AWS_118": "Enhanced monitoring costs log storage and wants a role more; CloudWatch has CPU, storage and ReplicaLag by "
    "the minute free of charge.",
    "CKV_AWS_353": "Insights into queries are the application team's choice, and not every small class has them.",
}
_ONE_ZONE = {
    "CKV_AWS_157": "A standby in the same region doubles the price; database.multi_az adds it to the writer. The replica "
    "stands in another region.",
}
_LOG_SKIPS = {
    "CKV_AWS_158": "CloudWatch Logs encrypts with its own key; statements are logged as they change the schema or take a "
    "second. A KMS key costs 1 USD a month and region.",
}


class PostgresInstance(Construct):
    """Encrypted by a key of its own, reached over TLS only, backed up; users sign in by IAM.

    Nobody knows the administrator's password: Terraform makes one up for each change of it and keeps it nowhere (`password_wo`),
    and RDS cannot manage it, because a source whose password Secrets Manager holds takes no read replica
    (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html). docs/DATABASE.md says how to set one.

    A replica is promoted outside Terraform, so what an instance is made with is ignored from then on: an apply after a promotion
    must not make it a replica again, which would replace it.

    Attributes:
        identifier: identifier of the instance.
        arn: its ARN.
        endpoint: host name and port.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        settings: Database,
        network: DatabaseNetwork,
        source_arn: str | None,
        provider: AwsProvider,
    ) -> None:
        """`source_arn` is the writer's; None makes the writer."""
        super().__init__(scope, id_)
        self._name = name
        self._provider = provider
        logs = [self._add_log_group(kind) for kind in _LOGS]
        part = self._writer(settings) if source_arn is None else _replica(source_arn)
        instance = DbInstance(
            self,
            "instance",
            identifier=name,
            instance_class=settings.instance_class.value,
            storage_type="gp3",
            max_allocated_storage=settings.storage_limit_gigabytes,
            storage_encrypted=True,
            kms_key_id=self._add_key().arn,
            db_subnet_group_name=network.subnet_group_name,
            vpc_security_group_ids=[network.security_group_id],
            publicly_accessible=False,
            port=POSTGRES_PORT,
            parameter_group_name=self._add_parameters(settings).name,
            iam_database_authentication_enabled=True,
            auto_minor_version_upgrade=True,
            backup_retention_period=settings.backup_retention_days,
            copy_tags_to_snapshot=True,
            delete_automated_backups=False,
            deletion_protection=settings.deletion_protection,
            enabled_cloudwatch_logs_exports=list(_LOGS),
            lifecycle=TerraformResourceLifecycle(ignore_changes=list(_MADE_WITH)),
            depends_on=logs,
            provider=provider,
            **part,
        )
        has_standby = source_arn is None and settings.multi_az
        skip(instance, _SKIPS if has_standby else {**_SKIPS, **_ONE_ZONE})
        self.identifier = instance.identifier
        self.arn = instance.arn
        self.endpoint = instance.endpoint

    def _writer(self, settings: Database) -> dict[str, Any]:
        """Returns the arguments that a replica takes from its source, or may not have."""
        return {
            "engine": "postgres",
            "engine_version": settings.engine_version.value,
            "db_name": settings.database_name,
            "username": ADMINISTRATOR,
            "password_wo": self._password(),
            "password_wo_version": 1,
            "allocated_storage": settings.storage_gigabytes,
            "multi_az": settings.multi_az,
            "skip_final_snapshot": False,
            "final_snapshot_identifier": f"{self._name}-final",
        }

    def _password(self) -> str:
        """Returns the expression of a password that neither the plan nor the state holds; cdktf 0.21 has no ephemeral blocks.

        https://developer.hashicorp.com/terraform/language/resources/ephemeral
        """
        kind = "aws_secretsmanager_random_password"
        settings = {
            "password_length": _PASSWORD_CHARACTERS,
            "exclude_punctuation": True,  # RDS takes no /, @, double quote or space
            "provider": self._provider.fqn,
        }
        TerraformStack.of(self).add_override(f"ephemeral.{kind}.{_PASSWORD}", settings)
        return f"${{ephemeral.{kind}.{_PASSWORD}.random_password}}"

    def _add_key(self) -> KmsKey:
        account = DataAwsCallerIdentity(self, "account", provider=self._provider)
        return KmsKey(
            self,
            "key",
            description=f"{self._name}: storage, backups and snapshots in this region",
            enable_key_rotation=True,
            deletion_window_in_days=_DELETION_WINDOW_DAYS,
            policy=policies.to_json(policies.account_key(account.account_id)),
            provider=self._provider,
        )

    def _add_parameters(self, settings: Database) -> DbParameterGroup:
        return DbParameterGroup(
            self,
            "parameters",
            name=f"{self._name}-postgres{settings.engine_version.value}",
            family=f"postgres{settings.engine_version.value}",
            parameter=[DbParameterGroupParameter(name=name, value=value) for name, value in _PARAMETERS.items()],
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
            provider=self._provider,
        )

    def _add_log_group(self, kind: str) -> CloudwatchLogGroup:
        """Before the instance, or RDS makes it, to be kept for ever."""
        log_group = CloudwatchLogGroup(
            self,
            f"{kind}_log",
            name=f"/aws/rds/instance/{self._name}/{kind}",
            retention_in_days=_LOG_RETENTION_DAYS,
            provider=self._provider,
        )
        skip(log_group, _LOG_SKIPS)
        return log_group


def _replica(source_arn: str) -> dict[str, Any]:
    """Returns the arguments of a replica; RDS makes no final snapshot of one."""
    return {"replicate_source_db": source_arn, "skip_final_snapshot": True}
