// The console's modules import each other as MODULES.md beside them says, and in no circle. What is pure reads no document, no
// clock and no network.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const CONSOLE = fileURLToPath(new URL("../../agent/device/src/desk/console/", import.meta.url));
const PICTURE = fileURLToPath(new URL("../../agent/device/src/desk/console/MODULES.md", import.meta.url));

/** Lines and lines of a function, at most. */
const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 80;

const files = readdirSync(CONSOLE, { recursive: true }).filter((file) => file.endsWith(".js"));
const nameOf = (file) => file.replace(/\.js$/, "");
const source = (name) => readFileSync(join(CONSOLE, `${name}.js`), "utf8");

/** Module -> the modules it imports. */
const imports = new Map(files.map(nameOf).map((name) => [name,
  [...source(name).matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, to]) => nameOf(normalize(join(dirname(name), to))))]));

/** The picture: `a -> b c` a line, in the block `console-modules`. */
function picture() {
  const [, block] = readFileSync(PICTURE, "utf8").match(/^```console-modules\n([^]*?)^```/m) ?? [];
  assert.ok(block, "MODULES.md has no block console-modules");
  return new Map(block.trim().split("\n").map((line) => {
    const [name, to = ""] = line.split("->");
    return [name.trim(), to.trim().split(/\s+/).filter(Boolean)];
  }));
}

test("every arrow is in the picture, and the picture has no other", () => {
  const sorted = (arrows) => [...arrows].map(([name, to]) => `${name} -> ${[...to].sort().join(" ")}`.trim()).sort();
  assert.deepEqual(sorted(imports), sorted(picture()));
});

test("no module imports itself by way of others", () => {
  const done = new Set();
  const visit = (name, way) => {
    assert.ok(!way.includes(name), [...way, name].join(" -> "));
    if (done.has(name)) return;
    imports.get(name).forEach((to) => visit(to, [...way, name]));
    done.add(name);
  };
  [...imports.keys()].forEach((name) => visit(name, []));
});

test("the core imports only the core, the view only core and view", () => {
  for (const [name, to] of imports) {
    if (name.startsWith("core/")) assert.deepEqual(to.filter((one) => !one.startsWith("core/")), [], name);
    if (name.startsWith("view/")) assert.deepEqual(to.filter((one) => !/^(core|view)\//.test(one)), [], name);
  }
});

test("the core is pure: no document, clock, timer, storage, network or chance", () => {
  const impure = /(?<![.\w])(document|window|navigator|localStorage|sessionStorage|performance|fetch|EventSource|setTimeout|setInterval)\b(?=[.(])|Date\.now|new Date\(\)|Math\.random|\basync\b|\bawait\b/;
  for (const name of imports.keys()) {
    if (name.startsWith("core/")) assert.doesNotMatch(code(name), impure, name);
  }
});

test("no module but the shell has a state of its own", () => {
  for (const name of imports.keys()) {
    if (name !== "console") assert.doesNotMatch(code(name), /^(let|var)\b|^const \w+ = (new (Map|Set|WeakMap)\(|\[\];|\{\};)/m, name);
  }
});

test("files and functions stay short", () => {
  for (const name of imports.keys()) {
    const lines = source(name).split("\n");
    assert.ok(lines.length <= FILE_LINES_MAX, `${name}: ${lines.length} lines`);
    let begun = null;
    lines.forEach((line, n) => {
      if (/^(export )?(async )?function |^(export )?const \w+ = .*\{$|^  \w+\(.*\) \{$/.test(line)) begun = n;
      if (/^ {0,2}\}/.test(line) && begun !== null) {
        assert.ok(n - begun < FUNCTION_LINES_MAX, `${name}:${begun + 1}: ${n - begun + 1} lines`);
        begun = null;
      }
    });
  }
});

/** A module without its comments. */
function code(name) {
  return source(name).replaceAll(/\/\*[^]*?\*\/|(?<![:"])\/\/.*/g, "");
}
