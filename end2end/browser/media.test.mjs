// The operator's media page: everybody's pictures and videos, and accounts' files at Grok.
import assert from "node:assert/strict";
import { waitUntil } from "../lib/gateway.mjs";
import { byRole, hold, isAccessible, open } from "./browser.mjs";
import { pageTest } from "./harness.mjs";
import { fillGallery } from "./imagine.mjs";

const accounts = ["painter-basic-0001"];
const rows = (page) => page.getByRole("region", { name: "Media", exact: true }).locator("tbody tr");
const confirmation = (page) => page.getByRole("dialog", { name: "Delete media" });
const atGrok = (page) => page.getByRole("region", { name: "Files at Grok by account" }).locator("tbody tr");

// Pictures of a caller of the API.
async function generate(site, prompt, n = 1) {
  const answer = await fetch(`${site.url}/v1/images/generations`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ prompt, n }),
  });
  assert.equal(answer.status, 200, await answer.text());
}

// Has the account keep files at Grok.
async function upload(site, count) {
  const images = Array.from({ length: count }, (_, n) => ({
    type: "image_url",
    image_url: { url: `data:image/png;base64,${"AAAA".repeat(n + 1)}` },
  }));
  const answer = await fetch(`${site.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "grok-4", messages: [{ role: "user", content: images }] }),
  });
  assert.equal(answer.status, 200, await answer.text());
}

pageTest("media are found by their prompt, shown large and deleted after a question", { accounts }, async ({ page, site }) => {
  await generate(site, "a red fox");
  await generate(site, "a blue bird");
  await open(page, "/admin/media");
  await waitUntil(async () => (await rows(page).count()) === 2, "not listed");
  await page.getByText("2 items · ").waitFor();
  await page.getByLabel("Search prompts").fill("FOX");
  await waitUntil(async () => (await rows(page).count()) === 1, "not filtered");
  await byRole(page, "button", "a red fox").click();
  const preview = page.getByRole("dialog", { name: "Preview" });
  await waitUntil(
    () => preview.getByAltText("a red fox").evaluate((image) => image.complete && image.naturalWidth > 0),
    "the picture is broken",
  );
  await preview.getByText("API without a key").waitFor();
  await preview.getByText("…0001").waitFor();
  await byRole(preview, "button", "Delete").click();
  await byRole(confirmation(page), "button", "Delete 1 item").click();
  await page.getByText("1 item deleted.").waitFor();
  await page.getByText("Nothing matches").waitFor();
  await byRole(page, "button", "Show all").click();
  await waitUntil(async () => (await rows(page).count()) === 1, "the other one is gone");
  await rows(page).getByText("a blue bird").waitFor();
});

pageTest("rows are ticked with shift, and what a card counts is cleared", { accounts }, async ({ page, site }) => {
  await generate(site, "waves", 4);
  await open(page, "/admin/media");
  await waitUntil(async () => (await rows(page).count()) === 4, "not listed");
  // A picture that is deleted while it loads is one that is missing.
  await page.waitForLoadState("networkidle");
  await rows(page).nth(0).getByRole("checkbox").click();
  await rows(page).nth(2).getByRole("checkbox").click({ modifiers: ["Shift"] });
  const bar = page.getByRole("toolbar", { name: "Actions for the selected media" });
  await bar.getByText("3 selected").waitFor();
  await byRole(bar, "button", "Delete").click();
  await byRole(confirmation(page), "button", "Cancel").click();
  assert.equal(await rows(page).count(), 4);
  await byRole(bar, "button", "Delete").click();
  await byRole(confirmation(page), "button", "Delete 3 items").click();
  await page.getByText("3 items deleted.").waitFor();
  await waitUntil(async () => (await rows(page).count()) === 1, "they are still listed");
  await byRole(page, "button", "Clear: Images").click();
  await byRole(confirmation(page), "button", "Delete 1 item").click();
  await page.getByText("No media yet").waitFor();
});

pageTest("what a card counts changes with the list", { accounts }, async ({ page, site }) => {
  await generate(site, "waves", 4);
  await open(page, "/admin/media");
  await waitUntil(async () => (await rows(page).count()) === 4, "not listed");
  await page.waitForLoadState("networkidle");
  await rows(page).nth(0).getByRole("checkbox").click();
  const held = await hold(page, "**/api/get_media_overview");
  const bar = page.getByRole("toolbar", { name: "Actions for the selected media" });
  await byRole(bar, "button", "Delete").click();
  await byRole(confirmation(page), "button", "Delete 1 item").click();
  await held.asked;
  assert.equal(await rows(page).count(), 4, "the cards still count four");
  held.release();
  await waitUntil(async () => (await rows(page).count()) === 3, "it is still listed");
  await byRole(page, "button", "Clear: Images").click();
  await byRole(confirmation(page), "button", "Delete 3 items").waitFor();
});

pageTest("a long list comes page by page, and all that is found goes", { accounts }, async ({ page, site }) => {
  await generate(site, "waves");
  fillGallery(site.folder, 620);
  await open(page, "/admin/media");
  await page.getByText("621 items · ").waitFor();
  assert.equal(await rows(page).count(), 100);
  await byRole(page, "button", "Load more").click();
  await waitUntil(async () => (await rows(page).count()) === 200, "no more have come");
  await page.getByLabel("Search prompts").fill("waves");
  await byRole(page, "button", "Delete all found").click();
  await byRole(confirmation(page), "button", "Delete 621 items").click();
  await page.getByText("621 items deleted.").waitFor();
});

pageTest("all that is found can be deleted only when it is counted", { accounts, expected: [/503/] }, async ({ page, site }) => {
  await generate(site, "waves");
  await generate(site, "a fox", 2);
  await open(page, "/admin/media");
  const all = byRole(page, "button", "Delete all found");
  const search = page.getByLabel("Search prompts");
  await search.fill("waves");
  await all.waitFor();
  await waitUntil(() => all.isEnabled(), "it is not counted");
  const held = await hold(page, "**/api/find_media");
  await search.fill("fox");
  assert.equal(await all.isDisabled(), true, "what was found is not what is asked for");
  await held.asked;
  assert.equal(await all.isDisabled(), true, "it is still being counted");
  held.release();
  await waitUntil(() => all.isEnabled(), "it is not counted");
  await all.click();
  await byRole(confirmation(page), "button", "Delete 2 items").waitFor();
  await page.keyboard.press("Escape");
  await page.route("**/api/find_media", (route) => route.fulfill({ status: 503, json: { kind: "unavailable" } }));
  await search.fill("");
  await page.getByLabel("Account", { exact: true }).selectOption("0001");
  await page.getByRole("alert").waitFor();
  assert.equal(await all.isDisabled(), true, "nobody knows how many those are");
});

pageTest("a deletion ends with the batch under way when its question is closed", { accounts }, async ({ page, site }) => {
  await generate(site, "waves");
  fillGallery(site.folder, 620);
  await open(page, "/admin/media");
  await page.getByLabel("Search prompts").fill("waves");
  const all = byRole(page, "button", "Delete all found");
  await all.waitFor();
  await waitUntil(() => all.isEnabled(), "it is not counted");
  await all.click();
  const held = await hold(page, "**/api/delete_found_media");
  await byRole(confirmation(page), "button", "Delete 621 items").click();
  await held.asked;
  await byRole(confirmation(page), "button", "Cancel").click();
  held.release();
  await page.getByText("500 items deleted.").waitFor();
  await page.getByText("121 items · ").waitFor();
  assert.equal(held.count, 1, "the deletion went on");
});

pageTest("the bin of one row leaves the ticks of others", { accounts }, async ({ page, site }) => {
  await generate(site, "waves", 3);
  await open(page, "/admin/media");
  await waitUntil(async () => (await rows(page).count()) === 3, "not listed");
  await rows(page).nth(0).getByRole("checkbox").check();
  await byRole(rows(page).nth(2), "button", "Delete").click();
  await byRole(confirmation(page), "button", "Delete 1 item").click();
  await waitUntil(async () => (await rows(page).count()) === 2, "it is still listed");
  assert.equal(await rows(page).nth(0).getByRole("checkbox").isChecked(), true);
});

pageTest("a look at Grok's side changes nothing on this one", { accounts }, async ({ page, site }) => {
  await generate(site, "a red fox");
  await generate(site, "a blue bird");
  await open(page, "/admin/media");
  await waitUntil(async () => (await rows(page).count()) === 2, "not listed");
  await byRole(rows(page).nth(0), "button", "Delete").click();
  await byRole(confirmation(page), "button", "Delete 1 item").click();
  await waitUntil(async () => (await rows(page).count()) === 1, "it is still listed");
  await page.getByLabel("Search prompts").fill("fox");
  // What is ticked is forgotten with another filter.
  const all = byRole(page, "button", "Delete all found");
  await all.waitFor();
  await waitUntil(() => all.isEnabled(), "not filtered");
  await rows(page).getByRole("checkbox").check();
  await byRole(page, "button", "At Grok").click();
  await atGrok(page).first().waitFor();
  await byRole(page, "button", "On this server").click();
  assert.equal(await rows(page).count(), 1, "what was deleted is back");
  assert.equal(await page.getByLabel("Search prompts").inputValue(), "fox");
  assert.equal(await rows(page).getByRole("checkbox").isChecked(), true);
});

pageTest("a browser that does not copy says so", { accounts }, async ({ page, site }) => {
  await page.addInitScript(() => {
    Object.defineProperty(navigator, "clipboard", { value: undefined });
    document.execCommand = () => false;
  });
  await generate(site, "waves");
  await open(page, "/admin/media");
  await byRole(rows(page).first(), "button", "Copy").click();
  await page.getByText("The browser does not let this page copy.", { exact: false }).waitFor();
});

pageTest("who can be filtered by follows what is made", { accounts }, async ({ page, site }) => {
  await generate(site, "waves");
  await open(page, "/admin/media");
  const callers = () => page.getByLabel("Caller", { exact: true }).locator("option").allInnerTexts();
  assert.deepEqual(await callers(), ["All callers", "API without a key (1)"]);
  await page.getByLabel("Caller", { exact: true }).selectOption({ index: 1 });
  await generate(site, "waves", 2);
  await page.getByLabel("Search prompts").fill("wav");
  await waitUntil(async () => (await callers())[1] === "API without a key (3)", "the numbers are those of before");
  assert.equal(await page.getByLabel("Caller", { exact: true }).locator("option:checked").innerText(), "API without a key (3)");
});

pageTest("files at Grok are counted and cleared, with a question before", { accounts }, async ({ page, site }) => {
  await upload(site, 3);
  await open(page, "/admin/media");
  await byRole(page, "button", "At Grok").click();
  await atGrok(page).getByText("Not counted").waitFor();
  await byRole(page, "button", "Count all").click();
  await page.getByText("Counted.").waitFor();
  await atGrok(page).getByRole("cell", { name: "3", exact: true }).waitFor();
  await byRole(page, "button", "Clear the files of …0001").click();
  const question = page.getByRole("dialog", { name: "Delete files at Grok" });
  await question.getByText("Delete all files of …0001 at Grok?").waitFor();
  await byRole(question, "button", "Delete all files").click();
  await page.getByText("3 files deleted").waitFor();
  await atGrok(page).getByRole("cell", { name: "0", exact: true }).waitFor();
});

pageTest("files of chosen accounts are cleared, and others' stay", { accounts: [...accounts, "painter-basic-0002"] }, async ({ page, sim }) => {
  await open(page, "/admin/media");
  await byRole(page, "button", "At Grok").click();
  await atGrok(page).filter({ hasText: "…0002" }).getByRole("checkbox").check();
  await byRole(page, "button", "Count 1 account").click();
  await page.getByText("1 of 1 accounts").waitFor();
  assert.equal(await byRole(page, "button", "Count 1 account").count(), 0, "it is still ticked");
  await page.getByRole("checkbox", { name: "Select all on this page" }).check();
  await byRole(page, "button", "Clear 2 accounts").click();
  await page.getByText("Delete all files of 2 accounts at Grok?").waitFor();
  await page.keyboard.press("Escape");
  const counted = (await sim.requests("assets")).map(({ account }) => account);
  assert.deepEqual(new Set(counted), new Set(["painter-basic-0002"]));
});

pageTest("a run that stalls can be stopped", { accounts }, async ({ page, sim }) => {
  await sim.replyTo("assets", { kind: "hang" });
  await open(page, "/admin/media");
  await byRole(page, "button", "At Grok").click();
  await byRole(page, "button", "Count all").click();
  await page.getByText("0 of 1 accounts").waitFor();
  assert.equal(await byRole(page, "button", "Count all").isDisabled(), true);
  await byRole(page, "button", "Stop").click();
  await page.getByText("Stopped.").waitFor();
  assert.equal(await byRole(page, "button", "Count all").isEnabled(), true);
});

// Asked once: a lone account is asked again after a refusal.
const askedOnce = { GROK2API_RETRY__MAX_RETRY: "1" };
pageTest("an account that Grok refuses is named, and tried again", { accounts, settings: askedOnce }, async ({ page, sim }) => {
  await sim.replyTo("assets", { kind: "unauthorized" });
  await open(page, "/admin/media");
  await byRole(page, "button", "At Grok").click();
  await byRole(page, "button", "Count all").click();
  await page.getByText("1 account failed").waitFor();
  await page.getByText("What failed").click();
  await page.getByText("The session was refused by Grok.").waitFor();
  await byRole(page, "button", "Try these again").click();
  await page.getByText("Counted.").waitFor();
  await page.getByText("1 of 1 accounts").waitFor();
  await page.getByText("What failed").waitFor({ state: "detached" });
});

pageTest("the older product's addresses lead here, and so does the rail", { accounts }, async ({ page }) => {
  for (const path of ["/admin/cache", "/cache"]) {
    await open(page, path);
    assert.equal(new URL(page.url()).pathname, "/admin/media");
  }
  await page.getByText("No media yet").waitFor();
  await open(page, "/admin/accounts");
  await byRole(page, "link", "Media").click();
  await page.waitForURL("/admin/media");
  await page.getByText("No media yet").waitFor();
  assert.equal(await page.title(), "Media · grok2api");
});

pageTest("a list that fails says so and can be asked for again", { accounts, expected: [/503/] }, async ({ page, site }) => {
  await generate(site, "waves");
  await open(page, "/admin/media");
  await page.route("**/api/find_media", (route) => route.fulfill({ status: 503, json: { kind: "unavailable" } }), { times: 1 });
  await page.getByLabel("Search prompts").fill("wave");
  const alert = page.getByRole("alert");
  await byRole(alert, "button", "Try again").click();
  await alert.waitFor({ state: "detached" });
  assert.equal(await rows(page).count(), 1, "the list before stays");
});

for (const [name, browser] of [
  ["wide", {}],
  ["on a phone", { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }],
]) {
  pageTest(`the media page is accessible, ${name}`, { accounts, browser }, async ({ page, site }) => {
    await open(page, "/admin/media");
    await isAccessible(page, "empty");
    await generate(site, "a red fox in the snow at dawn");
    await open(page, "/admin/media");
    await rows(page).getByRole("checkbox").check();
    await isAccessible(page, "full");
    const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(width <= 0, `the page is ${width} px too wide`);
    await byRole(page, "button", "a red fox in the snow at dawn").click();
    await isAccessible(page, "preview");
    await page.keyboard.press("Escape");
    await byRole(page, "button", "At Grok").click();
    await byRole(page, "button", "Count all").click();
    await page.getByText("Counted.").waitFor();
    await isAccessible(page, "at Grok");
  });
}
