// The chat page is as high as the window: its lists scroll, the page itself never does.
import assert from "node:assert/strict";
import { drawn, open } from "./browser.mjs";
import { answered, ask } from "./chat.mjs";
import { pageTest } from "./harness.mjs";

const accounts = ["framed-super-0001"];
const long = { kind: "text", text: Array.from({ length: 40 }, (_, at) => `Paragraph ${at}.\n\n`).join("") };
const sizes = [
  { name: "a desktop", viewport: { width: 1280, height: 800 } },
  { name: "a phone", viewport: { width: 390, height: 844 } },
];

const pageIsTooHigh = (page) =>
  page.evaluate(() => document.documentElement.scrollHeight - window.innerHeight);

for (const { name, viewport } of sizes) {
  pageTest(`a long chat does not scroll the page on ${name}`, { accounts, browser: { viewport } }, async (test) => {
    const { page, sim } = test;
    await sim.reply(long, long, long);
    await open(page, "/");
    for (const words of ["One", "Two", "Three"]) {
      await ask(page, words);
      await answered(page);
    }
    await drawn(page);
    assert.ok((await pageIsTooHigh(page)) <= 0, `${await pageIsTooHigh(page)} px below the window`);
    // Beside the list of messages.
    await page.mouse.move(40, viewport.height / 2);
    await page.mouse.wheel(0, 600);
    await drawn(page);
    assert.equal(await page.evaluate(() => window.scrollY), 0);
  });
}

pageTest("a long list of chats does not scroll the page", { accounts }, async ({ page }) => {
  await open(page, "/");
  await ask(page, "One");
  await answered(page);
  await page.waitForURL(/\?c=/);
  // Rows as the page stores them, under other ids.
  await page.evaluate(async () => {
    const result = (request) => new Promise((done) => (request.onsuccess = () => done(request.result)));
    const database = await result(indexedDB.open("grok2api-chat"));
    const table = database.transaction("summaries", "readwrite").objectStore("summaries");
    const [row] = await result(table.getAll());
    const summary = JSON.parse(row);
    for (let at = 0; at < 60; at++) await result(table.put(JSON.stringify({ ...summary, id: `copy${at}` }), `copy${at}`));
    database.close();
  });
  await open(page, "/");
  await page.getByRole("navigation", { name: "Chats" }).getByRole("link").nth(60).waitFor();
  await drawn(page);
  assert.ok((await pageIsTooHigh(page)) <= 0, `${await pageIsTooHigh(page)} px below the window`);
});
