"""Which combinations of entry, policy and targets a site file may ask for, and what each refusal says."""

from pathlib import Path

import pytest

from constructs_lib.errors import ConfigError
from constructs_lib.site_file.loader import load_site_file
from constructs_lib.site_file.locations import CONTINENTS, COUNTRIES, continent_of
from constructs_lib.site_file.models import SiteFile
from tests.worlds.routing_site import write_site

THIRD = '[[region]]\nname = "ap-northeast-1"\nrole = "secondary"\n'


def endpoint(name: str = "backup", address: str = "203.0.113.1", extra: str = "") -> str:
    return f'[[endpoint]]\nname = "{name}"\nipv4_address = "{address}"\n{extra}\n'


def load(tmp_path: Path, entry: str, policy: str, **parts: str) -> SiteFile:
    return load_site_file(write_site(tmp_path, entry, policy, **parts))


W = {"first": "weight = 1", "second": "weight = 1"}
G = {"first": "is_default_location = true", "second": 'continents = ["NA"]'}
V6 = 'ipv6_address = "2001:db8::1"'
FOLDER = '\ncontent_folder = "/srv/www"'
BUCKET = '\ncontent_bucket = "exit"\ncontent_endpoint_url = "https://s3.fr-par.example"'
PLACE = "latitude = 1.5\nlongitude = -2.5"
TWO = endpoint() + endpoint("other", "203.0.113.2")

ACCEPTED: list[tuple[str, str, dict[str, str]]] = [
    ("cloudfront", "failover", {}),
    ("cloudfront", "weighted", W),
    ("cloudfront", "weighted", {"first": "weight = 255", "second": "weight = 0"}),
    ("cloudfront", "latency", {}),
    ("cloudfront", "geolocation", G),
    ("cloudfront", "failover", {"more": endpoint(extra=V6)}),
    ("cloudfront", "weighted", {**W, "more": endpoint(extra=V6)}),
    ("cloudfront", "latency", {"more": endpoint(extra=V6)}),
    ("cloudfront", "geolocation", {**G, "more": endpoint(extra=V6)}),
    ("regional", "failover", {}),
    ("regional", "failover", {"more": endpoint(extra=V6)}),
    ("regional", "failover", {"more": endpoint(extra=V6 + FOLDER)}),
    ("regional", "failover", {"more": endpoint(extra=V6 + BUCKET)}),
    (
        "regional",
        "failover",
        {"more": endpoint(extra=V6 + BUCKET + '\ncontent_region = "fr-par"\ncontent_profile = "par"')},
    ),
    ("regional", "weighted", {**W, "more": THIRD + "weight = 0\n" + endpoint(extra="weight = 2")}),
    ("regional", "latency", {"more": THIRD + endpoint(extra='near_region = "eu-west-3"')}),
    ("regional", "geolocation", {**G, "more": THIRD + 'countries = ["JP"]\nsubdivisions = ["US-CA"]\n'}),
    ("regional", "geoproximity", {"first": "bias = 99", "second": "bias = -99", "more": endpoint(extra=PLACE)}),
    ("regional", "multivalue", {"more": TWO}),
]


@pytest.mark.parametrize(("entry", "policy", "parts"), ACCEPTED)
def test_combination_that_works_is_accepted(tmp_path: Path, entry: str, policy: str, parts: dict[str, str]) -> None:
    assert load(tmp_path, entry, policy, **parts).routing.policy == policy


