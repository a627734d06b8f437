"""Route 53's health checks: what is taken, what checkers report, and the metrics."""

import datetime
from typing import Any

import pytest

from tests.conformance.cloud import Cloud, record, refused, unique
from tests.documented import documented, stated

DEFAULT_REGIONS = {
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "sa-east-1",
}


def observations(cloud: Cloud, check_id: str) -> list[Any]:
    answer = cloud.aws("route53").get_health_check_status(HealthCheckId=check_id)
    return list(answer["HealthCheckObservations"])


def update(cloud: Cloud, check_id: str, **changes: Any) -> None:
    cloud.aws("route53").update_health_check(HealthCheckId=check_id, **changes)


@documented(
    "R53API/API_GetHealthCheckStatus",
    "The status of a check is what checkers reported: nothing before the first probe.",
)
def test_check_has_no_observation_before_a_probe(cloud: Cloud) -> None:
    assert observations(cloud, cloud.health_check(RequestInterval=30)) == []


@documented("R53/health-checks-creating-values", "A disabled check is not probed, so it has no observations.")
def test_disabled_check_has_no_observation(cloud: Cloud) -> None:
    check_id = cloud.health_check(Disabled=True)
    cloud.sleep(15)
    assert observations(cloud, check_id) == []


@documented("R53API/API_HealthCheckConfig", "Without Regions a check is probed from all eight checker regions.")
def test_check_is_probed_from_all_regions(cloud: Cloud) -> None:
    check_id = cloud.health_check()
    cloud.until(lambda: {each["Region"] for each in observations(cloud, check_id)} == DEFAULT_REGIONS)
    assert all(each["StatusReport"]["Status"].startswith("Failure") for each in observations(cloud, check_id))


@documented("R53API/API_HealthCheckConfig", "With Regions a check is probed from those alone.")
def test_check_is_probed_from_its_regions(cloud: Cloud) -> None:
    regions = ["us-east-1", "eu-west-1", "sa-east-1"]
    check_id = cloud.health_check(Regions=regions)
    cloud.until(lambda: {each["Region"] for each in observations(cloud, check_id)} == set(regions))


@documented(
    "R53API/API_UpdateHealthCheck", "Updated Regions are where a check is probed from, each with checkers of its own."
)
def test_check_follows_its_updated_regions(cloud: Cloud) -> None:
    check_id = cloud.health_check()
    cloud.until(lambda: {each["Region"] for each in observations(cloud, check_id)} == DEFAULT_REGIONS)
    regions = {"us-east-1", "us-west-1", "us-west-2"}
    update(cloud, check_id, Regions=sorted(regions))
    cloud.until(lambda: {each["Region"] for each in observations(cloud, check_id)} == regions)
    addresses = [each["IPAddress"] for each in observations(cloud, check_id)]
    assert len(addresses) == len(set(addresses))


