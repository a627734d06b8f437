"""The sites of ten real generators, published: every file at every entry, and their scripts run in Chromium under the policy that
`sync-content` proposes. And a tab that stays open over a publish, a rollback and a region's end."""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from playwright.sync_api import Page

from localcloud.model.addresses import api_gateway_address
from scripts.demo import build_docs
from scripts.release.serving.clean_urls import canonical
from scripts.release.serving.content_security import USUAL_POLICY
from tests.local.test_deployment import EDGE, HOSTNAME
from tests.local.test_deployment_addresses import view
from tests.local.test_deployment_outage import fault_on
from tests.worlds.browser import open_browser
from tests.worlds.deployment_world import PATIENCE_SECONDS, DeploymentWorld
from tests.worlds.generator_sites import CONTENTS, PROOFS, unpack

pytestmark = [pytest.mark.local, pytest.mark.slow]

PRIMARY, SECONDARY = "eu-central-1", "us-east-1"
IGNORED = {".nojekyll", ".buildinfo"}
PARALLEL = 8
CHUNKS = 1000
SetPolicy = Callable[[str], None]


def saved(deployment: DeploymentWorld) -> dict[str, Any]:
    return dict(json.loads((deployment.folder / "outputs.json").read_text(encoding="utf-8")))


def regional_address(deployment: DeploymentWorld) -> str:
    return api_gateway_address(SECONDARY, sorted(saved(deployment)["edge"]["buckets"]))


@pytest.fixture
def set_policy(deployment: DeploymentWorld) -> Iterator[SetPolicy]:
    """Changes the Content-Security-Policy of both entries as an apply of the site file does, and puts the usual one back."""
    outputs, url = saved(deployment), deployment.endpoints.gateway_url
    keys = deployment.endpoints.environment
    session: Any = boto3.Session(
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=keys["AWS_SESSION_TOKEN"],
    )
    cloudfront = session.client("cloudfront", region_name=SECONDARY, endpoint_url=url)

    def change(policy: str) -> None:
        ids = set()
        for each in outputs["edge"]["distributions"].values():
            config = cloudfront.get_distribution_config(Id=each["id"])["DistributionConfig"]
            ids.add(config["DefaultCacheBehavior"]["ResponseHeadersPolicyId"])
        for policy_id in ids:
            found = cloudfront.get_response_headers_policy(Id=policy_id)
            config = found["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"]
            config["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"] = policy
            cloudfront.update_response_headers_policy(
                Id=policy_id, IfMatch=found["ETag"], ResponseHeadersPolicyConfig=config
            )
        for region in (PRIMARY, SECONDARY):
            functions = session.client("lambda", region_name=region, endpoint_url=url)
            name = outputs[f"region-{region}"]["regional_endpoint_function_name"]
            variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
            headers = json.loads(variables["SECURITY_HEADERS"]) | {"content-security-policy": policy}
            variables["SECURITY_HEADERS"] = json.dumps(headers)
            functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})

    yield change
    change(USUAL_POLICY)


@pytest.mark.parametrize("name", PROOFS)
def test_site_of_a_generator_comes_whole_and_runs_at_both_entries(
    deployment: DeploymentWorld, set_policy: SetPolicy, tmp_path: Path, name: str
) -> None:
    folder, outputs, blank = unpack(name, tmp_path), saved(deployment), tmp_path / "blank"
    blank.mkdir()
    (blank / "index.html").write_text(f"before {name}", encoding="utf-8")
    published(deployment, tmp_path, blank, outputs, "--apply", "--force", "--no-probe")  # notes are of what changes
    outputs["edge"]["content"] |= CONTENTS.get(name, {})
    notes = published(deployment, tmp_path, folder, outputs, "--force")["notes"]
    proposed = [note.partition('content_security_policy = "')[2].rstrip('"') for note in notes[-1:]]
    policy = proposed[0] if proposed and proposed[0] else USUAL_POLICY
    set_policy(policy)
    outputs["edge"]["content_security_policy"] = policy
    again = published(deployment, tmp_path, folder, outputs, "--apply", "--force")
    assert [note for note in again["notes"] if "Content-Security-Policy" in note] == []
    await_page(deployment, folder / "index.html")
    for address in (EDGE, regional_address(deployment)):
        assert wrong_files(deployment, address, folder) == []
        assert_scripts_run(deployment, address, name, policy)


