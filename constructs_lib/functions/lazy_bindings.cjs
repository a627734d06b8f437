// Preloaded into jsii's Node process by constructs_lib/bindings.py: `require("@cdktf/provider-aws")` gets the package's own
// lib/lazy-index.js (one getter per resource) instead of lib/index.js (which requires all of them: 2.3 s, 500 MB).
"use strict";
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");

process.noDeprecation = true; // cdktf 0.21 calls util.isArray on every run (DEP0044)

const resolveFilename = Module._resolveFilename;
const suffix = path.join("provider-aws", "lib", "index.js");

Module._resolveFilename = function (...args) {
  const resolved = resolveFilename.apply(this, args);
  if (typeof resolved === "string" && resolved.endsWith(suffix)) {
    const lazy = path.join(path.dirname(resolved), "lazy-index.js");
    if (fs.existsSync(lazy)) return lazy;
    process.stderr.write("provider-aws has no lib/lazy-index.js: loading the whole index (slow)\n");
  }
  return resolved;
};
