// Region detector: asks the uncached marker object, which differs per bucket, and says who answered and how fast. The page works
// without it.
const target = document.getElementById("region");

async function show() {
  const asked = performance.now();
  const response = await fetch("/health/region.json", { cache: "no-store" });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const { region } = await response.json();
  const answered = performance.now() - asked;
  const name = document.createElement("strong");
  name.textContent = region;
  target.replaceChildren("Served from ", name);
  const [page] = performance.getEntriesByType("navigation");
  fill("first-byte", page ? milliseconds(page.responseStart) : "not measured by this browser");
  fill("answered-in", milliseconds(answered));
  fill("release", document.querySelector('meta[name="release"]').content || "not published yet");
  document.getElementById("facts").hidden = false;
}

function fill(id, text) {
  document.getElementById(id).textContent = text;
}

function milliseconds(value) {
  return `${Math.round(value)} ms`;
}

show().catch((error) => {
  target.append(` (the region could not be read: ${error.message})`);
});