# (entry, policy, parts, the key named, a part of the value, of what is allowed or of what to do)
REFUSED: list[tuple[str, str, dict[str, str], str, str]] = [
    ("regional", "latency", {"more": "[features]\nwaf = true\n"}, "features.waf", "cannot stand before an HTTP API"),
    ("regional", "latency", {"more": "[features]\norigin_latency = true\n"}, "features.origin_latency", "nothing would watch"),
    ("regional", "multivalue", {"more": TWO, "health_check": "alarm_check = true"}, "alarm_check", "external endpoints only"),
    ("cloudfront", "geoproximity", {}, "routing.policy", 'use entry = "regional"'),
    ("cloudfront", "multivalue", {"more": TWO}, "routing.policy", '"failover" or "weighted" or "latency" or "geolocation"'),
    ("cloudfront", "latency", {"more": THIRD}, "region", "an origin group has two members"),
    ("regional", "failover", {"more": THIRD}, "region", "a failover record two roles"),
    ("cloudfront", "failover", {"more": endpoint()}, "endpoint[0].ipv6_address is missing", "A and AAAA fail over separately"),
    ("cloudfront", "failover", {"more": endpoint(extra=V6) + endpoint("bb", "203.0.113.2", 'ipv6_address = "2001:db8::2"')},
     "endpoint is 2 tables", 'at most one [[endpoint]] with entry = "cloudfront"'),
    ("cloudfront", "weighted", {**W, "more": endpoint(extra=V6 + "\nweight = 1")}, "endpoint[0].weight is 1", "nothing chooses"),
    ("cloudfront", "failover", {"more": endpoint(extra=V6 + '\ncheck_protocol = "http"')}, "endpoint[0].check_protocol",
     "a certificate for www.example.com"),
    ("cloudfront", "failover", {"more": endpoint(extra=V6 + '\ncheck_protocol = "tcp"')}, "endpoint[0].check_protocol",
     "a certificate for www.example.com"),
    ("cloudfront", "failover", {"more": endpoint(extra=V6 + "\ncheck_port = 8443")}, "endpoint[0].check_protocol", "port 443"),
    ("cloudfront", "failover", {"more": endpoint(extra=V6 + '\ncheck_host = "www.example.org"')}, "endpoint[0].check_host",
     "viewers ask the exit for the public name"),
    ("regional", "failover", {"more": endpoint(extra=V6 + FOLDER + BUCKET)}, "content_folder alone", "name one place"),
    ("regional", "failover", {"more": endpoint(extra=V6 + '\ncontent_bucket = "exit"')}, "content_endpoint_url",
     "name one place"),
    ("regional", "failover", {"more": endpoint(extra=V6 + '\ncontent_endpoint_url = "https://s3.example"')}, "content_bucket",
     "name one place"),
    ("regional", "failover", {"more": endpoint(extra=V6 + FOLDER + '\ncontent_profile = "p"')}, "content_bucket",
     "remove content_profile"),
    *[("regional", "failover", {"more": endpoint(extra=f'{V6}\ncontent_bucket = "exit"\ncontent_endpoint_url = "{url}"')},
       "endpoint[0].content_endpoint_url", "https://")
      for url in ("http://s3.example", "https://s3.example/path", "s3.example", "https://user@s3.example")],
    *[("regional", "failover", {"more": endpoint(extra=f'{V6}\ncontent_folder = "{folder}"')},
       "endpoint[0].content_folder", "an absolute path")
      for folder in ("www", "/", "/srv/", "/a b")],
    ("regional", "latency", {"protocol": "http"}, "health_check.region_check_protocol", "has no port 80"),
    ("cloudfront", "weighted", {"first": "weight = 1"}, "region[1].weight is missing", "from 0 to 255"),
    ("cloudfront", "weighted", {"first": "weight = 256", "second": "weight = 1"}, "region[0].weight is 256", "0 to 255"),
    ("cloudfront", "weighted", {"first": "weight = -1", "second": "weight = 1"}, "region[0].weight is -1", "0 to 255"),
    ("regional", "weighted", {"first": "weight = 0", "second": "weight = 0"}, "weight is 0, and so is every", "above 0"),
    ("regional", "weighted", {**W, "more": endpoint()}, "endpoint[0].weight is missing", "add weight"),
    ("cloudfront", "failover", W, "region[0].weight", 'weight with routing.policy = "weighted" only'),
    ("cloudfront", "failover", G, "region[0].is_default_location", 'with routing.policy = "geolocation" only'),
    ("regional", "latency", {"first": "bias = 5"}, "region[0].bias", 'bias with routing.policy = "geoproximity" only'),
    ("regional", "weighted", {**W, "more": endpoint(extra="weight = 1\nlatitude = 1.0")}, "endpoint[0].latitude", "remove it"),
    ("regional", "geolocation", {"first": 'continents = ["EU"]', "second": 'countries = ["US"]'},
     "is_default_location", "gives some viewers no answer"),
    ("regional", "geolocation", {**G, "second": ""}, "region[1].countries is missing", "or it never answers"),
    ("regional", "geolocation", {"first": 'is_default_location = true\ncountries = ["US"]', "second": 'countries = ["US"]'},
     "region[0] is country US", "no other target has"),
    ("regional", "geolocation", {**G, "second": "is_default_location = true"}, "is default (not the only one)", "once"),
    ("cloudfront", "geolocation", {**G, "second": 'continents = ["XX"]'}, "region[1].continents", "AF, AN, AS, EU"),
    ("cloudfront", "geolocation", {**G, "second": 'countries = ["UK"]'}, "region[1].countries", "correct UK"),
    ("regional", "geolocation", {**G, "second": 'countries = ["NZ", "CX"]'}, "region[1].countries", "correct CX: Route 53"),
    ("cloudfront", "geolocation", {**G, "second": 'subdivisions = ["CA-ON"]'}, "region[1].subdivisions", "states of the US"),
    ("regional", "geoproximity", {"first": "bias = 100"}, "region[0].bias is 100", "from -99 to 99"),
    ("regional", "geoproximity", {"first": "bias = -100"}, "region[0].bias is -100", "from -99 to 99"),
    ("regional", "geoproximity", {"more": endpoint()}, "endpoint[0].latitude is missing", "add latitude"),
    ("regional", "geoproximity", {"more": endpoint(extra="latitude = 91.0\nlongitude = 0.0")}, "latitude is 91", "-90 to 90"),
    ("regional", "latency", {"more": endpoint()}, "endpoint[0].near_region is missing", "nearest to this endpoint"),
    ("regional", "latency", {"more": endpoint(extra='near_region = "us-east-1"')}, "near_region", "stands for"),
    ("regional", "latency", {"more": endpoint(extra='near_region = "mars-1"')}, "near_region", "AWS region"),
    ("regional", "multivalue", {}, "endpoint is 0 tables", "no alias in a multivalue answer"),
    ("regional", "multivalue", {"more": endpoint()}, "endpoint is 1 tables", "two or more [[endpoint]]"),
    ("regional", "failover", {"more": endpoint()}, "endpoint[0].ipv6_address is missing", "A and AAAA fail over separately"),
    ("regional", "failover", {"more": TWO}, "endpoint is 2 tables", "at most one"),
    ("regional", "multivalue", {"more": endpoint() + endpoint(address="203.0.113.2")}, "endpoint[0].name", "rename it"),
    ("regional", "multivalue", {"more": endpoint() + endpoint("other")}, "203.0.113.1", "its own address"),
    ("regional", "multivalue", {"more": TWO + endpoint("us-east-1", "203.0.113.3")}, "endpoint[2].name", "rename it"),
    ("regional", "multivalue", {"more": endpoint(address="10.0.0.1") + endpoint("b")}, "endpoint[0].ipv4_address", "no private"),
    ("regional", "multivalue", {"more": endpoint(address="127.0.0.1") + endpoint("b")}, "ipv4_address", "public address"),
    ("regional", "multivalue", {"more": endpoint(address="224.0.0.1") + endpoint("b")}, "ipv4_address", "multicast"),
    ("regional", "multivalue", {"more": endpoint(address="203.0.113.1:80") + endpoint("b")}, "ipv4_address", "without port"),
    ("regional", "multivalue", {"more": endpoint(extra='ipv6_address = "203.0.113.9"')}, "ipv6_address", "public IPv6"),
    ("regional", "multivalue", {"more": endpoint(address="192.88.99.1") + endpoint("b")}, "ipv4_address", "public address"),
    *[("regional", "multivalue", {"more": endpoint(extra=f'ipv6_address = "{address}"')}, "ipv6_address", "public address")
      for address in ("::1", "fe80::1", "fec0::1", "fd00::1", "ff02::1", "::8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::808:808",
                      "2001::1", "2002:808:808::1", "4000::1")],
    *[("regional", "multivalue", {"more": endpoint(extra=f'check_protocol = "tcp"\n{key} = "{value}"')}, f"endpoint[0].{key}",
       'with check_protocol = "http" or "https"')
      for key, value in (("check_path", "/ok"), ("check_host", "ok.example.org"), ("check_search_string", "ok"))],
    ("regional", "multivalue", {"more": endpoint(extra='check_path = "/a b"')}, "endpoint[0].check_path", "no space"),
    ("regional", "multivalue", {"more": endpoint(extra="check_port = 0")}, "endpoint[0].check_port is 0", "1 to 65535"),
    ("regional", "multivalue", {"more": endpoint(extra="check_request_interval_seconds = 20")}, "seconds is 20", "10 or 30"),
    ("regional", "multivalue", {"more": endpoint(extra='check_path = "health"')}, "endpoint[0].check_path", "starts with /"),
    ("regional", "multivalue", {"more": endpoint(extra='kind = "x"')}, "endpoint[0].kind is an unknown key", "ipv4_address"),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "policy", "parts", "key", "text"), REFUSED)
