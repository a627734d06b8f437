"""What this machine knows of the deployed site, and when a site file would rename it."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.onboarding.known_site import KnownSite, known_sites

HOSTNAME = "www.a.test"
PREFIX = "my-site-prod"
BUCKET = f"{PREFIX}-eu-central-1-123456789012"
EDGE = {"hostname": HOSTNAME, "buckets": {"eu-central-1": BUCKET}}


def state(outputs: dict[str, Any], *, resources: int = 1) -> str:
    return json.dumps(
        {"outputs": {name: {"value": value} for name, value in outputs.items()}, "resources": [{}] * resources}
    )


class Folder:
    def __init__(self, folder: Path) -> None:
        self.outputs = folder / "outputs.json"
        self.outdir = folder / "cdktf.out"
        self.edge = self.outdir / "stacks" / "edge"
        self.edge.mkdir(parents=True)

    def local_state(self, name: str, text: str) -> None:
        (self.outdir.parent / f"terraform.{name}.tfstate").write_text(text, encoding="utf-8")

    def synthesized(self, key: str, *, is_initialized: bool = True, is_used: bool = True) -> None:
        stack = {
            "terraform": {"backend": {"s3": {"key": key}}},
            "output": {"hostname": {"value": HOSTNAME}},
            "resource": {"aws_cloudfront_distribution": {"eu": {}}} if is_used else {},
        }
        (self.edge / "cdk.tf.json").write_text(json.dumps(stack), encoding="utf-8")
        if is_initialized:
            (self.edge / ".terraform").mkdir()

    def renamed(
        self, *, prefix: str = "my-site-new", hostname: str = HOSTNAME, is_local: bool = False
    ) -> KnownSite | None:
        return next((each for each in self.known(hostname=hostname, is_local=is_local) if each.prefix != prefix), None)

    def known(self, *, hostname: str = HOSTNAME, is_local: bool = False) -> list[KnownSite]:
        return known_sites(hostname=hostname, has_local_states=is_local, outdir=self.outdir, outputs=self.outputs)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_nothing_is_known_in_an_empty_folder(folder: Folder) -> None:
    assert folder.renamed(is_local=True) is None


def test_saved_outputs_know_the_site_of_the_name(folder: Folder) -> None:
    folder.outputs.write_text(json.dumps({"edge": EDGE}), encoding="utf-8")
    known = folder.renamed()
    assert known == KnownSite(prefix=PREFIX, hostname=HOSTNAME, found_in=folder.outputs)
    assert folder.renamed(prefix=PREFIX) is None


def test_saved_outputs_of_another_public_name_are_another_site(folder: Folder) -> None:
    folder.outputs.write_text(json.dumps({"edge": EDGE}), encoding="utf-8")
    assert folder.renamed(hostname="staging.a.test") is None


@pytest.mark.parametrize(
    ("name", "outputs"),
    [("edge", EDGE), ("region-eu-central-1", {"region": "eu-central-1", "bucket_name": BUCKET})],
)
@pytest.mark.parametrize("hostname", [HOSTNAME, "other.a.test"])
def test_local_states_are_of_one_site_whatever_its_name(
    folder: Folder, name: str, outputs: dict[str, Any], hostname: str
) -> None:
    """Terraform would take the first site down to make the other one in its states."""
    folder.local_state(name, state(outputs))
    known = folder.renamed(hostname=hostname, is_local=True)
    assert known is not None
    assert (known.prefix, known.holds_states) == (PREFIX, True)
    assert folder.renamed(hostname=hostname, is_local=True, prefix=PREFIX) is None
    assert folder.renamed(hostname=hostname) is None


def test_site_that_was_destroyed_is_not_there(folder: Folder) -> None:
    folder.local_state("edge", state(EDGE, resources=0))
    assert folder.renamed(is_local=True) is None


def test_last_synthesis_knows_by_the_key_of_its_state(folder: Folder) -> None:
    folder.synthesized("my-site/prod/edge.tfstate")
    known = folder.renamed()
    assert known is not None
    assert (known.prefix, known.found_in.name) == (PREFIX, "cdk.tf.json")
    assert folder.renamed(prefix=PREFIX) is None
    assert folder.renamed(hostname="staging.a.test") is None


def test_synthesis_that_terraform_never_saw_was_not_deployed(folder: Folder) -> None:
    folder.synthesized("my-site/prod/edge.tfstate", is_initialized=False)
    assert folder.renamed() is None


@pytest.mark.parametrize("text", ["", "[]", '{"edge": 1}', '{"edge": {"buckets": {"eu-central-1": "odd"}}}'])
def test_files_that_say_nothing_refuse_nothing(folder: Folder, text: str) -> None:
    folder.outputs.write_text(text, encoding="utf-8")
    folder.local_state("edge", text)
    (folder.edge / "cdk.tf.json").write_text(text, encoding="utf-8")
    (folder.edge / ".terraform").mkdir()
    assert folder.renamed(is_local=True) is None


CERTIFICATES = {
    "wildcard": [f"*.{HOSTNAME}"],
    "regions": [f"eu-central-1.{HOSTNAME}", f"us-east-1.{HOSTNAME}"],
}
SERVING = {
    **EDGE,
    "roles": {"eu-central-1": "primary", "us-east-1": "secondary"},
    "distributions": {"eu-central-1": {}},
}


def dns_state(*names: str) -> str:
    """The state of a `dns` stack: ACM lists the certificate's own name among the others, and there may be more certificates."""
    of_api = {"domain_name": f"api.{HOSTNAME}", "subject_alternative_names": [f"*.api.{HOSTNAME}"]}
    of_edge = {"domain_name": HOSTNAME, "subject_alternative_names": [HOSTNAME, *names]}
    resources = [{"type": "aws_acm_certificate", "instances": [{"attributes": each}]} for each in (of_api, of_edge)]
    return json.dumps({"resources": [{"type": "aws_route53_zone", "instances": [{}]}, *resources]})


