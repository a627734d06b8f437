export default function (config) {
  config.addPassthroughCopy("css");
  return { dir: { output: "_site" } };
}