def test_combination_that_cannot_work_is_refused(
    tmp_path: Path, entry: str, policy: str, parts: dict[str, str], key: str, text: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, entry, policy, **parts)
    message = str(caught.value)
    assert key in message
    assert text in message


@pytest.mark.parametrize(("extra", "port"), [
    ("", 443),
    ('check_protocol = "tcp"', 443),
    ('check_protocol = "http"', 80),
    ('check_protocol = "http"\ncheck_port = 8080', 8080),
])  # fmt: skip
def test_endpoint_is_checked_at_the_port_of_its_protocol(tmp_path: Path, extra: str, port: int) -> None:
    """Plain HTTP at 443 is answered with an error by every server, so the endpoint would never be healthy."""
    site = load(tmp_path, "regional", "multivalue", more=endpoint(extra=extra) + endpoint("other", "203.0.113.2"))
    assert site.endpoint[0].port == port


def test_endpoint_that_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"allowed: tables \[\[endpoint\]\]"):
        load(tmp_path, "regional", "latency", more='[endpoint]\nname = "backup"\n')


def test_country_is_on_one_continent() -> None:
    assert len(COUNTRIES) == len(set(COUNTRIES)) == 249 + 1  # ISO 3166-1, and XK, which is user-assigned
    assert continent_of("JP") == "AS"
    assert continent_of("CY") == "EU"  # as Route 53 has it; the UN's M49 says Asia
    assert sorted(CONTINENTS) == ["AF", "AN", "AS", "EU", "NA", "OC", "SA"]
