"""What of `edge` is changed in place when a region's name changes, by the paths that cdktf writes into the stacks."""

from typing import Any

from scripts.regions.renames import certificates_of, own_records, renames

OLD, NEW = "eu-central-1", "eu-west-1"


def stack(region: str) -> dict[str, Any]:
    def body(path: str) -> dict[str, Any]:
        return {"//": {"metadata": {"path": f"edge/{path}"}}}

    return {
        "resource": {
            "aws_cloudfront_distribution": {
                f"d_{region}": body(f"distribution_{region}/distribution"),
                "d_us": body("distribution_us-east-1/distribution"),
            },
            "aws_route53_health_check": {
                f"c_{region}": body(f"health_checks/region_{region}"),
                "path": body("health_checks/path"),
            },
            "aws_cloudfront_function": {f"f_{region}": body(f"router/function_{region}")},
            "aws_route53_record": {
                f"r_{region}_a": body(f"records_{region}/a"),
                f"r_{region}_aaaa": body(f"records_{region}/aaaa"),
                "www": body("failover_records/primary_a"),
            },
        }
    }


def test_distribution_and_check_of_the_region_are_changed_in_place() -> None:
    assert renames(stack(OLD), stack(NEW), old=OLD, new=NEW) == {
        f"aws_cloudfront_distribution.d_{OLD}": f"aws_cloudfront_distribution.d_{NEW}",
        f"aws_route53_health_check.c_{OLD}": f"aws_route53_health_check.c_{NEW}",
    }


def test_function_and_records_of_the_region_are_made_anew() -> None:
    """A function's name is fixed, and one in use cannot be deleted: the new one comes first. A record's name is, too."""
    kinds = {address.partition(".")[0] for address in renames(stack(OLD), stack(NEW), old=OLD, new=NEW)}
    assert not kinds & {"aws_cloudfront_function", "aws_route53_record"}


def test_records_of_the_new_regions_own_name_come_before_the_checks_that_ask_it() -> None:
    assert own_records(stack(NEW), NEW) == [f"aws_route53_record.r_{NEW}_a", f"aws_route53_record.r_{NEW}_aaaa"]


def test_certificate_with_other_names_is_found_and_no_other() -> None:
    def dns(region: str) -> dict[str, Any]:
        names = {"domain_name": "www.example.com", "subject_alternative_names": [f"{region}.www.example.com"]}
        return {"resource": {"aws_acm_certificate": {"edge": names, "api": {"domain_name": "api.example.com"}}}}

    assert certificates_of(dns(OLD), dns(NEW)) == ["aws_acm_certificate.edge"]
