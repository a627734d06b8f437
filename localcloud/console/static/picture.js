// The picture: visitors, DNS, entries, origins, and the lines between them.
import { h, renew, s } from "./elements.js";

const columns = Object.fromEntries(["places", "records", "entries", "origins"].map((id) => [id, document.getElementById(id)]));
const lines = document.getElementById("lines");
const picture = document.getElementById("picture");
let drawn = { state: null, width: 0, height: 0 };

export function drawPicture(state, breakTarget) {
  const broken = (target) => state.faults.filter((fault) => fault.target === target);
  renew(columns.places, [state.places, state.visitors_on, state.distributions.map((each) => each.id)], () => [
    h("h3", {}, "Visitors"),
    ...state.places.map((place) => placeCard(place, state)),
  ]);
  renew(columns.records, [state.records, state.name, state.places.map((each) => each.answer)], () => [
    h("h3", {}, `DNS: ${state.name || "no name yet"}`),
    ...recordCards(state),
  ]);
  renew(columns.entries, [state.distributions, state.endpoints, state.faults], () => [
    h("h3", {}, "Entries"),
    ...state.distributions.map((each) =>
      distributionCard(each, [...broken("cloudfront"), ...broken(`cloudfront:${each.id}`)], breakTarget),
    ),
    ...state.endpoints.map((each) => endpointCard(each, broken(`apigateway:${each.region}`), breakTarget)),
  ]);
  renew(columns.origins, [state.origins, state.faults], () => [
    h("h3", {}, "Origins"),
    ...state.origins.map((each) => originCard(each, broken(each.fault_target), breakTarget)),
  ]);
  drawLines(state);
}

/** What an entry is called: a distribution by its first alias, an endpoint by its region. */
export function entryTitle(entry, state) {
  const [kind, id] = split(entry);
  if (kind === "distribution") {
    const found = state.distributions.find((each) => each.id === id);
    return found ? `CloudFront ${found.id}` : "CloudFront, no distribution";
  }
  return kind === "endpoint" ? `API Gateway ${id}` : id;
}

function split(node) {
  const at = node.indexOf(":");
  return [node.slice(0, at), node.slice(at + 1)];
}

function placeCard(place, state) {
  const { visitor, answer } = place;
  if (!visitor) {
    return h(
      "div",
      { class: "node", id: `place-${place.place}` },
      h("div", { class: "head" }, h("strong", {}, place.title)),
      h("p", {}, answer.entry ? `DNS says ${entryTitle(answer.entry, state)}, for ${answer.ttl_seconds} s` : `DNS says ${answer.status}`),
    );
  }
  const mood = !visitor.outcome ? "" : !visitor.is_served ? "bad" : visitor.from_cache ? "cached" : "good";
  const kept = visitor.kept.entry ? entryTitle(visitor.kept.entry, state) : visitor.kept.status;
  const outcome = !visitor.outcome ? "looks" : `${visitor.outcome}${visitor.is_served ? ` in ${visitor.aws_milliseconds} ms` : ""}`;
  return h(
    "div",
    { class: `node ${mood}`, id: `place-${place.place}` },
    h("div", { class: "head" }, h("strong", {}, h("span", { class: `dot ${mood}` }), ` ${place.title}`), h("span", {}, outcome)),
    h("p", {}, `keeps ${kept}, ${visitor.kept.left_seconds} s left`),
  );
}

function recordCards(state) {
  if (!state.records.length) return [h("p", { class: "note" }, "This name has no address records.")];
  const answering = new Set(state.places.map((place) => place.answer.entry));
  const ttls = [...new Set(state.places.filter((each) => each.answer.address).map((each) => each.answer.ttl_seconds))];
  const cards = state.records
    .filter((record) => record.type === "A")
    .map((record) => {
      const health = record.is_healthy === null ? "" : record.is_healthy ? "good" : "bad";
      const words = { "": "no health check", good: "its check is healthy", bad: "its check is unhealthy" };
      const title = [record.role || record.identifier || record.policy, record.weight === null ? "" : `weight ${record.weight}`];
      return h(
        "div",
        { class: `node ${health}` },
        h("div", { class: "head" }, h("strong", {}, title.filter(Boolean).join(", "))),
        h("p", {}, `alias or address: ${record.target}`),
        h("p", {}, words[health]),
      );
    });
  const now = [...answering].filter(Boolean).map((entry) => entryTitle(entry, state));
  const negative = [...new Set(state.places.filter((each) => !each.answer.address).map((each) => each.answer.status))];
  const text = [...now, ...negative].join(" and ");
  return [
    ...cards,
    h("div", { class: `node ${negative.length ? "bad" : "good"}`, id: "dns-answer" },
      h("div", { class: "head" }, h("strong", {}, "Answer now")),
      h("p", {}, `${text}${ttls.length ? `, TTL ${ttls.join(" or ")} s` : ""}`)),
  ];
}