def test_documentation_is_a_site_that_can_be_published_as_it_is(deployment: DeploymentWorld, tmp_path: Path) -> None:
    """The demo publishes it before its own site; the usual policy lets its scripts run."""
    folder = tmp_path / "docs"
    build_docs(folder)
    release_id = published(deployment, tmp_path, folder, saved(deployment), "--apply", "--force")["release_id"]
    pages = [path.relative_to(folder).as_posix() for path in folder.rglob("index.html")]
    for address in (EDGE, regional_address(deployment)):
        found = {name: view(deployment, address, canonical(f"/{name}"), "") for name in pages}
        assert {name: status for name, (status, *_) in found.items() if status != 200} == {}
        assert [name for name, (*_, body) in found.items() if release_id.encode() not in body] == []
        assert scripts_refused(deployment, address, "/TOUR/") == []


def scripts_refused(deployment: DeploymentWorld, address: str, path: str) -> list[str]:
    """Return what the browser says of scripts that the policy of a page refuses."""
    said = list[str]()
    with open_browser(resolve={HOSTNAME: f"{address}:{deployment.endpoints.https_port}"}) as browser:
        page = browser.new_page(ignore_https_errors=True)
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"https://{HOSTNAME}{path}")
        assert page.locator("h1").count() == 1
    return [each for each in said if "script" in each]


def published(
    deployment: DeploymentWorld, tmp_path: Path, folder: Path, outputs: dict[str, Any], *options: str
) -> dict[str, Any]:
    """Plan or publish a folder with outputs that say so; return what --json prints."""
    (tmp_path / "outputs.json").write_text(json.dumps(outputs), encoding="utf-8")
    arguments = ("sync-content", str(folder), *options, "--outputs", str(tmp_path / "outputs.json"), "--json")
    return dict(json.loads(deployment.failover(*arguments).stdout))


def await_page(deployment: DeploymentWorld, page: Path, path: str = "/") -> None:
    """Wait until a page is at both entries."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    for address in (EDGE, regional_address(deployment)):
        while (found := view(deployment, address, path, ""))[3] != page.read_bytes():
            assert time.monotonic() < deadline, (address, found)
            time.sleep(0.1)


def wrong_files(deployment: DeploymentWorld, address: str, folder: Path) -> list[tuple[str, int]]:
    """Return path and status of every file of the folder that an entry answers otherwise."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in IGNORED]

    def wrong(path: Path) -> tuple[str, int] | None:
        name = path.relative_to(folder).as_posix()
        status, _, _, body = view(deployment, address, canonical(f"/{name}"), "")
        return None if (status, body) == (200, path.read_bytes()) else (name, status)

    with ThreadPoolExecutor(PARALLEL) as pool:
        return [each for each in pool.map(wrong, files) if each is not None]


def assert_scripts_run(deployment: DeploymentWorld, address: str, name: str, policy: str) -> None:
    """Do on a page what shows that its scripts run; nothing of it may be refused by the policy."""
    proof, said = PROOFS[name], list[str]()
    with open_browser(resolve={HOSTNAME: f"{address}:{deployment.endpoints.https_port}"}) as browser:
        page = browser.new_page(ignore_https_errors=True)
        page.on("console", lambda message: said.append(message.text))
        # A theme's fonts from elsewhere are none of ours, and a machine without the internet waits for them.
        page.route(lambda url: HOSTNAME not in url, lambda route: route.abort())
        answer = page.goto(f"https://{HOSTNAME}{proof.path}", wait_until="load")
        assert answer is not None
        assert answer.headers["content-security-policy"] == policy
        page.evaluate("window.kept = true")
        for selector in proof.click:
            page.click(selector)
        for selector, text in proof.type_into.items():
            page.locator(selector).press_sequentially(text)  # its search listens to keys
        deadline = time.monotonic() + PATIENCE_SECONDS
        # By the debugger: Playwright's own wait is an eval of the page, which its policy may refuse.
        while not page.evaluate(proof.until):
            assert time.monotonic() < deadline, (name, address, page.url, said)
            page.wait_for_timeout(100)
        assert [text for text in said if "Content Security Policy" in text] == []