@pytest.mark.parametrize(
    "config",
    [
        stated("R53API/API_HealthCheckConfig", "RequestInterval is 10 or 30 seconds.", {"RequestInterval": 20}),
        stated("R53API/API_HealthCheckConfig", "FailureThreshold is at most 10.", {"FailureThreshold": 11}),
        stated("R53API/API_HealthCheckConfig", "Regions are at least three.", {"Regions": ["us-east-1", "us-west-1"]}),
        stated(
            "R53API/API_HealthCheckConfig",
            "A checker region is one of eight.",
            {"Regions": ["us-east-1", "us-west-1", "eu-central-1"]},
        ),
        stated(
            "R53API/API_HealthCheckConfig",
            "SearchString has at most 255 characters.",
            {"Type": "HTTP_STR_MATCH", "SearchString": "a" * 256},
        ),
        stated("R53API/API_HealthCheckConfig", "A string match needs a SearchString.", {"Type": "HTTP_STR_MATCH"}),
        stated(
            "R53API/API_HealthCheckConfig",
            "ResourcePath has at most 255 characters.",
            {"Type": "HTTP", "ResourcePath": "/" + "a" * 255},
        ),
        stated(
            "R53API/API_HealthCheckConfig",
            "FullyQualifiedDomainName has at most 255 characters.",
            {"FullyQualifiedDomainName": "a" * 256},
        ),
        stated("R53API/API_HealthCheckConfig", "Port is at most 65,535.", {"Port": 65_536}),
        stated("R53API/API_HealthCheckConfig", "A private address is not probed.", {"IPAddress": "10.0.0.1"}),
        stated("R53API/API_HealthCheckConfig", "IPAddress is an address.", {"IPAddress": "300.0.0.1"}),
        stated("R53API/API_HealthCheckConfig", "An endpoint has an address or a name.", {"IPAddress": None}),
        stated(
            "R53API/API_HealthCheckConfig",
            "A calculated check has at most 256 children.",
            {"Type": "CALCULATED", "ChildHealthChecks": [f"c{number}" for number in range(257)]},
        ),
        stated(
            "R53API/API_HealthCheckConfig",
            "A child check exists.",
            {"Type": "CALCULATED", "ChildHealthChecks": ["11111111-2222-3333-4444-555555555555"]},
        ),
        stated(
            "R53API/API_HealthCheckConfig",
            "InsufficientDataHealthStatus is one of three words.",
            {
                "Type": "CLOUDWATCH_METRIC",
                "IPAddress": None,
                "Port": None,
                "AlarmIdentifier": {"Name": "a", "Region": "us-east-1"},
                "InsufficientDataHealthStatus": "Sick",
            },
        ),
    ],
)
def test_check_rejects(cloud: Cloud, config: dict[str, Any]) -> None:
    full = {"Type": "TCP", "IPAddress": "203.0.113.77", "Port": 9, **config}
    kept = {name: value for name, value in full.items() if value is not None}
    create = cloud.aws("route53").create_health_check
    refused("InvalidInput", create, CallerReference=unique("check"), HealthCheckConfig=kept)


@documented("R53API/API_CreateHealthCheck", "A caller reference of a check has at most 64 characters.")
def test_check_rejects_a_reference_above_64_characters(cloud: Cloud) -> None:
    config = {"Type": "TCP", "IPAddress": "203.0.113.77", "Port": 9}
    refused(
        "InvalidInput", cloud.aws("route53").create_health_check, CallerReference="a" * 65, HealthCheckConfig=config
    )


@documented("R53API/API_CreateHealthCheck", "The same caller reference with other settings is refused.")
def test_check_rejects_a_reference_with_other_settings(cloud: Cloud) -> None:
    route53, reference = cloud.aws("route53"), unique("check")
    config = {"Type": "TCP", "IPAddress": "203.0.113.77", "Port": 9}
    first = route53.create_health_check(CallerReference=reference, HealthCheckConfig=config)["HealthCheck"]["Id"]
    again = route53.create_health_check(CallerReference=reference, HealthCheckConfig=config)["HealthCheck"]["Id"]
    assert first == again
    other = {**config, "Port": 10}
    refused("HealthCheckAlreadyExists", route53.create_health_check, CallerReference=reference, HealthCheckConfig=other)


@documented("R53API/API_UpdateHealthCheck", "An update that names another version is refused.")
def test_check_rejects_an_update_of_another_version(cloud: Cloud) -> None:
    update_check, check_id = cloud.aws("route53").update_health_check, cloud.health_check()
    refused("HealthCheckVersionMismatch", update_check, HealthCheckId=check_id, HealthCheckVersion=7, Port=10)


@documented("R53API/API_GetHealthCheckStatus", "The status of a calculated check cannot be read.")
def test_calculated_check_has_no_status(cloud: Cloud) -> None:
    check_id = calculated(cloud, cloud.health_check())
    refused("InvalidInput", cloud.aws("route53").get_health_check_status, HealthCheckId=check_id)


def calculated(cloud: Cloud, *children: str, threshold: int = 1) -> str:
    config = {"Type": "CALCULATED", "ChildHealthChecks": list(children), "HealthThreshold": threshold}
    return cloud.health_check(**config, IPAddress=None, Port=None, RequestInterval=None)


def failover_name(cloud: Cloud, check_id: str) -> str:
    """Makes a failover pair whose primary, 192.0.2.1, has the check; returns the name."""
    zone_id, name = cloud.zone()
    primary: dict[str, Any] = {"SetIdentifier": "1", "Failover": "PRIMARY", "HealthCheckId": check_id}
    secondary: dict[str, Any] = {"SetIdentifier": "2", "Failover": "SECONDARY"}
    cloud.change(zone_id, record(f"f.{name}", "A", "192.0.2.1", **primary))
    cloud.change(zone_id, record(f"f.{name}", "A", "192.0.2.2", **secondary))
    return f"f.{name}"


