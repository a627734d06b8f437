"""The program: what it writes is linted at once, by a linter that the constructs know nothing of."""

import ast
import json
from pathlib import Path

import pytest

import main

ROOT = Path(__file__).parents[2]
DEMO = str(ROOT / "config" / "demo.toml")


def test_a_clean_synth_ends_with_0(tmp_path: Path) -> None:
    assert main.main([DEMO, "--output", str(tmp_path)]) == 0


def test_a_trap_in_the_stacks_ends_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("constructs_lib.names.records.TTL_SECONDS", 600)
    monkeypatch.setenv("SITE_FILE", str(ROOT / "config" / "multivalue.example.toml"))
    assert main.main(["--output", str(tmp_path)]) == 1
    assert "FW061 long-ttl" in capsys.readouterr().err


def test_stacks_of_an_earlier_synth_go_and_what_is_no_stack_stays(tmp_path: Path) -> None:
    earlier = [tmp_path / "stacks" / name for name in ("region-ap-southeast-2", "audit", "notes")]
    for folder in earlier:
        folder.mkdir(parents=True)
    for folder in earlier[:2]:
        (folder / "cdk.tf.json").write_text("{}", encoding="utf-8")
    assert main.main([DEMO, "--output", str(tmp_path)]) == 0
    assert [folder.exists() for folder in earlier] == [False, False, True]
    assert (tmp_path / "stacks" / "edge" / "cdk.tf.json").exists()


def test_cdktf_finds_the_folder_of_an_earlier_stack_that_it_removes_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = tmp_path / "stacks" / "audit"
    earlier.mkdir(parents=True)
    (earlier / "cdk.tf.json").write_text("{}", encoding="utf-8")
    monkeypatch.setenv("CDKTF_OUTDIR", str(tmp_path))
    assert main.main([DEMO, "--output", str(tmp_path)]) == 0
    assert [*earlier.iterdir()] == []


def test_preload_that_the_site_file_asks_for_is_no_finding(tmp_path: Path) -> None:
    text = Path(DEMO).read_text(encoding="utf-8")
    site_file = tmp_path / "site.toml"
    site_file.write_text(f"{text}[headers]\nhsts_include_subdomains = true\nhsts_preload = true\n", encoding="utf-8")
    assert main.main([str(site_file), "--output", str(tmp_path / "out")]) == 0


def test_a_wrong_site_file_ends_with_2_and_writes_nothing(tmp_path: Path) -> None:
    assert main.main([str(tmp_path / "absent.toml"), "--output", str(tmp_path / "out")]) == 2
    assert not (tmp_path / "out").exists()


def test_an_empty_site_file_variable_is_as_if_it_were_not_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SITE_FILE", "")
    assert main.main(["--output", str(tmp_path)]) == 0
    assert capsys.readouterr().err.startswith(f"{DEMO}: ")


