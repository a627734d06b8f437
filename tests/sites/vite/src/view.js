export function render(path) {
  return `Lighthouse at ${path}`;
}
