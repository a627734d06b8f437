"""Nothing of what reaches an account or a state is left in the copy, and nothing else is changed."""

import json
from pathlib import Path

from scripts.rehearse.rewriting import rewrite, rewritten

PROVIDER = b"""provider "aws" {
  alias   = "us" # north
  region  = var.region
  profile = "production"
  assume_role {
    role_arn = "arn"
  }
  endpoints {
    s3 = "https://real"
  }
  default_tags {
    tags = { a = "b" }
  }
}
"""


def test_provider_keeps_alias_region_and_tags_alone() -> None:
    notes: set[str] = set()
    text = rewritten(PROVIDER, notes).decode()
    assert 'alias   = "us"' in text
    assert "region  = var.region" in text
    assert 'tags = { a = "b" }' in text
    assert not any(word in text for word in ("profile", "assume_role", "endpoints", "real"))
    assert notes == {"provider aws: profile", "provider aws: assume_role", "provider aws: endpoints"}


def test_backend_cloud_and_versions_go() -> None:
    text = b"""terraform {
  required_version = ">= 99"
  backend "s3" {
    bucket = "state"
  }
  cloud {
    organization = "x"
  }
  required_providers {
    aws    = { source = "hashicorp/aws", version = "~> 3.0", configuration_aliases = [aws.us] }
    random = { source = "hashicorp/random", version = "~> 3.0" }
  }
}
"""
    found = rewritten(text, set()).decode()
    assert not any(word in found for word in ("backend", "cloud {", "99"))
    assert 'aws    = { source = "hashicorp/aws", configuration_aliases = [aws.us] }' in " ".join(
        found.split(" ")
    ).replace('",  config', '", config')
    assert 'version = "~> 3.0"' in found  # random's stays


def test_old_form_of_a_requirement_goes() -> None:
    assert b"aws" not in rewritten(b'terraform {\n  required_providers {\n    aws = "~> 2.0"\n  }\n}\n', set())


def test_provisioners_go() -> None:
    text = b'resource "null_resource" "x" {\n  provisioner "local-exec" {\n    command = "rm -r /"\n  }\n  triggers = {}\n}\n'
    found = rewritten(text, set())
    assert b"local-exec" not in found
    assert b"triggers" in found


def test_other_providers_and_other_text_stay() -> None:
    text = b'provider "random" {\n}\n# provider "aws" {}\nlocals {\n  x = "backend \\"s3\\""\n}\n'
    assert rewritten(text, set()) == text


def test_json_is_rewritten_too(tmp_path: Path) -> None:
    document = {
        "terraform": {"backend": {"s3": {"bucket": "x"}}, "required_providers": {"aws": {"version": "~> 3"}}},
        "provider": {"aws": [{"region": "eu-central-1", "profile": "p"}, {"alias": "us", "assume_role": {}}]},
        "resource": {"null_resource": {"x": {"provisioner": [{"local-exec": {"command": "x"}}]}}},
    }
    (tmp_path / "main.tf.json").write_text(json.dumps(document))
    rewrite(tmp_path)
    found = json.loads((tmp_path / "main.tf.json").read_text())
    assert found["terraform"] == {"required_providers": {"aws": {}}}
    assert [
        sorted(each.keys() & {"region", "alias", "profile", "assume_role"}) for each in found["provider"]["aws"]
    ] == [
        ["region"],
        ["alias"],
    ]
    assert found["resource"] == {"null_resource": {"x": {}}}
