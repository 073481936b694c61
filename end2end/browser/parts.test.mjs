// Code that comes when it is needed.
import assert from "node:assert/strict";
import { byRole, open, settle } from "./browser.mjs";
import { pageTest } from "./harness.mjs";

const parts = (page) =>
  page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .map((entry) => entry.name.match(/split_+([a-z_]+)_\d+\./)?.[1])
      .filter(Boolean),
  );

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
  const loaded = new Set(await parts(page));
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
