// A person does not wait for the code: what is typed and pressed from the first paint on counts.
import assert from "node:assert/strict";
import { waitUntil } from "../lib/gateway.mjs";
import { byRole, open, settle } from "./browser.mjs";
import { answered, answers, ask, messageField, questions, words } from "./chat.mjs";
import { pageTest } from "./harness.mjs";
import { password } from "./server.mjs";

const accounts = ["early-super-0001"];

// Opens a page whose code does not come before `letGo` is called.
async function openWithoutCode(page, path) {
  let letGo;
  const free = new Promise((resolve) => (letGo = resolve));
  await page.route("**/pkg/*.wasm", async (route) => {
    await free;
    await route.continue();
  });
  await page.goto(path, { waitUntil: "commit" });
  return async () => {
    letGo();
    await settle(page);
  };
}

pageTest("typed and sent on a slow line before the code is there: sent once, whole", { accounts }, async ({ page, context, sim }) => {
  const line = await context.newCDPSession(page);
  await line.send("Network.enable");
  const [downloadThroughput, uploadThroughput] = [200_000, 100_000];
  await line.send("Network.emulateNetworkConditions", { offline: false, latency: 150, downloadThroughput, uploadThroughput });
  const letGo = await openWithoutCode(page, "/");
  await messageField(page).click();
  await page.keyboard.type("Written at the first paint");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await page.keyboard.type(" and after it");
  assert.equal(await questions(page).count(), 0, "there is no code yet");
  await letGo();
  await page.waitForURL(/\?c=/);
  await answered(page);
  assert.deepEqual(await words(questions(page)).allInnerTexts(), ["Written at the first paint"]);
  assert.equal((await sim.requests("chat")).length, 1);
  assert.equal(await messageField(page).inputValue(), "and after it", "the rest is the next draft");
});

pageTest("what is typed early stays, and so does the place in it", { accounts }, async ({ page }) => {
  const letGo = await openWithoutCode(page, "/");
  await messageField(page).click();
  await page.keyboard.type("hello world");
  for (let step = 0; step < 5; step++) await page.keyboard.press("ArrowLeft");
  await letGo();
  await page.keyboard.type("big ");
  assert.equal(await messageField(page).inputValue(), "hello big world");
  await byRole(page, "button", "Send").click();
  await words(questions(page)).getByText("hello big world").waitFor();
});

pageTest("a starter and Send work before the code is there", { accounts }, async ({ page, sim }) => {
  const letGo = await openWithoutCode(page, "/");
  const send = byRole(page, "button", "Send");
  assert.equal(await send.isDisabled(), true, "nothing to send");
  await page.getByRole("button", { name: /^Explain something/ }).click();
  assert.match(await messageField(page).inputValue(), /^Explain how tides work/);
  await send.click();
  await letGo();
  await answered(page);
  assert.match(await words(questions(page)).innerText(), /^Explain how tides work/);
  assert.equal((await sim.requests("chat")).length, 1);
});

pageTest("an early question goes into the chat that the address names", { accounts }, async ({ page }) => {
  await open(page, "/");
  await ask(page, "Before");
  await answered(page);
  await page.waitForURL(/\?c=/);
  const letGo = await openWithoutCode(page, page.url());
  await messageField(page).click();
  await page.keyboard.type("Early");
  await page.keyboard.press("Enter");
  await letGo();
  await waitUntil(async () => (await answers(page).count()) === 2, "not asked");
  assert.deepEqual(await words(questions(page)).allInnerTexts(), ["Before", "Early"]);
});

pageTest("an early search is made", { accounts }, async ({ page }) => {
  const letGo = await openWithoutCode(page, "/");
  await page.getByLabel("Search chats").click();
  await page.keyboard.type("nowhere to be found");
  await letGo();
  await page.getByText("Nothing found.").waitFor();
  assert.equal(await page.getByLabel("Search chats").inputValue(), "nowhere to be found");
});

pageTest("accounts are filtered by what was typed early", { accounts: ["alpha-super-0001", "omega-super-0002"] }, async ({ page }) => {
  const letGo = await openWithoutCode(page, "/admin/accounts");
  const field = page.getByRole("searchbox");
  await field.click();
  await page.keyboard.type("nobody-has-this");
  await letGo();
  await waitUntil(async () => (await page.getByRole("row").filter({ hasText: "0001" }).count()) === 0, "not filtered");
  assert.equal(await field.inputValue(), "nobody-has-this");
});

pageTest("a password typed early signs in", { signedIn: false }, async ({ page }) => {
  const letGo = await openWithoutCode(page, "/admin/login");
  await page.getByLabel("Password", { exact: true }).click();
  await page.keyboard.type(password);
  await letGo();
  assert.equal(await page.getByLabel("Password", { exact: true }).inputValue(), password);
  await page.keyboard.press("Enter");
  await page.waitForURL("/admin/accounts");
});
