// Asking the console's server. It answers JSON; a refusal is a message for the user.

export async function ask(method, path, document) {
  const response = await fetch(`/api/${path}`, {
    method,
    headers: document === undefined ? {} : { "Content-Type": "application/json" },
    body: document === undefined ? undefined : JSON.stringify(document),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer;
}

const problem = document.getElementById("problem");

/** Shows a problem until the next thing works; an empty one hides it. */
export function tell(message) {
  problem.hidden = !message;
  if (problem.textContent !== message) problem.textContent = message;
}

/** Does something the user asked for, and says so when it fails. */
export async function attempt(work) {
  try {
    await work();
    tell("");
  } catch (error) {
    tell(error.message);
  }
}