@documented(
    "R53/dns-failover-determining-health-of-endpoints",
    "A check that fails FailureThreshold times in a row is unhealthy, and its failover record leaves the answers.",
)
def test_failing_check_moves_the_answer(cloud: Cloud) -> None:
    name = failover_name(cloud, cloud.health_check(FailureThreshold=1))
    cloud.until(lambda: cloud.values(name) == ["192.0.2.2"])


@documented("R53/dns-failover-determining-health-of-endpoints", "A check is healthy until its checkers say otherwise.")
def test_new_check_is_healthy(cloud: Cloud) -> None:
    name = failover_name(cloud, cloud.health_check(RequestInterval=30, FailureThreshold=10))
    assert cloud.values(name) == ["192.0.2.1"]


@documented("R53/health-checks-creating-values", "A disabled check is healthy.")
def test_disabled_check_is_healthy(cloud: Cloud) -> None:
    name = failover_name(cloud, cloud.health_check(Disabled=True, FailureThreshold=1))
    cloud.sleep(15)
    assert cloud.values(name) == ["192.0.2.1"]


@documented("R53/health-checks-creating-values", "A check that is disabled and inverted is unhealthy.")
def test_disabled_and_inverted_check_is_unhealthy(cloud: Cloud) -> None:
    name = failover_name(cloud, cloud.health_check(Disabled=True, Inverted=True))
    cloud.until(lambda: cloud.values(name) == ["192.0.2.2"])


@documented("R53/health-checks-creating-values", "An inverted check is healthy while its endpoint fails.")
def test_inverted_check_is_healthy_while_its_endpoint_fails(cloud: Cloud) -> None:
    check_id = cloud.health_check(Inverted=True, FailureThreshold=1)
    name = failover_name(cloud, check_id)
    cloud.until(lambda: len(observations(cloud, check_id)) == 16)
    assert cloud.values(name) == ["192.0.2.1"]


@documented(
    "R53/dns-failover-problems",
    "A calculated check counts a child that is disabled and inverted as unhealthy: the manual lever.",
)
def test_calculated_check_follows_the_manual_lever(cloud: Cloud) -> None:
    child = cloud.health_check(Disabled=True)
    name = failover_name(cloud, calculated(cloud, child))
    assert cloud.values(name) == ["192.0.2.1"]
    update(cloud, child, Inverted=True)
    cloud.until(lambda: cloud.values(name) == ["192.0.2.2"])
    update(cloud, child, Inverted=False)
    cloud.until(lambda: cloud.values(name) == ["192.0.2.1"])


@documented("R53/health-checks-creating-values", "A calculated check with HealthThreshold 0 is always healthy.")
def test_calculated_check_with_threshold_0_is_healthy(cloud: Cloud) -> None:
    child = cloud.health_check(Disabled=True, Inverted=True)
    assert cloud.values(failover_name(cloud, calculated(cloud, child, threshold=0))) == ["192.0.2.1"]


@documented(
    "R53/health-checks-creating-values",
    "A calculated check with a HealthThreshold above its children is never healthy.",
)
def test_calculated_check_with_a_threshold_above_its_children_is_unhealthy(cloud: Cloud) -> None:
    name = failover_name(cloud, calculated(cloud, cloud.health_check(Disabled=True), threshold=2))
    cloud.until(lambda: cloud.values(name) == ["192.0.2.2"])


