"""S3 replication configurations: what they mean and what S3 refuses in them. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ReplicationRule.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from localcloud.gateway.errors import ServiceError

ARN_PREFIX = "arn:aws:s3:::"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicationRule:
    """One enabled rule.

    Attributes:
        destination: bucket name.
        prefix: keys it applies to; empty for all.
        tags: tags that an object must have.
        priority: the highest of the rules that apply to one destination wins.
        replicates_delete_markers: whether deletions without a version id are repeated.
        storage_class: of the replicas; None for the source's.
        replica_kms_key: ARN of the key for copies of objects under a KMS key; None: the rule leaves such objects out.
    """

    destination: str
    prefix: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    priority: int = 0
    replicates_delete_markers: bool = False
    storage_class: str | None = None
    replica_kms_key: str | None = None

    def applies_to(self, key: str, tags: Mapping[str, str]) -> bool:
        """Return whether an object is to be replicated."""
        return key.startswith(self.prefix) and all(tags.get(name) == value for name, value in self.tags)


def parse_rules(configuration: Element) -> list[ReplicationRule]:
    """Return the enabled rules of a configuration, highest priority first.

    Raises:
        ServiceError: what PutBucketReplication refuses.
    """
    rules = configuration.findall("Rule")
    if not rules or not configuration.findtext("Role"):
        raise ServiceError(400, "MalformedXML", "A replication configuration needs a Role and at least one Rule")
    for rule in rules:
        _check_rule(rule)
    parsed = [_parse_rule(rule) for rule in rules if rule.findtext("Status") == "Enabled"]
    priorities = [rule.priority for rule in parsed]
    if len(rules) > 1 and len(set(priorities)) < len(priorities):
        raise ServiceError(400, "InvalidRequest", f"Rules must have different priorities, but have {priorities}")
    return sorted(parsed, key=lambda rule: -rule.priority)


def _check_rule(rule: Element) -> None:
    name = rule.findtext("ID") or "without ID"
    if rule.findtext("Status") not in {"Enabled", "Disabled"}:
        raise ServiceError(400, "MalformedXML", f"Status of rule {name} must be Enabled or Disabled")
    _check_time_control(rule, name)
    if _selects_kms(rule) and not rule.findtext("Destination/EncryptionConfiguration/ReplicaKmsKeyID"):
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_Destination.html
        message = f"Rule {name} selects SSE-KMS objects, so EncryptionConfiguration must name a ReplicaKmsKeyID"
        raise ServiceError(400, "InvalidRequest", message)
    if rule.find("Filter") is None:
        return
    if rule.find("DeleteMarkerReplication") is None:
        message = (
            "DeleteMarkerReplication must be specified for this version of Cross Region Replication configuration "
            f"schema: rule {name}"
        )
        raise ServiceError(400, "InvalidRequest", message)
    if rule.find("Priority") is None:
        raise ServiceError(400, "InvalidRequest", f"Priority must be specified for rule {name}, which has a Filter")
    if _tags_of(rule) and rule.findtext("DeleteMarkerReplication/Status") == "Enabled":
        message = f"Delete marker replication is not supported if any Tag filter is specified: rule {name}"
        raise ServiceError(400, "InvalidRequest", message)


def _selects_kms(rule: Element) -> bool:
    return rule.findtext("SourceSelectionCriteria/SseKmsEncryptedObjects/Status") == "Enabled"


def _check_time_control(rule: Element, name: str) -> None:
    """Refuse a time other than 15 minutes, or time control without metrics.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ReplicationTime.html ; every copy here is made within seconds.
    """
    if rule.findtext("Destination/ReplicationTime/Status") != "Enabled":
        return
    if rule.findtext("Destination/Metrics/Status") != "Enabled":
        raise ServiceError(400, "InvalidRequest", f"ReplicationTime of rule {name} must come with Metrics")
    minutes = {
        rule.findtext("Destination/ReplicationTime/Time/Minutes"),
        rule.findtext("Destination/Metrics/EventThreshold/Minutes"),
    }
    if minutes != {"15"}:
        raise ServiceError(400, "InvalidRequest", f"Time and EventThreshold of rule {name} must be 15 minutes")


def _tags_of(rule: Element) -> tuple[tuple[str, str], ...]:
    nodes = [*rule.findall("Filter/Tag"), *rule.findall("Filter/And/Tag")]
    return tuple((node.findtext("Key") or "", node.findtext("Value") or "") for node in nodes)


def _parse_rule(rule: Element) -> ReplicationRule:
    prefix = rule.findtext("Filter/And/Prefix") or rule.findtext("Filter/Prefix") or rule.findtext("Prefix") or ""
    return ReplicationRule(
        destination=(rule.findtext("Destination/Bucket") or "").removeprefix(ARN_PREFIX),
        prefix=prefix,
        tags=_tags_of(rule),
        priority=int(rule.findtext("Priority") or 0),
        # the first schema, without Filter, repeats delete markers always
        replicates_delete_markers=rule.find("Filter") is None
        or rule.findtext("DeleteMarkerReplication/Status") == "Enabled",
        storage_class=rule.findtext("Destination/StorageClass"),
        replica_kms_key=rule.findtext("Destination/EncryptionConfiguration/ReplicaKmsKeyID")
        if _selects_kms(rule)
        else None,
    )


def rules_for(rules: list[ReplicationRule], key: str, tags: Mapping[str, str]) -> list[ReplicationRule]:
    """Return the rule that applies for each destination."""
    chosen: dict[str, ReplicationRule] = {}
    for rule in rules:
        if rule.applies_to(key, tags):
            chosen.setdefault(rule.destination, rule)
    return list(chosen.values())
