// Code that comes when it is needed.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { byRole, open, settle } from "./browser.mjs";
import { pageTest } from "./harness.mjs";

const files = (page) =>
  page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .map((entry) => new URL(entry.name).pathname)
      .filter((file) => /^\/pkg\/.*\.(js|wasm|bundle)$/.test(file)),
  );
// The lazy functions whose own part or bundle was loaded.
const functions = async (page) =>
  (await files(page)).map((file) => file.match(/^\/pkg\/(?:split_)?_*([a-z_]+)_\d{9,}\./)?.[1]).filter(Boolean);

pageTest("the sign-in page fetches no WebAssembly", { signedIn: false }, async ({ page }) => {
  await open(page, "/login");
  await page.waitForLoadState("networkidle");
  const fetched = await page.evaluate(() =>
    performance.getEntriesByType("resource").map((entry) => entry.name),
  );
  assert.ok(fetched.length > 0);
  assert.deepEqual(fetched.filter((name) => /\.(wasm|js)$/.test(name)), []);
});

pageTest("a page loads its own code and no other page's", {}, async ({ page }) => {
  await open(page, "/admin/login");
  await open(page, "/admin/accounts");
  const loaded = new Set(await functions(page));
  // What the page fetches once it answers may be there by now or not.
  loaded.delete("accounts_later");
  assert.deepEqual(loaded, new Set(["admin_views"]));
});

pageTest(
  "code that is gone after an update brings the page anew",
  { expected: [/load callback should succeed|ERR_FAILED|Failed to fetch|unreachable/] },
  async ({ page }) => {
    await open(page, "/admin/accounts");
    let requests = 0;
    await page.route(/\/pkg\/split___chat_view/, (route) =>
      requests++ === 0 ? route.abort() : route.continue(),
    );
    await page.evaluate(() => (window.isOldPage = true));
    await byRole(page, "link", "Chat").click();
    await page.waitForFunction(() => !window.isOldPage);
    await settle(page);
    await byRole(page, "link", "Chat").click();
    await page.getByLabel("Your message").waitFor();
    assert.equal(requests, 2);
  },
);

// Pages that fetch a part once they answer: it would only hold up the rest.
const laterParts = new Map([
  ["/", ["__chat_view", "chat_later"]],
  ["/admin/accounts", ["admin_views", "accounts_later"]],
]);

// Files that only the later part of a page needs.
function laterFiles(path) {
  if (!laterParts.has(path)) return [];
  const folder = join(process.env.LEPTOS_SITE_ROOT, "pkg");
  const name = readdirSync(folder).find((file) => /^__wasm_split_manifest.*\.json$/.test(file));
  const parts = Object.entries(JSON.parse(readFileSync(join(folder, name), "utf8")));
  const filesOf = (part) => parts.find(([function_]) => function_.startsWith(part))[1];
  const [view, later] = laterParts.get(path).map(filesOf);
  const only = later.filter((file) => !view.includes(file));
  return only.map((file) => `/pkg/${file}.wasm`);
}

pageTest("the page names the files of its own code before that code asks for them", {}, async (
  { page },
) => {
  for (const path of ["/", "/admin/accounts", "/admin/password"]) {
    const html = await (await open(page, path)).text();
    const loaded = await files(page);
    assert.ok(loaded.some((file) => file.endsWith(".bundle")), `${path}: ${loaded}`);
    const links = html.match(/<link rel="(preload|modulepreload)"[^>]*>/g);
    const named = links.map((link) => link.match(/href="([^"]*)"/)[1]);
    const later = laterFiles(path);
    assert.equal(later.length > 0, laterParts.has(path), path);
    const early = loaded.filter((file) => !later.includes(file));
    assert.deepEqual(early.filter((file) => !named.includes(file)), [], path);
    assert.equal(new Set(loaded).size, loaded.length, `${path}: nothing is loaded twice`);
  }
});

pageTest("the code of the first page comes in one file, and of later pages only what is new", {}, async ({ page }) => {
  await open(page, "/imagine");
  const first = await files(page);
  const ofKind = (files, kind) => files.filter((file) => file.endsWith(kind));
  assert.equal(ofKind(first, ".bundle").length, 1, first);
  assert.equal(ofKind(first, ".wasm").length, 1, first);
  await byRole(page, "link", "Chat").click();
  await page.getByLabel("Your message").waitFor();
  const both = await files(page);
  assert.equal(ofKind(both, ".bundle").length, 1, both);
  assert.ok(ofKind(both, ".wasm").some((file) => file.includes("chat_view")), both);
});

pageTest("what a link says about credentials is not the page's nonce", {}, async ({ page }) => {
  const html = await (await open(page, "/admin/accounts")).text();
  const said = [...html.matchAll(/crossorigin="([^"]*)"/g)].map(([, word]) => word);
  assert.deepEqual([...new Set(said)], ["anonymous"]);
});

pageTest("the sign-in page loads one font", { signedIn: false }, async ({ page }) => {
  await open(page, "/admin/login");
  await page.evaluate(() => document.fonts.ready);
  const fonts = await page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .map((entry) => new URL(entry.name).pathname)
      .filter((file) => file.startsWith("/fonts/")),
  );
  assert.deepEqual(fonts, ["/fonts/inter.woff2"]);
});

const five = ["1", "2", "3", "4", "5"].map((end) => `keeper-basic-000${end}`);
pageTest("pages and long lists come compressed", { accounts: five }, async ({ page }) => {
  const response = await open(page, "/admin/accounts");
  assert.equal(response.headers()["content-encoding"], "br");
  const { responseBodySize } = await response.request().sizes();
  const whole = (await response.body()).length;
  assert.ok(responseBodySize < whole / 2, `${responseBodySize} of ${whole} bytes`);
  const list = page.waitForResponse(/\/api\/list_accounts/);
  await page.getByLabel("Search note, tag or last 4 characters").fill("000");
  assert.equal((await list).headers()["content-encoding"], "br");
});
