// The console: takes what the server streams and gives each part of the page its share; sends what the user wants done.
import { startDashboards } from "./dashboards.js";
import { h, options, renew, table } from "./elements.js";
import { drawPicture, entryTitle, faultText } from "./picture.js";
import { ask, attempt, tell } from "./server.js";

const $ = (id) => document.getElementById(id);
const SPEEDS = [0.5, 1, 2, 5, 10, 20, 60];
const KEPT_EVENTS = 300;
let targets = [];
let latest = null;

history.replaceState(null, "", location.pathname + location.hash); // the token is spent and need not stay in the address

function onState(state) {
  if (state.problem) return tell(state.problem);
  latest = state;
  drawVerdict(state);
  options($("name"), state.names.map((name) => [name, name]), state.name);
  drawClock(state.clock);
  if (document.activeElement !== $("visitors-on")) $("visitors-on").checked = state.visitors_on;
  drawPicture(state, chooseTarget);
  drawFaults(state.faults);
  drawRun(state.run);
  drawChecks(state.checks);
  drawAlarms(state.alarms);
  drawMails(state.mails);
  drawCache(state.cache);
  drawFrames(state);
  return undefined;
}

function drawVerdict(state) {
  const visitors = state.places.map((each) => each.visitor).filter((each) => each?.outcome);
  const served = visitors.filter((each) => each.is_served).length;
  const verdict = $("verdict");
  let [text, mood] = [`Everybody is served${state.faults.length ? ", with something broken" : ""}`, "good"];
  if (!state.name) [text, mood] = ["No site is deployed here yet", ""];
  else if (!visitors.length) [text, mood] = [state.visitors_on ? "The visitors begin to look" : "Nobody looks", ""];
  else if (served < visitors.length) [text, mood] = [`${visitors.length - served} of ${visitors.length} places get no page`, "bad"];
  if (verdict.textContent !== text) verdict.textContent = text;
  verdict.className = `verdict ${mood}`;
}

function nearestSpeed(speed) {
  return SPEEDS.reduce((best, each, index) => (Math.abs(each - speed) < Math.abs(SPEEDS[best] - speed) ? index : best), 0);
}

function drawClock(clock) {
  const slider = $("speed");
  if (document.activeElement !== slider) slider.value = nearestSpeed(clock.speed);
  slider.setAttribute("aria-valuetext", `${clock.speed} times`);
  $("speed-shown").textContent = clock.speed;
  const note = $("clock-note");
  const percent = Math.round(clock.stretched_ratio * 1000) / 10;
  note.textContent = clock.stretched_ratio > clock.allowed_ratio ? `too fast for this machine: ${percent} % late` : `kept within ${percent} %`;
  note.className = `note ${clock.stretched_ratio > clock.allowed_ratio ? "bad-text" : ""}`;
}

function drawFaults(faults) {
  renew($("faults"), faults, () =>
    faults.length
      ? [
          h("ul", { class: "plain" }, ...faults.map((fault) =>
            h("li", {}, h("span", {}, h("strong", {}, fault.target), ` ${faultText(fault)}`),
              h("button", { type: "button", key: `heal-${fault.id}`, "aria-label": `Heal ${fault.target} ${fault.kind}`, onclick: () => attempt(() => ask("POST", "heal", { id: fault.id })) }, "Heal")))),
          h("p", {}, h("button", { type: "button", key: "heal-all", onclick: () => attempt(() => ask("POST", "heal", {})) }, "Heal everything")),
        ]
      : h("p", { class: "note" }, "Nothing is broken."),
  );
}

function drawRun(run) {
  const words = run.is_stopping ? "is being stopped" : run.is_running ? "runs" : { 0: "ended well", 1: "ended outside its objective", 130: "was stopped" }[run.exit_code] ?? `failed with exit code ${run.exit_code}`;
  const text = run.id ? `${run.title}: ${words}.` : "";
  if ($("run-state").textContent !== text) $("run-state").textContent = text;
  $("run-button").disabled = run.is_running || !$("action").options.length;
  $("stop-button").hidden = !run.is_running;
  $("report").hidden = !run.has_report;
  const output = $("output");
  output.hidden = !run.lines.length;
  const lines = run.lines.join("\n");
  if (output.textContent !== lines) {
    const isAtEnd = output.scrollTop + output.clientHeight >= output.scrollHeight - 20;
    output.textContent = lines;
    if (isAtEnd) output.scrollTop = output.scrollHeight;
  }
}

