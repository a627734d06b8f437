"""The console of a running localcloud: who may use it, what it shows, what it does."""

import http.client
import json
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from scripts.drill.journal import drill_lock
from scripts.local.process import ANY_PORT
from tests.worlds.browser import DESKTOP, PHONE, axe_violations, open_browser
from tests.worlds.dataplane_world import HOSTNAME, PRIMARY, World, build_site, put, start_localcloud, stop_localcloud

PATIENCE_MILLISECONDS = 30_000
DRILL = """
import signal, sys, time
signal.signal(signal.SIGINT, lambda *_: (print("the fault is undone", flush=True), sys.exit(130)))
print("the fault is in force", flush=True)
time.sleep(60)
"""
REPORT = (
    "import sys; open(sys.argv[1] + '/report.html', 'w').write('<h1>Report</h1><script>document.title = 1</script>')"
)
WAITING = {"id": "waiting", "group": "Drill", "title": "A drill that waits", "command": [sys.executable, "-c", DRILL]}
WRITING = {
    "id": "writing",
    "group": "Drill",
    "title": "A drill that reports",
    "command": [sys.executable, "-c", REPORT, "{report}"],
    "report": "report.html",
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A site, its dashboard and its console."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCALCLOUD_ACTIONS", json.dumps([WAITING, WRITING]))
        world = start_localcloud(tmp_path_factory.mktemp("console"), arguments=("--console-port", "0"))
    try:
        build_site(world)
        page = b"<!doctype html><html lang=en><title>t</title><h1>The site itself</h1></html>"
        put(world, "releases/r1/index.html", page, ContentType="text/html", CacheControl="max-age=1")
        _make_dashboard(world)
        world.eventually(lambda: world.get("/").status == 200)
        yield world
    finally:
        stop_localcloud(world)


def _make_dashboard(world: World) -> None:
    id_ = world.distributions[PRIMARY]["Id"]
    requests: list[Any] = ["AWS/CloudFront", "Requests", "DistributionId", id_, "Region", "Global"]
    graph = {"region": "us-east-1", "title": "Requests of viewers", "stat": "Sum", "period": 60}
    widgets: list[dict[str, Any]] = [
        {"type": "text", "properties": {"markdown": "# The headline\n\nSome **bold** words."}},
        {"type": "metric", "properties": {**graph, "metrics": [[*requests, {"label": "all of them"}]]}},
        {"type": "explorer", "properties": {"title": "An explorer"}},
    ]
    body = json.dumps({"widgets": [{"x": 0, "y": 0, "width": 12, "height": 6, **each} for each in widgets]})
    world.client("cloudwatch").put_dashboard(DashboardName="overview", DashboardBody=body)


