// Region detector: asks the uncached marker object, which differs per bucket, and says who answered. The page works without it.
const target = document.getElementById("region");

async function show() {
  const response = await fetch("/health/region.json", { cache: "no-store" });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const { region } = await response.json();
  const name = document.createElement("strong");
  name.textContent = region;
  target.replaceChildren("Served from ", name);
}

show().catch((error) => {
  target.append(` (the region could not be read: ${error.message})`);
});