@documented(
    "R53/health-checks-how-route-53-chooses-records", "When every record of a name is unhealthy, all count as healthy."
)
def test_all_unhealthy_counts_as_all_healthy(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    for number in (1, 2):
        check_id = cloud.health_check(Disabled=True, Inverted=True)
        role: dict[str, Any] = {
            "SetIdentifier": str(number),
            "Failover": ("PRIMARY", "SECONDARY")[number - 1],
            "HealthCheckId": check_id,
        }
        cloud.change(zone_id, record(f"f.{name}", "A", f"192.0.2.{number}", **role))
    cloud.sleep(5)
    assert cloud.values(f"f.{name}") == ["192.0.2.1"]


@documented("R53API/API_ChangeResourceRecordSets", "A record's health check exists.")
def test_record_rejects_a_check_that_is_not_there(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    settings: dict[str, Any] = {
        "SetIdentifier": "1",
        "Weight": 1,
        "HealthCheckId": "11111111-2222-3333-4444-555555555555",
    }
    changes = [{"Action": "CREATE", "ResourceRecordSet": record(f"a.{name}", "A", "192.0.2.1", **settings)}]
    call = cloud.aws("route53").change_resource_record_sets
    refused("NoSuchHealthCheck", call, HostedZoneId=zone_id, ChangeBatch={"Changes": changes})


def metric(cloud: Cloud, name: str, check_id: str, statistic: str = "Minimum") -> list[float]:
    now = datetime.datetime.now(datetime.UTC)
    found = cloud.aws("cloudwatch").get_metric_statistics(
        Namespace="AWS/Route53",
        MetricName=name,
        Dimensions=[{"Name": "HealthCheckId", "Value": check_id}],
        StartTime=now - datetime.timedelta(minutes=30),
        EndTime=now + datetime.timedelta(minutes=1),
        Period=60,
        Statistics=[statistic],
    )["Datapoints"]
    return [point[statistic] for point in found]


@documented("R53/monitoring-health-checks", "HealthCheckStatus is 1 for a healthy check and 0 for an unhealthy one.")
def test_status_metric_can_be_read(cloud: Cloud) -> None:
    healthy, sick = cloud.health_check(Disabled=True), cloud.health_check(Disabled=True, Inverted=True)
    cloud.until(lambda: set(metric(cloud, "HealthCheckStatus", healthy)) == {1.0})
    cloud.until(lambda: set(metric(cloud, "HealthCheckStatus", sick)) == {0.0})


@documented(
    "R53/monitoring-health-checks", "HealthCheckPercentageHealthy is the share of checkers that reach the endpoint."
)
def test_percentage_metric_can_be_read(cloud: Cloud) -> None:
    check_id = cloud.health_check(FailureThreshold=1)
    cloud.until(lambda: 0.0 in metric(cloud, "HealthCheckPercentageHealthy", check_id))


@documented(
    "R53/monitoring-health-checks",
    "ChildHealthCheckHealthyCount is how many children of a calculated check are healthy.",
)
def test_children_metric_can_be_read(cloud: Cloud) -> None:
    children = [cloud.health_check(Disabled=True, Inverted=is_inverted) for is_inverted in (True, False, False)]
    check_id = calculated(cloud, *children)
    cloud.until(lambda: 2.0 in metric(cloud, "ChildHealthCheckHealthyCount", check_id))


@documented("R53/monitoring-health-checks", "The metrics of a check are in AWS/Route53 of us-east-1, by HealthCheckId.")
def test_metrics_are_listed(cloud: Cloud) -> None:
    check_id = cloud.health_check(Disabled=True)

    def names() -> set[str]:
        dimensions = [{"Name": "HealthCheckId", "Value": check_id}]
        found = cloud.aws("cloudwatch").list_metrics(Namespace="AWS/Route53", Dimensions=dimensions)["Metrics"]
        return {each["MetricName"] for each in found}

    cloud.until(lambda: names() == {"HealthCheckStatus"})


@documented("CWAPI/API_GetMetricData", "GetMetricData reads the metrics of AWS's services.")
def test_metric_data_has_the_metrics_of_services(cloud: Cloud) -> None:
    check_id = cloud.health_check(Disabled=True)
    now = datetime.datetime.now(datetime.UTC)
    dimensions = [{"Name": "HealthCheckId", "Value": check_id}]
    metric_ = {"Namespace": "AWS/Route53", "MetricName": "HealthCheckStatus", "Dimensions": dimensions}
    query = {"Id": "a", "MetricStat": {"Metric": metric_, "Period": 60, "Stat": "Maximum"}}

    def values() -> list[float]:
        answer = cloud.aws("cloudwatch").get_metric_data(
            MetricDataQueries=[query],
            StartTime=now - datetime.timedelta(minutes=5),
            EndTime=now + datetime.timedelta(minutes=5),
        )
        return list(answer["MetricDataResults"][0]["Values"])

    cloud.until(lambda: 1.0 in values())