def new_address(world: World) -> str:
    """Returns what `failover localcloud console` prints."""
    command = [sys.executable, "-m", "localcloud", "console", "--state-dir", str(world.log.parent)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def open_console(world: World, page: Page) -> None:
    page.goto(new_address(world))
    expect(page.locator("#verdict")).to_have_text("Everybody is served", timeout=PATIENCE_MILLISECONDS)


def ask(world: World, method: str, path: str, headers: dict[str, str], body: str | None = None) -> tuple[int, Any]:
    """Returns status and headers of a request to the console."""
    host = world.endpoints["console_url"].removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.request(method, path, body=body, headers={"Host": host, **headers})
    answer = connection.getresponse()
    connection.close()
    return answer.status, answer.headers


def cookie_of(world: World) -> str:
    _, headers = ask(world, "GET", new_address(world).removeprefix(world.endpoints["console_url"]), {})
    cookie = str(headers["Set-Cookie"])
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    return cookie.partition(";")[0]


def test_console_wants_a_token_and_takes_it_once(shown: World) -> None:
    path = new_address(shown).removeprefix(shown.endpoints["console_url"])
    assert ask(shown, "GET", path, {})[1]["Set-Cookie"]
    assert ask(shown, "GET", path, {})[1]["Set-Cookie"] is None
    assert ask(shown, "GET", "/api/choices", {})[0] == 401
    assert ask(shown, "GET", "/api/choices", {"Cookie": cookie_of(shown)})[0] == 200
    assert ask(shown, "POST", "/tokens", {})[0] == 403
    assert ask(shown, "POST", "/tokens", {"X-Localcloud-Secret": "x"})[0] == 403


def test_console_refuses_pages_of_others_though_they_bring_the_cookie(shown: World) -> None:
    cookie = {"Cookie": cookie_of(shown), "Content-Type": "application/json"}
    fault = json.dumps({"target": "dns", "kind": "refuse"})
    foreign = [
        {"Origin": "http://127.0.40.1:1"},
        {"Origin": "https://evil.test"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.test"},
    ]
    for headers in foreign:
        assert ask(shown, "POST", "/api/faults", {**cookie, **headers}, fault)[0] == 403
    assert ask(shown, "POST", "/api/faults", {**cookie, "Content-Type": "text/plain"}, fault)[0] == 400
    assert shown.control("GET", "/faults")["faults"] == []


def test_console_gives_no_file_but_its_own(shown: World) -> None:
    for path in (
        "/../server.py",
        "/server.py",
        "/%2e%2e/server.py",
        "/static/console.js",
        "/nothing.js",
        "//etc/passwd",
    ):
        assert ask(shown, "GET", path, {})[0] in (400, 404), path
    status, headers = ask(shown, "GET", "/console.js", {})
    assert (status, headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert "script-src 'self'" in headers["Content-Security-Policy"]


def test_gateway_still_refuses_the_consoles_page(shown: World) -> None:
    """The page has the console's own server to ask; the secret of the run never reaches it."""
    request = urllib.request.Request(shown.endpoints["gateway_url"], headers={"Origin": shown.endpoints["console_url"]})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60)


@pytest.mark.slow
def test_console_is_accessible_and_fits_the_screen_by_day_and_night(shown: World) -> None:
    with open_browser() as browser, shown.fault("health-checker:us-east-1", "delay", 1):
        page = browser.new_page()
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(new_address(shown))
        expect(page.locator("#verdict")).to_contain_text("Everybody is served", timeout=PATIENCE_MILLISECONDS)
        expect(page.locator("#widgets svg").first).to_be_visible(timeout=PATIENCE_MILLISECONDS)
        for size in (DESKTOP, PHONE):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                assert axe_violations(page) == [], (size, scheme)
                assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert errors == []


def test_console_shows_who_serves_whom_and_what_breaks_it(shown: World) -> None:
    with open_browser() as browser:
        page = browser.new_page(viewport=DESKTOP)  # type: ignore[arg-type]
        open_console(shown, page)
        expect(page.locator("#places .node").first).to_contain_text("200")
        primary = shown.distributions[PRIMARY]["Id"]
        expect(page.locator("#dns-answer")).to_contain_text(f"CloudFront {primary}, TTL 60 s")
        with shown.fault("cloudfront", "refuse"):
            expect(page.locator("#verdict")).to_contain_text("get no page", timeout=PATIENCE_MILLISECONDS)
            expect(page.locator(f"#distribution-{primary}")).to_contain_text("Broken: refuse")
            expect(page.locator("#verdict")).to_contain_text("Everybody is served", timeout=PATIENCE_MILLISECONDS)
            expect(page.locator("#dns-answer")).to_contain_text("API Gateway us-east-1")
        line = page.locator("#history")
        expect(line).to_contain_text("Broken: cloudfront refuse.")
        expect(line).to_contain_text("Healed: cloudfront refuse.")
        expect(line).to_contain_text("DNS answers everybody with endpoint us-east-1 instead of distribution")
        expect(line).to_contain_text("is unhealthy")


@pytest.mark.slow
def test_console_breaks_and_heals_by_keyboard(shown: World) -> None:
    with open_browser() as browser:
        page = browser.new_page(viewport=DESKTOP)  # type: ignore[arg-type]
        open_console(shown, page)
        page.get_by_role("button", name=f"Break S3 {PRIMARY}").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#kind")).to_be_focused()
        assert page.input_value("#target") == f"s3:{PRIMARY}"
        page.keyboard.type("status")
        page.keyboard.press("Tab")
        expect(page.locator("#value")).to_be_focused()
        assert page.input_value("#value") == "503"
        page.keyboard.press("Tab")
        page.keyboard.type("50")
        page.keyboard.press("Enter")
        expect(page.locator("#faults")).to_contain_text("status 503 for 50 % of the requests")
        (fault,) = shown.control("GET", "/faults")["faults"]
        assert (fault["target"], fault["kind"], fault["value"], fault["ratio"]) == (f"s3:{PRIMARY}", "status", 503, 0.5)
        heal = page.get_by_role("button", name=f"Heal s3:{PRIMARY} status")
        heal.focus()
        time.sleep(1.2)  # states come meanwhile, and the focus stays
        expect(heal).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#faults")).to_contain_text("Nothing is broken.")
        assert shown.control("GET", "/faults")["faults"] == []


@pytest.mark.slow
def test_console_runs_a_drill_stops_it_and_shows_its_report(shown: World) -> None:
    with open_browser() as browser:
        page = browser.new_page(viewport=DESKTOP)  # type: ignore[arg-type]
        open_console(shown, page)
        page.select_option("#action", "waiting")
        page.click("#run-button")
        expect(page.locator("#output")).to_contain_text("the fault is in force", timeout=PATIENCE_MILLISECONDS)
        expect(page.locator("#run-button")).to_be_disabled()
        page.click("#stop-button")
        expect(page.locator("#run-state")).to_have_text(
            "A drill that waits: was stopped.", timeout=PATIENCE_MILLISECONDS
        )
        expect(page.locator("#output")).to_contain_text("the fault is undone")
        page.select_option("#action", "writing")
        page.click("#run-button")
        expect(page.locator("#report")).to_be_visible(timeout=PATIENCE_MILLISECONDS)
        with page.expect_popup() as popup:
            page.click("#report")
        expect(popup.value.locator("h1")).to_have_text("Report")
        assert popup.value.title() != "1"  # its scripts do not run


@pytest.mark.slow
def test_console_moves_the_clock_unless_a_drill_measures_by_it(shown: World) -> None:
    folder = shown.log.parent

    def written_speed() -> float:
        return float(json.loads((folder / "endpoints.json").read_text())["speed"])

    with open_browser() as browser:
        page = browser.new_page(viewport=DESKTOP)  # type: ignore[arg-type]
        open_console(shown, page)
        page.focus("#speed")
        page.keyboard.press("ArrowLeft")
        expect(page.locator("#speed-shown")).to_have_text("5")
        assert shown.control("GET", "/clock") == {"speed": 5}
        shown.eventually(lambda: written_speed() == 5)
        with drill_lock(folder):
            page.keyboard.press("ArrowRight")
            expect(page.locator("#problem")).to_contain_text("A drill measures by this clock")
            assert shown.control("GET", "/clock") == {"speed": 5}
        page.keyboard.press("ArrowRight")
        expect(page.locator("#speed-shown")).to_have_text("10", timeout=PATIENCE_MILLISECONDS)
        shown.eventually(lambda: written_speed() == 10)
        expect(page.locator("#verdict")).to_have_text("Everybody is served", timeout=PATIENCE_MILLISECONDS)


def test_clock_takes_no_speed_that_it_could_not_run_at(shown: World) -> None:
    for speed in (0, 0.01, 101, -1, "5", None, True):
        with pytest.raises(urllib.error.HTTPError, match="400"):
            shown.control("POST", "/clock", {"speed": speed})


@pytest.mark.slow
def test_console_shows_the_site_in_two_frames_as_visitors_get_it(shown: World) -> None:
    with open_browser() as browser:
        page = browser.new_page(viewport=DESKTOP)  # type: ignore[arg-type]
        open_console(shown, page)
        for index in (0, 1):
            inside = page.frame_locator("iframe").nth(index).locator("h1")
            expect(inside).to_have_text("The site itself", timeout=PATIENCE_MILLISECONDS)
        # Both, so that it is NXDOMAIN whether the page is asked for before or after DNS has moved to the endpoint.
        with shown.fault("cloudfront", "nxdomain"), shown.fault("apigateway:us-east-1", "nxdomain"):
            page.get_by_role("button", name="Load again").first.click()
            said = page.frame_locator("iframe").first.locator("p")
            expect(said).to_contain_text(f"{HOSTNAME}: DNS says NXDOMAIN to Frankfurt.", timeout=PATIENCE_MILLISECONDS)


@pytest.mark.slow
def test_console_draws_the_dashboards_from_get_metric_data(shown: World) -> None:
    with open_browser() as browser:
        page = browser.new_page(viewport=DESKTOP)  # type: ignore[arg-type]
        open_console(shown, page)
        widgets = page.locator("#widgets")
        expect(widgets).to_contain_text("The headline", timeout=PATIENCE_MILLISECONDS)
        page.get_by_role("button", name="Read again").click()
        graph = widgets.get_by_role("img", name="Requests of viewers")
        has_points = re.compile(r"\d,\d")
        expect(graph.locator("polyline")).to_have_attribute("points", has_points, timeout=PATIENCE_MILLISECONDS)
        expect(widgets).to_contain_text("widgets of type 'explorer' are not modelled")


@pytest.mark.slow
def test_console_that_ends_says_so(tmp_path: Path) -> None:
    world = start_localcloud(tmp_path, arguments=("--console-port", "0"))
    with open_browser() as browser:
        page = browser.new_page()
        page.goto(new_address(world))
        expect(page.locator("#verdict")).to_have_text("No site is deployed here yet", timeout=PATIENCE_MILLISECONDS)
        stop_localcloud(world)
        expect(page.locator("#problem")).to_contain_text("it has ended", timeout=PATIENCE_MILLISECONDS)
    command = [sys.executable, "-m", "localcloud", "console", "--state-dir", str(tmp_path)]
    assert subprocess.run(command, capture_output=True).returncode == 3


@pytest.mark.slow
def test_up_prints_an_address_and_knows_our_drills(tmp_path: Path) -> None:
    failover = str(Path(sys.executable).with_name("failover"))
    options = [*ANY_PORT, "--console-port", "0", "--state-dir", str(tmp_path / "state"), "--outputs", "outputs.json"]
    with subprocess.Popen([failover, "localcloud", "up", *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().removeprefix("console: ").strip()
            origin, _, token = address.partition("/?token=")
            connection = http.client.HTTPConnection(origin.removeprefix("http://"), timeout=10)
            connection.request("GET", f"/?token={token}")
            answer = connection.getresponse()
            answer.read()
            cookie = str(answer.headers["Set-Cookie"]).partition(";")[0]
            connection.request("GET", "/api/choices", headers={"Cookie": cookie})
            choices = json.loads(connection.getresponse().read())
            connection.close()
        finally:
            process.terminate()
    assert {"drill-edge-outage-refuse", "drill-origin-outage-unreachable"} <= {
        each["id"] for each in choices["actions"]
    }
    assert {"cloudfront", "dns", "api:route53"} <= {each["target"] for each in choices["targets"]}


def test_console_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "localcloud", "up", *ANY_PORT, "--console-port", port]
        run = subprocess.run([*command, "--state-dir", str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert run.returncode == 3
    assert f"port {port} on 127.0.0.1 cannot be used" in run.stderr
    assert "--console-port" in run.stderr


@pytest.mark.slow
def test_localcloud_without_a_console_says_how_to_get_one(tmp_path: Path) -> None:
    world = start_localcloud(tmp_path)
    try:
        command = [sys.executable, "-m", "localcloud", "console", "--state-dir", str(tmp_path)]
        run = subprocess.run(command, capture_output=True, text=True)
        assert (run.returncode, run.stdout) == (3, "")
        assert "start it with `up`" in run.stderr
    finally:
        stop_localcloud(world)
