// "/docs": the reference of the API, a page without our code.
import assert from "node:assert/strict";
import { keyed } from "../lib/gateway.mjs";
import { byRole, isAccessible } from "./browser.mjs";
import { pageTest } from "./harness.mjs";

const sizes = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
];

for (const viewport of sizes) {
  pageTest(
    `the reference begins with its heading and is accessible at ${viewport.width} pixels`,
    { settings: keyed, signedIn: false, browser: { viewport }, timeout: 90_000 },
    async ({ page }) => {
      const scripts = [];
      page.on("request", (request) => request.resourceType() === "script" && scripts.push(request.url()));
      await page.goto("/docs");
      const heading = await byRole(page, "heading", "API reference").boundingBox();
      assert.ok(heading.y < viewport.height / 2, `the heading is at ${heading.y}`);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= viewport.width, `${width} pixels wide`);
      assert.deepEqual(scripts, []);
      await isAccessible(page, "/docs");
    },
  );
}

pageTest(
  "an operation is found in the contents, by the keyboard, with an example to copy",
  { settings: keyed, signedIn: false, browser: { viewport: sizes[1] } },
  async ({ page }) => {
    await page.goto("/docs");
    const contents = page.locator(".docs__contents");
    await contents.locator("summary").focus();
    await page.keyboard.press("Enter");
    await byRole(contents, "link", "Create a chat completion").click();
    const operation = page.locator("#create_chat_completion");
    assert.ok((await operation.boundingBox()).y < sizes[1].height, "it is on the screen");
    assert.match(await operation.locator("pre").first().innerText(), /curl .*\/v1\/chat\/completions/);
    const first = byRole(operation, "group", "Body").locator("tbody th").first();
    assert.match(await first.innerText(), /^(model|messages)\b/, "required fields come first");
  },
);

pageTest(
  "the frame is in the reader's language",
  { settings: keyed, signedIn: false, browser: { locale: "zh-CN" } },
  async ({ page }) => {
    await page.goto("/docs");
    await byRole(page, "heading", "API 参考").waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
  },
);