@pytest.mark.parametrize("arguments", [[""], [DEMO, "--output", ""]])
def test_an_empty_argument_is_refused_and_not_taken_for_this_folder(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main.main(arguments)
    assert end.value.code == 2
    assert "is empty: name a path, or leave it out" in capsys.readouterr().err


def test_an_output_folder_that_cannot_be_used_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main.main([DEMO, "--output", str(tmp_path / "file")]) == 3
    assert capsys.readouterr().err.startswith(f"{tmp_path / 'file'}: File exists; ")


@pytest.mark.parametrize("occupied", ["stacks", "stacks/edge"])
def test_a_file_in_the_place_of_a_folder_below_the_output_folder_is_named(
    occupied: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / occupied).parent.mkdir(exist_ok=True)
    (tmp_path / occupied).touch()
    assert main.main([DEMO, "--output", str(tmp_path)]) == 3
    message = capsys.readouterr().err
    assert message.startswith(f"{tmp_path / 'stacks'}")
    assert "Not a directory; mend what is there, or give another --output" in message


def test_the_linter_is_imported_only_when_there_is_something_to_lint() -> None:
    tree = ast.parse((ROOT / "main.py").read_text(encoding="utf-8"))
    at_top = [node.module for node in tree.body if isinstance(node, ast.ImportFrom)]
    assert not any(str(module).startswith(("scripts.lint", "scripts.terraform")) for module in at_top)


def site_file_in(tmp_path: Path, *changes: tuple[str, str]) -> str:
    text = Path(DEMO).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    tmp_path.mkdir(exist_ok=True)
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (('environment = "demo"', 'environment = "other"'), 'site.environment is "other"'),
        (('project = "failover-site"', 'project = "other-site"'), 'site.project is "other-site"'),
    ],
)
def test_another_name_than_that_of_the_deployed_site_is_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: tuple[str, str], key: str
) -> None:
    bucket = "failover-site-demo-eu-central-1-123456789012"
    outputs = {"buckets": {"value": {"eu-central-1": bucket}}, "hostname": {"value": "www.example.test"}}
    (tmp_path / "terraform.edge.tfstate").write_text(
        json.dumps({"outputs": outputs, "resources": [{}]}), encoding="utf-8"
    )
    assert main.main([site_file_in(tmp_path, change), "--output", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert key in said
    assert "the site that is deployed, failover-site-demo" in said
    assert "docs/TEARDOWN.md" in said
    assert not (tmp_path / "out").exists()
    assert main.main([site_file_in(tmp_path), "--output", str(tmp_path / "out")]) == 0


def test_saved_outputs_are_asked_for_what_is_deployed_from_the_usual_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "saved.json"
    edge = {"hostname": "www.example.test", "buckets": {"eu-central-1": "old-site-demo-eu-central-1-123456789012"}}
    saved.write_text(json.dumps({"edge": edge}), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAILOVER_OUTPUTS", str(saved))
    assert main.main([DEMO]) == 2
    assert f"delete {saved}" in capsys.readouterr().err
    assert main.main([DEMO, "--output", str(tmp_path / "for-a-look")]) == 0


def test_second_region_keeps_the_certificate_of_the_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bucket = "failover-site-demo-eu-central-1-123456789012"
    outputs = {
        "buckets": {"eu-central-1": bucket},
        "roles": {"eu-central-1": "primary"},
        "hostname": "www.example.test",
    }
    state = {"outputs": {name: {"value": value} for name, value in outputs.items()}, "resources": [{}]}
    (tmp_path / "terraform.edge.tfstate").write_text(json.dumps(state), encoding="utf-8")
    assert main.main([site_file_in(tmp_path), "--output", str(tmp_path / "out")]) == 2
    assert 'write certificate = "wildcard" back' in capsys.readouterr().err
    project = 'project = "failover-site"'
    kept = site_file_in(tmp_path, (project, f'{project}\ncertificate = "wildcard"'))
    assert main.main([kept, "--output", str(tmp_path / "out")]) == 0


@pytest.mark.parametrize(("deployed", "written"), [("wildcard", "regions"), ("regions", "wildcard")])
def test_another_certificate_than_that_of_the_deployed_site_is_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], deployed: str, written: str
) -> None:
    """What the certificate is known by is what our own dns stack has."""
    project = 'project = "failover-site"'
    of = {
        value: site_file_in(tmp_path / value, (project, f'{project}\ncertificate = "{value}"'))
        for value in ("regions", "wildcard")
    }
    assert main.main([of[deployed], "--output", str(tmp_path / "out")]) == 0
    stacks = tmp_path / "out" / "stacks"
    (certificate,) = json.loads((stacks / "dns" / "cdk.tf.json").read_bytes())["resource"][
        "aws_acm_certificate"
    ].values()
    dns = {"resources": [{"type": "aws_acm_certificate", "instances": [{"attributes": certificate}]}]}
    outputs = {
        "buckets": {"eu-central-1": "failover-site-demo-eu-central-1-123456789012"},
        "roles": {"eu-central-1": "primary", "us-east-1": "secondary"},
        "hostname": "www.example.test",
        "distributions": {"eu-central-1": {}},
    }
    edge = {"outputs": {name: {"value": value} for name, value in outputs.items()}, "resources": [{}]}
    for name, state in (("dns", dns), ("edge", edge)):
        (tmp_path / f"terraform.{name}.tfstate").write_text(json.dumps(state), encoding="utf-8")
    before = (stacks / "dns" / "cdk.tf.json").read_bytes()
    assert main.main([of[written], "--output", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert f'site.certificate is "{written}"' in said
    assert f'write certificate = "{deployed}" back in [site]' in said
    assert (stacks / "dns" / "cdk.tf.json").read_bytes() == before
    assert main.main([of[deployed], "--output", str(tmp_path / "out")]) == 0


def test_region_that_is_off_in_an_account_gets_a_word_and_others_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = site_file_in(tmp_path, ('name = "us-east-1"', 'name = "eu-south-1"'))
    assert main.main([other, "--output", str(tmp_path / "out")]) == 0
    assert "eu-south-1 is an opt-in region" in capsys.readouterr().err
    assert main.main([DEMO, "--output", str(tmp_path / "out")]) == 0
    assert "opt-in" not in capsys.readouterr().err