@pytest.mark.parametrize(("value", "names"), CERTIFICATES.items())
def test_certificate_is_known_from_the_state_that_has_it(folder: Folder, value: str, names: list[str]) -> None:
    folder.local_state("edge", state(SERVING))
    folder.local_state("dns", dns_state(*names))
    assert [each.certificate for each in folder.known(is_local=True)] == [value]


def test_certificate_that_no_distribution_uses_may_be_exchanged(folder: Folder) -> None:
    folder.local_state("edge", state({**SERVING, "distributions": {}}))
    folder.local_state("dns", dns_state(*CERTIFICATES["regions"]))
    assert [each.certificate for each in folder.known(is_local=True)] == [""]


@pytest.mark.parametrize(("value", "names"), CERTIFICATES.items())
@pytest.mark.parametrize("is_used", [True, False])
def test_certificate_is_known_from_the_last_synthesis(
    folder: Folder, value: str, names: list[str], is_used: bool
) -> None:
    folder.synthesized("my-site/prod/edge.tfstate", is_used=is_used)
    certificate = {"domain_name": HOSTNAME, "subject_alternative_names": names}
    dns = folder.edge.parent / "dns"
    dns.mkdir()
    (dns / "cdk.tf.json").write_text(json.dumps({"resource": {"aws_acm_certificate": {"edge": certificate}}}))
    assert [each.certificate for each in folder.known()] == [value if is_used else ""]


def test_regions_are_known_where_the_outputs_say_them(folder: Folder) -> None:
    folder.outputs.write_text(json.dumps({"edge": {**EDGE, "roles": {"eu-central-1": "primary"}}}), encoding="utf-8")
    folder.local_state("edge", state({**EDGE, "roles": {"eu-central-1": "primary"}}))
    assert [each.regions for each in folder.known(is_local=True)] == [("eu-central-1",)] * 2
