// Says in words what each check's file answers this browser, and which release serves it. Without this script the page shows the files
// themselves.
const PATIENCE_MILLISECONDS = 5000;
const button = document.getElementById("again");

async function ask(path, settings = {}) {
  const began = performance.now();
  const response = await fetch(path, { cache: "no-store", ...settings, signal: AbortSignal.timeout(PATIENCE_MILLISECONDS) });
  if (!response.ok) throw new Error(`status ${response.status}${response.status === 404 ? ", not found here" : ""}`);
  return { response, text: await response.text(), milliseconds: Math.round(performance.now() - began) };
}

async function lookAtCheck(answer) {
  const { path, region: expected } = answer.dataset;
  try {
    const { text, milliseconds } = await ask(path);
    const { region } = JSON.parse(text);
    const isGood = !expected || expected === region;
    say(answer, isGood, isGood ? `✓ came from ${region} in ${milliseconds}\u00a0ms` : `✗ names ${region}`);
  } catch (error) {
    say(answer, false, `✗ ${inWords(error)}`);
  }
}

async function lookAtRegion() {
  fill("region-now", await ask("/health/region.json").then(({ text }) => JSON.parse(text).region, inWords));
}

async function lookAtRelease() {
  fill("release", document.querySelector('meta[name="release"]').content || "not published yet");
  const time = await ask(location.pathname, { method: "HEAD", cache: "default" }).then(
    ({ response }) => response.headers.get("last-modified"),
    () => null,
  );
  fill("published", time ? inUtc(new Date(time)) : "the server does not say");
}

function say(answer, isGood, words) {
  answer.textContent = words;
  answer.dataset.isGood = String(isGood);
}

function fill(id, text) {
  document.getElementById(id).textContent = text;
}

function inWords(error) {
  return error.name === "TimeoutError" ? `no answer within ${PATIENCE_MILLISECONDS / 1000} s` : error.message;
}

function inUtc(time) {
  return `${time.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

async function look() {
  button.disabled = true;
  fill("asked", inUtc(new Date()));
  await Promise.all([lookAtRegion(), lookAtRelease(), ...Array.from(document.querySelectorAll(".answer"), lookAtCheck)]);
  document.getElementById("facts").hidden = false;
  button.disabled = false;
}

for (const frame of document.querySelectorAll(".checks iframe")) {
  const answer = document.createElement("p");
  answer.className = "answer";
  answer.setAttribute("role", "status");
  answer.dataset.path = frame.getAttribute("src");
  if (frame.dataset.region) answer.dataset.region = frame.dataset.region;
  answer.textContent = "asking …";
  frame.replaceWith(answer);
}
button.addEventListener("click", look);
button.hidden = false;
look();
