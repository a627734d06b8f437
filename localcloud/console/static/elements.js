// Building and renewing parts of the page. What does not change stays, so that nothing jumps and nobody loses the focus.

/** Returns an element. Attributes named on… are listeners; false and null leave an attribute out; `key` keeps the focus. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "key") element.dataset.key = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** Returns an SVG element. */
export function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const shown = new WeakMap();

/** Fills a container with what `make(data)` returns, if the data is new; the focused element is found again by its key. */
export function renew(container, data, make) {
  const text = JSON.stringify(data);
  if (shown.get(container) === text) return false;
  shown.set(container, text);
  const focused = container.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const open = new Set([...container.querySelectorAll("details[open]")].map((each) => each.dataset.key));
  container.replaceChildren(...[make(data)].flat());
  for (const each of container.querySelectorAll("details")) each.open ||= open.has(each.dataset.key);
  if (focused) [...container.querySelectorAll("[data-key]")].find((each) => each.dataset.key === focused)?.focus();
  return true;
}

/** Fills a select with [value, label, group] and keeps its choice; one that the user has open is left alone. */
export function options(select, choices, value) {
  const text = JSON.stringify(choices);
  if (shown.get(select) !== text) {
    shown.set(select, text);
    const before = select.value;
    const groups = new Map();
    for (const [choice, label, group] of choices) {
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(h("option", { value: choice }, label));
    }
    select.replaceChildren(
      ...[...groups].flatMap(([group, items]) => (group ? [h("optgroup", { label: group }, ...items)] : items)),
    );
    if (choices.some(([choice]) => choice === before)) select.value = before;
  }
  if (value !== undefined && document.activeElement !== select) select.value = value;
}

/** Returns a table that scrolls by itself. */
export function table(label, heads, rows) {
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": label },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((cell) => h("td", {}, cell))))),
    ),
  );
}