function counts(recent) {
  if (!recent.length) return "nothing in the last 5 s";
  return recent.map((each) => `${each.count} × ${each.outcome}${each.from_cache ? " from cache" : ""}`).join(", ");
}

function mood(recent) {
  if (!recent.length) return "";
  return recent.some((each) => !isGood(each.outcome)) ? "bad" : "good";
}

function isGood(outcome) {
  return /^[123]/.test(outcome);
}

function card(id, title, target, faults, recent, breakTarget, ...rows) {
  return h(
    "div",
    { class: `node ${mood(recent)} ${faults.length ? "broken" : ""}`, id },
    h(
      "div",
      { class: "head" },
      h("strong", {}, title),
      target &&
        h("button", { class: "small danger", type: "button", key: `break-${target}`, "aria-label": `Break ${title}`, onclick: () => breakTarget(target) }, "Break…"),
    ),
    ...rows.filter(Boolean).map((row) => h("p", {}, row)),
    h("p", {}, counts(recent)),
    ...faults.map((fault) => h("p", { class: "bad-text" }, `Broken: ${faultText(fault)}`)),
  );
}

export function faultText(fault) {
  const value = fault.value === undefined ? "" : ` ${fault.value}`;
  const share = fault.ratio === undefined ? "" : ` for ${Math.round(fault.ratio * 100)} % of the requests`;
  return `${fault.kind}${value}${share}`;
}

function distributionCard(each, faults, breakTarget) {
  const share = each.requests ? `${Math.round((100 * each.hits) / each.requests)} % of ${each.requests} requests from the cache` : "";
  const order = each.default_order.length > 1 ? `asks ${each.default_order.join(", then ")}` : "";
  return card(
    `distribution-${each.id}`,
    `CloudFront ${each.id}`,
    `cloudfront:${each.id}`,
    faults,
    each.recent,
    breakTarget,
    each.aliases.join(", ") || each.domain_name,
    each.is_enabled ? order : "disabled",
    each.unsupported,
    share,
  );
}

function endpointCard(each, faults, breakTarget) {
  return card(`endpoint-${each.region}`, `API Gateway ${each.region}`, `apigateway:${each.region}`, faults, each.recent, breakTarget, each.names.join(", "));
}

function originCard(each, faults, breakTarget) {
  const recent = each.asked_by.flatMap((asker) => asker.recent);
  const merged = [...new Set(recent.map((one) => one.outcome))].map((outcome) => ({
    outcome,
    count: recent.filter((one) => one.outcome === outcome).reduce((sum, one) => sum + one.count, 0),
  }));
  const title = each.bucket ? `S3 ${each.region}` : each.domain_name;
  return card(originId(each), title, each.fault_target, faults, merged, breakTarget, each.bucket || each.domain_name);
}

function originId(each) {
  return `origin-${each.domain_name.replaceAll(".", "-")}`;
}

/** Draws who reached whom: each visitor to what the resolver kept, each distribution to the origins that it asked. */
function drawLines(state) {
  const box = picture.getBoundingClientRect();
  const links = [...visitorLinks(state), ...originLinks(state)];
  const text = JSON.stringify(links);
  if (text === drawn.text && box.width === drawn.width && box.height === drawn.height) return;
  drawn = { text, width: box.width, height: box.height };
  lines.replaceChildren(...links.map((link) => curve(link, box)).filter(Boolean));
}

function visitorLinks(state) {
  return state.places.map((place) => {
    const entry = (place.visitor?.kept ?? place.answer).entry;
    const visitor = place.visitor;
    const mood = !visitor?.outcome ? "idle" : !visitor.is_served ? "bad" : visitor.from_cache ? "cached" : "good";
    return { from: `place-${place.place}`, to: entry.replace(":", "-"), mood };
  });
}

function originLinks(state) {
  return state.origins.flatMap((origin) =>
    origin.asked_by.map((asker) => ({
      from: asker.node.replace(":", "-"),
      to: originId(origin),
      mood: asker.recent.some((each) => !isGood(each.outcome)) ? "bad" : "good",
    })),
  );
}

function curve({ from, to, mood }, box) {
  const [start, end] = [document.getElementById(from), document.getElementById(to)];
  if (!start || !end) return null;
  const [a, b] = [start.getBoundingClientRect(), end.getBoundingClientRect()];
  const [x1, y1] = [a.right - box.left, a.top + a.height / 2 - box.top];
  const [x2, y2] = [b.left - box.left, b.top + b.height / 2 - box.top];
  const middle = (x1 + x2) / 2;
  return s("path", { class: mood, d: `M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}` });
}

window.addEventListener("resize", () => {
  drawn = {};
});