def chunked_site(folder: Path, release: str) -> Path:
    """Write a site that loads a thousand chunks when it is told to, each under a name as Vite gives it."""
    assets = folder / "assets"
    assets.mkdir(parents=True)
    names = [named(assets, f"chunk{number}", f'export const is = "{release}{number}";') for number in range(CHUNKS)]
    load = f"const names = {json.dumps(names)};\nwindow.chunk = async (number) => (await import(`./${{names[number]}}`)).is;"
    entry = named(assets, "index", load)
    page = f'<!doctype html><title>{release}</title><script type="module" src="/assets/{entry}"></script>'
    (folder / "index.html").write_text(page, encoding="utf-8")
    return folder


def named(assets: Path, name: str, text: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()[:8]
    (assets / f"{name}-{digest}.js").write_text(text, encoding="utf-8")
    return f"{name}-{digest}.js"


def broken(page: Page, release: str, numbers: range) -> list[object]:
    """Return the chunks that do not come as the page's release has them."""
    script = """async ([release, first, last]) => {
      const wrong = [];
      for (let number = first; number < last; number++) {
        try { if (await window.chunk(number) !== `${release}${number}`) wrong.push([number, 'of another release']); }
        catch (error) { wrong.push([number, String(error)]); }
      }
      return wrong;
    }"""
    return list(page.evaluate(script, [release, numbers.start, numbers.stop]))


@contextmanager
def open_tab(deployment: DeploymentWorld, address: str) -> Iterator[Page]:
    """A tab with the home page of a chunked site, ready to load its chunks."""
    with open_browser(resolve={HOSTNAME: f"{address}:{deployment.endpoints.https_port}"}) as browser:
        tab = browser.new_page(ignore_https_errors=True)
        tab.goto(f"https://{HOSTNAME}/", wait_until="load")
        tab.wait_for_function("!!window.chunk")
        yield tab


@pytest.mark.parametrize("entry", ["cloudfront", "regional"])
def test_open_tab_lazy_loads_every_chunk_of_its_release_over_a_publish_a_rollback_and_a_region(
    deployment: DeploymentWorld, tmp_path: Path, entry: str
) -> None:
    first, second = (chunked_site(tmp_path / name, name) for name in ("a", "b"))
    address = EDGE if entry == "cloudfront" else regional_address(deployment)
    deployment.failover("sync-content", str(first), "--apply", "--force")
    await_page(deployment, first / "index.html")
    with open_tab(deployment, address) as tab:
        found = broken(tab, "a", range(100))
        deployment.failover("sync-content", str(second), "--apply", "--force")
        await_page(deployment, second / "index.html")
        found += broken(tab, "a", range(100, 400))
        deployment.failover("rollback", "--apply")
        await_page(deployment, first / "index.html")
        found += broken(tab, "a", range(400, 500))
        deployment.failover("sync-content", str(second), "--apply", "--force")
        await_page(deployment, second / "index.html")
        deployment.failover("evacuate", PRIMARY, "--apply")
        try:
            found += broken(tab, "a", range(500, CHUNKS))
        finally:
            deployment.failover("restore", PRIMARY, "--apply")
    assert found == []


def test_open_tab_lazy_loads_every_chunk_of_its_release_while_s3_of_the_primary_fails(
    deployment: DeploymentWorld, tmp_path: Path
) -> None:
    """Nobody drains the region: each chunk that no cache has comes from the other region's bucket, request by request."""
    first, second = (chunked_site(tmp_path / name, f"fails-{name}") for name in ("a", "b"))
    deployment.failover("sync-content", str(first), "--apply", "--force")
    await_page(deployment, first / "index.html")
    with open_tab(deployment, EDGE) as tab:
        found = broken(tab, "fails-a", range(100))
        with fault_on(deployment, f"s3:{PRIMARY}", "status", 503):
            found += broken(tab, "fails-a", range(100, 500))
        deployment.failover("sync-content", str(second), "--apply", "--force")
        await_page(deployment, second / "index.html")
        with fault_on(deployment, f"s3:{PRIMARY}", "refuse"):
            found += broken(tab, "fails-a", range(500, CHUNKS))
    assert found == []
