// The CloudWatch dashboards of the monitoring stack, drawn from what GetMetricData answers.
import { h, options, s, table } from "./elements.js";
import { ask, attempt } from "./server.js";

const select = document.getElementById("dashboard");
const widgets = document.getElementById("widgets");
const note = document.getElementById("dashboard-note");
const WIDTH = 480;
const HEIGHT = 180;
const EDGE = { left: 46, right: 8, top: 8, bottom: 22 };
const HOUR = 3600;
let dashboards = [];

export function startDashboards() {
  document.getElementById("read-dashboards").addEventListener("click", () => attempt(read));
  select.addEventListener("change", show);
  attempt(read);
  setInterval(() => document.visibilityState === "visible" && dashboards.length && attempt(read), 10000);
}

async function read() {
  const found = (await ask("GET", "dashboards")).dashboards;
  const hasAlarms = (each) => each.widgets.some((one) => one.alarms);
  dashboards = found.sort((a, b) => hasAlarms(b) - hasAlarms(a)); // the overview first
  options(select, dashboards.map((each) => [each.name, each.name]));
  note.textContent = dashboards.length
    ? "The last hour of AWS's time, from GetMetricData of this localcloud."
    : "No dashboard is deployed here yet: apply the monitoring stack.";
  show();
}

function show() {
  const found = dashboards.find((each) => each.name === select.value) ?? dashboards[0];
  widgets.replaceChildren(...(found?.widgets ?? []).map(widget));
}

function widget(each) {
  const width = each.width >= 20 ? "w24" : each.width >= 10 ? "w12" : each.width >= 7 ? "w8" : "w6";
  return h("div", { class: `widget ${width}` }, each.title && h("h3", {}, each.title), ...contents(each));
}

function contents(each) {
  if (each.problem) return [h("p", { class: "note" }, each.problem)];
  if (each.series) return graph(each);
  if (each.markdown !== undefined) return markdown(each.markdown);
  if (each.alarms) {
    const moods = { ALARM: "bad-text", OK: "good-text" };
    return [h("div", { class: "chips" }, ...each.alarms.map((alarm) => h("span", { class: `chip ${moods[alarm.state] ?? ""}` }, `${alarm.name}: ${alarm.state}`)))];
  }
  if (each.rows?.length) return [table(each.title || "Events", each.columns, each.rows)];
  return [h("p", { class: "note" }, "Nothing yet.")];
}

/** Headings, bold text and links, which is what a dashboard's text is made of; anything else is shown as it is. */
function markdown(text) {
  return text.split(/\n\s*\n/).map((block) => {
    const heading = /^#+\s+(.*)$/.exec(block.trim());
    return heading ? h("h3", {}, heading[1]) : h("p", {}, ...inline(block));
  });
}

function inline(text) {
  return text.split(/(\[[^\]]+\]\([^)]+\)|\*\*[^*]+\*\*)/).map((part) => {
    const link = /^\[([^\]]+)\]\((https?:[^)]+)\)$/.exec(part);
    if (link) return h("a", { href: link[2], rel: "noopener noreferrer", target: "_blank" }, link[1]);
    const bold = /^\*\*([^*]+)\*\*$/.exec(part);
    return bold ? h("strong", {}, bold[1]) : part;
  });
}

function graph({ title, series }) {
  const points = series.flatMap((each) => each.points);
  const values = points.map(([, value]) => value);
  const top = roundTop(Math.max(...values, 0));
  const x = (ago) => EDGE.left + (1 - Math.min(ago, HOUR) / HOUR) * (WIDTH - EDGE.left - EDGE.right);
  const y = (value) => HEIGHT - EDGE.bottom - (value / top) * (HEIGHT - EDGE.top - EDGE.bottom);
  const shapes = [
    ...[0, 0.5, 1].map((part) => s("line", { class: "axis", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y(part * top), y2: y(part * top) })),
    ...[0, 0.5, 1].map((part) => s("text", { x: EDGE.left - 5, y: y(part * top) + 4, "text-anchor": "end" }, short(part * top))),
    ...[60, 30, 0].map((minutes) => s("text", { x: x(minutes * 60), y: HEIGHT - 6, "text-anchor": minutes === 0 ? "end" : minutes === 60 ? "start" : "middle" }, minutes ? `-${minutes} min` : "now")),
    ...series.map((each, index) => s("polyline", { class: `series-${(index % 4) + 1}`, points: each.points.map(([ago, value]) => `${x(ago)},${y(value)}`).join(" ") })),
  ];
  const label = `${title}: ${series.map((each) => `${each.label} ${latest(each)}`).join(", ")}`;
  return [
    s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label }, ...shapes),
    h("ul", { class: "key" }, ...series.map((each, index) =>
      h("li", {}, s("svg", { viewBox: "0 0 20 10", "aria-hidden": "true" }, s("line", { class: `series-${(index % 4) + 1}`, x1: 0, x2: 20, y1: 5, y2: 5, "stroke-width": 3 })), ` ${each.label}: ${latest(each)}`))),
  ];
}

/** Returns a round number at or above a value, for the top of an axis. */
function roundTop(value) {
  if (value <= 0) return 1;
  const unit = 10 ** Math.floor(Math.log10(value));
  return unit * [1, 2, 4, 5, 10].find((step) => step * unit >= value);
}

function latest(each) {
  return each.points.length ? short(each.points.at(-1)[1]) : "no data";
}

function short(value) {
  return Math.abs(value) >= 1000 ? `${Math.round(value / 100) / 10}k` : String(Math.round(value * 100) / 100);
}