function drawChecks(checks) {
  renew($("checks"), checks, () =>
    checks.length
      ? h("div", { class: "checks" }, ...checks.map(checkCard))
      : h("p", { class: "note" }, "There are no health checks yet."),
  );
}

function checkCard(check) {
  const mood = check.is_healthy ? "good" : "bad";
  const more = [check.is_inverted ? "inverted" : "", check.is_disabled ? "disabled" : ""].filter(Boolean).join(", ");
  const regions = [...new Set(check.checkers.map((each) => each.region))];
  return h("div", { class: `node ${mood}` },
    h("div", { class: "head" }, h("strong", {}, check.target), h("span", { class: `${mood}-text` }, `${check.is_healthy ? "healthy" : "unhealthy"}${more ? `, ${more}` : ""}`)),
    h("p", {}, `${check.type}${check.checkers.length ? `, every ${check.interval_seconds} s, ${check.failure_threshold} in a row decide` : ""}`),
    h("div", { class: "regions" }, ...regions.map((region) => checkerGroup(region, check.checkers.filter((each) => each.region === region)))),
  );
}

function checkerGroup(region, checkers) {
  const good = checkers.filter((each) => each.is_healthy).length;
  const seen = [...new Set(checkers.map((each) => each.seen).filter(Boolean))].join("; ") || "not yet probed";
  return h("span", {}, ...checkers.map((each) => h("span", { class: `dot ${each.is_healthy ? "good" : "bad"}` })), ` ${region}: ${good} of ${checkers.length}, ${seen}`);
}

function drawAlarms(alarms) {
  const order = { ALARM: 0, INSUFFICIENT_DATA: 1, OK: 2 };
  const moods = { ALARM: "bad-text", OK: "good-text", INSUFFICIENT_DATA: "warn-text" };
  renew($("alarms"), alarms, () =>
    alarms.length
      ? table("The state of every alarm", ["State", "Alarm", "Region"], [...alarms].sort((a, b) => order[a.state] - order[b.state]).map((alarm) => [
          h("span", { class: moods[alarm.state] }, alarm.state), alarm.name, alarm.region]))
      : h("p", { class: "note" }, "There are no alarms yet."),
  );
}

function drawMails(mails) {
  renew($("mails"), mails, () =>
    mails.length
      ? [...mails].reverse().map((mail) =>
          h("details", { key: `${mail.sent_at}${mail.subject}` }, h("summary", {}, `${clockTime(mail.sent_at)} to ${mail.address}: ${mail.subject ?? "no subject"}`), h("pre", { tabindex: "0" }, mail.text)))
      : h("p", { class: "note" }, "No mail was sent."),
  );
}

function drawCache(cache) {
  renew($("cache"), cache, () => [
    h("p", { class: "note" }, `${cache.entries} entries, ${Math.round(cache.bytes / 1024)} KiB. The latest:`),
    table("Latest cache entries", ["Site", "Path", "Status", "Age", "Fresh for"], cache.latest.map((each) => [
      each.site, each.path, String(each.status), `${each.age_seconds} s`, each.fresh_seconds > 0 ? `${each.fresh_seconds} s` : "expired"])),
  ]);
}

function drawFrames(state) {
  const shape = state.frames.map((frame) => frame.origin);
  renew($("frames"), [shape, state.names], () => shape.map((origin, index) => frameCard(state, origin, index)));
  state.frames.forEach((frame, index) => {
    const answer = state.places[frame.place].answer;
    $(`frame-note-${index}`).textContent = frame.name === state.name
      ? `DNS answers ${state.places[frame.place].title} with ${answer.entry ? entryTitle(answer.entry, state) : answer.status}.`
      : "";
  });
}

function frameCard(state, origin, index) {
  const frame = state.frames[index];
  const set = (change) => attempt(async () => {
    const now = latest.frames[index];
    await ask("POST", "frame", { frame: index, name: now.name, place: now.place, ...change });
    load();
  });
  const iframe = h("iframe", { title: `The site, visitor ${index + 1}`, sandbox: "allow-scripts allow-same-origin allow-forms", referrerpolicy: "no-referrer" });
  const load = () => { iframe.src = `${origin}/`; };
  const names = h("select", { key: `frame-name-${index}`, onchange: (event) => set({ name: event.target.value }) });
  options(names, state.names.map((name) => [name, name]), frame.name);
  const places = h("select", { key: `frame-place-${index}`, onchange: (event) => set({ place: Number(event.target.value) }) });
  options(places, state.places.map((place) => [String(place.place), place.title]), String(frame.place));
  if (frame.name) load();
  return h("div", {},
    h("div", { class: "form" }, h("label", {}, "Name", names), h("label", {}, "Visitor in", places), h("button", { type: "button", key: `frame-load-${index}`, onclick: load }, "Load again")),
    h("p", { class: "note", id: `frame-note-${index}` }),
    iframe);
}

