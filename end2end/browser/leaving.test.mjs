// A page that is left while something is under way: what comes later finds nobody, and that is no harm.
import assert from "node:assert/strict";
import { waitUntil } from "../lib/gateway.mjs";
import { byRole, drawn, hold, open } from "./browser.mjs";
import { answered, ask, messageField } from "./chat.mjs";
import { pageTest, visiblePace } from "./harness.mjs";
import { draw, pictures, promptField, tiles } from "./imagine.mjs";

const accounts = ["leaver-basic-0001", "leaver-super-0002"];
const aborted = /images\/generations net::ERR_ABORTED/;

// Goes to another page by its link and proves that the code is alive there.
async function leave(page, link = "Chat", there = messageField(page)) {
  await byRole(page, "link", link).first().click();
  await there.waitFor();
}

async function isAlive(page) {
  await drawn(page);
  await byRole(page, "button", "Theme").click();
  await byRole(page, "menuitemradio", "Dark").click();
}

pageTest(
  "pictures that are being drawn are given up with their page",
  { accounts, pace: visiblePace, expected: [aborted] },
  async ({ page, site }) => {
    await open(page, "/imagine");
    await draw(page, "waves");
    await waitUntil(async () => (await tiles(page).count()) === 4, "nothing is drawn");
    await leave(page);
    await waitUntil(async () => (await site.readiness()).pool.leases === 0, "the account is still in use");
    await isAlive(page);
    await leave(page, "Imagine", promptField(page));
  },
);

pageTest("pictures that are being deleted go without their page", { accounts }, async ({ page }) => {
  await open(page, "/imagine");
  await draw(page, "a boat");
  await page.getByText("4 pictures are done.").waitFor();
  const held = await hold(page, "**/api/delete_media");
  await pictures(page).first().click({ modifiers: ["Control"] });
  await byRole(page, "button", "Delete").click();
  await byRole(page.getByRole("dialog", { name: "Delete pictures?" }), "button", "Delete").click();
  await held.asked;
  await page.keyboard.press("Escape");
  await leave(page);
  const answer = page.waitForResponse("**/api/delete_media");
  held.release();
  await answer;
  await isAlive(page);
  await leave(page, "Imagine", promptField(page));
  await waitUntil(async () => (await pictures(page).count()) === 3, "it was not deleted");
});

pageTest("accounts come back when the undo is pressed on another page", { accounts }, async ({ page, site }) => {
  await open(page, "/admin/accounts");
  await page.getByRole("checkbox").nth(1).check();
  const bar = page.getByRole("toolbar", { name: "Actions for the selected accounts" });
  await byRole(bar, "button", "Delete").click();
  await page.getByText("1 account deleted.").waitFor();
  await leave(page);
  await byRole(page, "button", "Undo").click();
  await page.getByText("1 account is back.").waitFor();
  assert.equal((await site.readiness()).pool.active, 2);
  await isAlive(page);
});

pageTest("accounts that are being switched are no harm to the next page", { accounts }, async ({ page, site }) => {
  await open(page, "/admin/accounts");
  await page.getByRole("checkbox").nth(1).check();
  const held = await hold(page, "**/api/switch_accounts");
  const bar = page.getByRole("toolbar", { name: "Actions for the selected accounts" });
  await byRole(bar, "button", "Disable").click();
  await held.asked;
  await leave(page);
  held.release();
  await page.getByText("1 account disabled.").waitFor();
  assert.equal((await site.readiness()).pool.disabled, 1);
  await isAlive(page);
});

pageTest("a chat comes back when the undo is pressed on another page", { accounts }, async ({ page, sim }) => {
  await sim.reply({ kind: "text", text: "Fine." });
  await open(page, "/");
  await ask(page, "A short one");
  await answered(page);
  const list = page.getByRole("navigation", { name: "Chats" });
  await list.getByRole("listitem").first().hover();
  await page.getByRole("button", { name: /^Actions for/ }).click();
  await byRole(page, "menuitem", "Delete").click();
  await page.getByText("Chat deleted").waitFor();
  await leave(page, "Imagine", promptField(page));
  await byRole(page, "button", "Undo").click();
  await leave(page);
  await list.getByRole("link", { name: "A short one" }).waitFor();
});

pageTest("a run over files at Grok is started without its page", { accounts }, async ({ page }) => {
  await open(page, "/admin/media");
  await byRole(page, "button", "At Grok").click();
  const held = await hold(page, "**/api/start_assets");
  await byRole(page, "button", "Count all").click();
  await held.asked;
  await leave(page);
  const answer = page.waitForResponse("**/api/start_assets");
  held.release();
  await answer;
  await isAlive(page);
});

pageTest("a video that is being asked for is made without its page", { accounts }, async ({ page }) => {
  await open(page, "/video");
  const held = await hold(page, "**/v1/public/videos");
  await page.getByLabel("What to film").fill("clouds");
  await page.keyboard.press("Enter");
  await held.asked;
  await leave(page);
  const answer = page.waitForResponse("**/v1/public/videos");
  held.release();
  await answer;
  await isAlive(page);
  await leave(page, "Video", page.getByLabel("What to film"));
  await page.getByRole("article", { name: "clouds" }).waitFor();
});

pageTest("media that are being deleted go without their page", { accounts }, async ({ page }) => {
  await open(page, "/imagine");
  await draw(page, "a boat");
  await page.getByText("4 pictures are done.").waitFor();
  await open(page, "/admin/media");
  const held = await hold(page, "**/api/delete_chosen_media");
  await byRole(page, "button", "Delete").first().click();
  const question = page.getByRole("dialog", { name: "Delete media" });
  await byRole(question, "button", "Delete 1 item").click();
  await held.asked;
  await byRole(question, "button", "Cancel").click();
  await leave(page);
  held.release();
  await page.getByText("1 item deleted.").waitFor();
  await isAlive(page);
});
