// Tests that prove something about a client: what they found becomes a section of docs/clients.md.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

// The version of an installed package. Most packages do not export their package.json.
function versionOf(name) {
  for (const folder of ["node_modules", process.env.NODE_PATH ?? ""]) {
    const file = join(folder, name, "package.json");
    if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")).version;
  }
  throw new Error(`${name} is not installed`);
}

// `test` for `client` (its heading in the document), whose packages are `names`.
export function testsOf(client, ...names) {
  const versions = Object.fromEntries(names.map((name) => [name, versionOf(name)]));
  const record = (what, works) => {
    const file = process.env.GROK2API_RECORD;
    if (file) appendFileSync(file, `${JSON.stringify({ client, versions, what, works })}\n`);
  };
  return (what, run) =>
    test(what, async (context) => {
      let works = false;
      try {
        await run(context);
        works = true;
      } finally {
        record(what, works);
      }
    });
}