function onHistory(events) {
  const list = $("history");
  for (const event of events) {
    list.prepend(h("li", {}, h("time", { datetime: event.at }, clockTime(event.at)), h("span", { class: "kind" }, event.kind), h("span", {}, event.text)));
  }
  while (list.children.length > KEPT_EVENTS) list.lastElementChild.remove();
}

function clockTime(at) {
  return new Date(at).toLocaleTimeString([], { hour12: false });
}

function chooseTarget(target) {
  $("target").value = target;
  drawKinds();
  $("break-title").scrollIntoView({ block: "center" });
  $("kind").focus();
}

function drawKinds() {
  const kinds = targets.find((each) => each.target === $("target").value)?.kinds ?? [];
  options($("kind"), kinds.map((each) => [each.kind, each.kind]));
  drawValue();
}

function drawValue() {
  const kind = targets.find((each) => each.target === $("target").value)?.kinds.find((each) => each.kind === $("kind").value);
  const takesValue = kind?.low !== undefined;
  $("value-field").hidden = !takesValue;
  $("value").required = takesValue;
  $("ratio-field").hidden = !kind?.takes_ratio;
  if (takesValue) {
    $("value-label").textContent = `${kind.unit}, ${kind.low} to ${kind.high}`;
    $("value").min = kind.low;
    $("value").max = kind.high;
    $("value").value = { status: 503, delay: 3000, slow: 20 }[kind.kind] ?? kind.low;
  }
}

async function readChoices() {
  const choices = await ask("GET", "choices");
  targets = choices.targets;
  const groups = { s3: "S3 of a region", cloudfront: "CloudFront", apigateway: "Regional endpoints", dns: "Route 53's name servers", "health-checker": "Health checkers", api: "Control planes" };
  options($("target"), targets.map((each) => [each.target, each.target, groups[each.target.split(":")[0]]]));
  drawKinds();
  options($("action"), choices.actions.map((each) => [each.id, each.title, each.group]));
}

/** Sets the clock to where the slider is; where that is refused, the slider goes back. */
async function moveClock() {
  const slider = $("speed");
  const speed = SPEEDS[slider.value];
  slider.setAttribute("aria-valuetext", `${speed} times`);
  try {
    await ask("POST", "clock", { speed });
  } catch (error) {
    slider.value = nearestSpeed(latest?.clock.speed ?? 1);
    throw error;
  }
}

function listen() {
  $("name").addEventListener("change", (event) => attempt(() => ask("POST", "look", { name: event.target.value })));
  $("visitors-on").addEventListener("change", (event) => attempt(() => ask("POST", "look", { visitors_on: event.target.checked })));
  $("speed").addEventListener("change", () => attempt(moveClock));
  $("speed").addEventListener("blur", () => latest && drawClock(latest.clock));
  $("target").addEventListener("focus", () => attempt(readChoices));
  $("target").addEventListener("change", drawKinds);
  $("kind").addEventListener("change", drawValue);
  $("break").addEventListener("submit", (event) => {
    event.preventDefault();
    const fault = { target: $("target").value, kind: $("kind").value };
    if (!$("value-field").hidden) fault.value = Number($("value").value);
    if (!$("ratio-field").hidden && Number($("ratio").value) < 100) fault.ratio = Number($("ratio").value) / 100;
    attempt(() => ask("POST", "faults", fault));
  });
  $("run").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => ask("POST", "run", { id: $("action").value }));
  });
  $("stop-button").addEventListener("click", () => attempt(() => ask("POST", "stop", {})));
}

function follow() {
  const stream = new EventSource("/api/stream");
  stream.addEventListener("state", (event) => onState(JSON.parse(event.data)));
  stream.addEventListener("history", (event) => onHistory(JSON.parse(event.data)));
  stream.addEventListener("error", () => {
    $("verdict").textContent = "Not connected";
    $("verdict").className = "verdict bad";
    tell("localcloud does not answer: it has ended, or this address was used before. `failover localcloud console` prints a new one while it runs.");
  });
  stream.addEventListener("open", () => {
    $("history").replaceChildren();
    tell("");
  });
}

SPEEDS.forEach((speed, index) => $("speeds").append(h("option", { value: index, label: String(speed) })));
listen();
attempt(readChoices).then(() => {
  if ($("problem").hidden) startDashboards();
  follow();
});
